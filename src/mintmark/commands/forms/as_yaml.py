"""YAML 1.2, of it what JSON can say as well (YAML 1.2.2 §10.2, the core schema): no tags, no merging, no bombs.

Read from the parser's events, which come one by one: what is too deep or too much is refused before it is made.
"""

import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

from mintmark.commands.forms.spots import DEEPEST, TOO_DEEP, Spot, Unreadable, line_and_column

MOST_ALIASED = 100_000  # values that aliases may stand for together
STR = "tag:yaml.org,2002:str"

_NULLS = ("", "~", "null", "Null", "NULL")
_TRUE, _FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_FIRST = frozenset(("", *"~nNtTfF0123456789+-."))  # of whatever is no text


def parse(text: str) -> Any:  # Any: what JSON may be
    reading = _Reading(text)
    try:
        return reading.document()
    except yaml.MarkedYAMLError as error:
        raise _malformed(text, error) from None
    except yaml.YAMLError as error:  # a character that YAML does not know
        place = getattr(error, "position", None)
        where = line_and_column(text, place) if isinstance(place, int) and place >= 0 else (None, None)
        raise Unreadable("this is no YAML: it holds a character that is not allowed", *where) from None


def spots(text: str) -> Spot:
    events = _events(text)
    for event in events:
        if isinstance(event, yaml.NodeEvent):
            return _spot(event, events, event)
    return Spot(1, 1)


def is_text(plain: str) -> bool:
    """Whether it is read as text although no quotes stand around it."""
    return plain[:1] not in _FIRST or not (
        plain in (*_NULLS, *_TRUE, *_FALSE)
        or any(form.fullmatch(plain) for form in (_INTEGER, _FLOAT, _NOT_FINITE))
    )  # fmt: skip


def _events(text: str) -> Iterator[Any]:  # Any: PyYAML carries no types
    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    return yaml.parse(text, Loader=loader)  # type: ignore[no-any-return]


def _malformed(text: str, error: Any) -> Unreadable:
    mark = error.problem_mark or error.context_mark
    problem = error.problem or error.context or "it cannot be understood"
    if mark is None:
        return Unreadable(f"this is no YAML: {problem}")
    cut = "; the file ends in the middle of it" if mark.line >= text.rstrip().count("\n") + 1 else ""
    return Unreadable(f"this is no YAML: {problem}{cut}", mark.line + 1, mark.column + 1)


class _Reading:
    def __init__(self, text: str) -> None:
        self._events = _events(text)
        self._anchored: dict[str, tuple[Any, int]] = {}  # value, and how many values it is
        self._open: set[str] = set()  # anchors whose value is not whole yet
        self._made = 0
        self._aliased = 0

    def document(self) -> Any:
        found, documents = None, 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _refused(event, "a second document begins; an apply file is one")
            elif isinstance(event, yaml.NodeEvent):
                found = self._value(event, 0)
        return found

    def _value(self, event: Any, depth: int) -> Any:
        if depth > DEEPEST:
            raise _refused(event, TOO_DEEP)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        _must_have_no_tag(event)
        before, anchor = self._made, event.anchor
        self._made += 1
        if anchor is not None:
            self._open.add(anchor)
        value: Any  # JSON
        if isinstance(event, yaml.ScalarEvent):
            value = _scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = [self._value(one, depth + 1) for one in self._until(yaml.SequenceEndEvent)]
        else:
            value = self._mapping(depth)
        if anchor is not None:
            self._open.discard(anchor)
            self._anchored[anchor] = value, self._made - before
        return value

    def _until(self, end: type) -> Iterator[Any]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield event

    def _mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key in self._until(yaml.MappingEndEvent):
            name = self._name(key, depth)
            if name in found:
                raise _refused(key, f"{name!r} stands twice in one object: which of the two is meant?")
            found[name] = self._value(next(self._events), depth + 1)
        return found

    def _name(self, event: Any, depth: int) -> str:
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and event.value == "<<":
            raise _refused(event, "<< is not merged here: write the members out")
        name = self._value(event, depth + 1)
        if not isinstance(name, str):
            raise _refused(event, "a member's name must be text: write it in quotes")
        return name

    def _alias(self, event: Any) -> Any:
        if event.anchor in self._open:
            raise _refused(event, f"*{event.anchor} stands within itself")
        if event.anchor not in self._anchored:
            raise _refused(event, f"*{event.anchor} refers to no &{event.anchor} above it")
        value, count = self._anchored[event.anchor]
        self._aliased += count
        self._made += count
        if self._aliased > MOST_ALIASED:
            raise _refused(event, f"aliases stand for more than {MOST_ALIASED} values: write them out")
        return value


def _must_have_no_tag(event: Any) -> None:
    if event.tag in (None, "!") or (event.tag == STR and isinstance(event, yaml.ScalarEvent)):
        return
    tag = event.tag.replace("tag:yaml.org,2002:", "!!")
    raise _refused(event, f"the tag {tag[:80]} is not known here: values are text, numbers, true, false and null")


def _scalar(event: Any) -> str | int | float | bool | None:
    text: str = event.value
    if not event.implicit[0] or event.tag is not None or is_text(text):
        return text
    if text in _NULLS:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text):
        return _integer(event, text)
    number = math.inf if _NOT_FINITE.fullmatch(text) else float(text)
    if math.isinf(number):
        raise _refused(event, f"{text[:40]} is no number that means anything here")
    return number


def _integer(event: Any, text: str) -> int:
    if len(text) > 1000:
        raise _refused(event, "a number has more digits than anybody could mean")
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


def _refused(event: Any, message: str) -> Unreadable:
    return Unreadable(message, event.start_mark.line + 1, event.start_mark.column + 1)


def _spot(event: Any, events: Iterator[Any], begins: Any) -> Spot:
    """begins: the event that people look at for it: of a member its name."""
    parts: list[tuple[str | int, Spot]] = []
    if isinstance(event, yaml.SequenceStartEvent):
        for one in iter(lambda: next(events), None):
            if isinstance(one, yaml.SequenceEndEvent):
                break
            parts.append((len(parts), _spot(one, events, one)))
    elif isinstance(event, yaml.MappingStartEvent):
        for key in iter(lambda: next(events), None):
            if isinstance(key, yaml.MappingEndEvent):
                break
            name = key.value if isinstance(key, yaml.ScalarEvent) else ""
            parts.append((name, _spot(next(events), events, key)))
    return Spot(begins.start_mark.line + 1, begins.start_mark.column + 1, lambda: iter(parts))
