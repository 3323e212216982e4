"""TOML 1.0 as Python reads it; dates and times are the text that they are written as."""

import math
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from mintmark.commands.forms.spots import TOO_DEEP, Lines, Spot, Unreadable, line_and_column

_AT = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRINGS = (
    re.compile(r'"""(?:[^\\]|\\.)*?"""(?:"{1,2}(?!"))?', re.DOTALL),
    re.compile(r"'''.*?'''(?:'{1,2}(?!'))?", re.DOTALL),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)
_PLAIN = re.compile(r"[^,\]}#\n]*")  # a number, a word, a date


def parse(text: str) -> Any:  # Any: tables, lists and scalars
    try:
        return tomllib.loads(text, parse_float=_float)
    except tomllib.TOMLDecodeError as error:
        raise _malformed(text, str(error)) from None
    except RecursionError:
        raise Unreadable(TOO_DEEP) from None
    except ValueError as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("a number has more digits than anybody could mean, or a date is none") from None


def written(moment: date | time) -> str:
    """A date or time as the text that a policy takes."""
    match moment:
        case datetime():
            return moment.isoformat()
        case time():
            return moment.isoformat("auto" if moment.second or moment.microsecond else "minutes")
    return moment.isoformat()


def _float(digits: str) -> float:
    found = float(digits)
    if math.isinf(found) or math.isnan(found):
        raise Unreadable(f"{digits[:40]} is no number that means anything here")
    return found


def _malformed(text: str, message: str) -> Unreadable:
    found = _AT.fullmatch(message)
    if found is None:
        return Unreadable(f"this is no TOML: {message}")
    at_end = found[2] is None
    line, column = line_and_column(text, len(text)) if at_end else (int(found[2]), int(found[3]))
    if found[1].startswith("Cannot "):
        return Unreadable(f"{found[1]}: does something stand twice?", line, column)
    cut = "; the file ends in the middle of it" if at_end else ""
    return Unreadable(f"this is no TOML: {found[1]}{cut}", line, column)


def spots(text: str) -> Spot:
    """A small scan: the text is known to be TOML, so that it need not be judged again."""
    return _Scan(text).whole().spot()


@dataclass(slots=True)
class _Found:
    """What stands somewhere, as it comes together: a table may be written in several places."""

    line: int = 1
    column: int = 1
    parts: dict[str | int, "_Found"] = field(default_factory=dict)

    def spot(self) -> Spot:
        return Spot(self.line, self.column, lambda: ((name, part.spot()) for name, part in self.parts.items()))

    def last(self) -> "_Found":
        """Of an array of tables the one that is being written; anything else is itself."""
        number = len(self.parts) - 1
        return self.parts[number].last() if number >= 0 and number in self.parts else self


class _Scan:
    def __init__(self, text: str) -> None:
        self._text, self._lines, self._place = text, Lines(text), 0

    def whole(self) -> _Found:
        root = table = _Found()
        self._skip(_BLANK)
        while self._place < len(self._text):
            if self._text.startswith("[", self._place):
                table = self._header(root)
            else:
                self._member(table)
            self._skip(_BLANK)
        return root

    def _header(self, root: _Found) -> _Found:
        begins, is_array = self._place, self._text.startswith("[[", self._place)
        self._place += 2 if is_array else 1
        *above, name = self._key()
        table = root
        for step in above:
            table = self._named(table, step, begins).last()
        self._place += 2 if is_array else 1
        found = self._named(table, name, begins)
        if is_array:
            found.parts[len(found.parts)] = found = self._new(begins)
        return found

    def _member(self, table: _Found) -> None:
        begins = self._place
        *above, name = self._key()
        for step in above:
            table = self._named(table, step, begins)
        self._place += 1  # the equals sign
        self._skip(_SPACE)
        table.parts[name] = found = self._new(begins)
        self._value(found)

    def _value(self, found: _Found) -> None:
        match self._text[self._place : self._place + 1]:
            case '"' | "'":
                self._string()
            case "[":
                self._listed("]", lambda: self._item(found))
            case "{":
                self._listed("}", lambda: self._member(found))
            case _:
                self._skip(_PLAIN)

    def _item(self, found: _Found) -> None:
        found.parts[len(found.parts)] = item = self._new(self._place)
        self._value(item)

    def _listed(self, end: str, one: Callable[[], None]) -> None:
        self._place += 1
        self._skip(_BLANK)
        while not self._text.startswith(end, self._place):
            one()
            self._skip(_BLANK)
            if self._text.startswith(",", self._place):
                self._place += 1
                self._skip(_BLANK)
        self._place += 1

    def _key(self) -> list[str]:
        """Up to the bracket or the equals sign behind it."""
        names = []
        while True:
            self._skip(_SPACE)
            begins = self._place
            if self._text[begins] in "\"'":
                self._string()
                quoted = self._text[begins : self._place]
                names.append(next(iter(tomllib.loads(f"{quoted} = 1"))))
            else:
                self._skip(_BARE)
                names.append(self._text[begins : self._place])
            self._skip(_SPACE)
            if not self._text.startswith(".", self._place):
                return names
            self._place += 1

    def _string(self) -> None:
        for form in _STRINGS:
            found = form.match(self._text, self._place)
            if found is not None:
                self._place = found.end()
                return
        raise AssertionError("a text that was parsed has no other strings")

    def _named(self, table: _Found, name: str, begins: int) -> _Found:
        return table.parts.setdefault(name, self._new(begins))

    def _new(self, begins: int) -> _Found:
        return _Found(*self._lines.of(begins))

    def _skip(self, form: re.Pattern[str]) -> None:
        found = form.match(self._text, self._place)
        self._place = self._place if found is None else found.end()
