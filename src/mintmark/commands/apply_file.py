"""The apply file as it is written: strict JSON, values from elsewhere put in, and what stands where (contract)."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mintmark import nearest
from mintmark.commands.opening import Refused

SECTIONS = ("resources", "clients", "users", "policy")
DEEPEST = 50  # levels; nothing that means anything is half as deep

# What `{"env": …}` and `{"file": …}` answer; LookupError or OSError where there is none.
FromEnvironment = Callable[[str], str]
FromFile = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Entry:
    path: str  # clients[1]
    members: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ApplyFile:
    """Absent sections are empty: what they would speak of is left alone."""

    resources: tuple[Entry, ...] = ()
    clients: tuple[Entry, ...] = ()
    users: tuple[Entry, ...] = ()
    policy: Entry | None = None


@dataclass(slots=True)
class _Reading:
    environment: FromEnvironment
    file: FromFile
    refusals: list[str] = field(default_factory=list)


def read(text: str, environment: FromEnvironment, file: FromFile) -> ApplyFile:
    """Raises Refused with everything that is wrong with its form."""
    reading = _Reading(environment, file)
    document = _put_in(_parsed(text), "", reading, 0)
    if not isinstance(document, Mapping):
        raise Refused("the apply file must be a JSON object of resources, clients, users and policy")
    for name in document:
        if name not in SECTIONS:
            reading.refusals.append(f"{name} is no part of an apply file{nearest.hint(name, SECTIONS)}")
    found = ApplyFile(
        resources=tuple(_entries("resources", document, reading)),
        clients=tuple(_entries("clients", document, reading)),
        users=tuple(_entries("users", document, reading)),
        policy=_policy(document.get("policy"), reading),
    )
    if reading.refusals:
        raise Refused(*reading.refusals)
    return found


def _parsed(text: str) -> Any:  # Any: JSON
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise Refused(f"line {error.lineno}, column {error.colno}: {error.msg}: this is no JSON") from None
    except RecursionError:
        raise Refused("the apply file is nested too deeply") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Refused(f"{twice!r} stands twice in one object: which of the two is meant?")
    return found


def _no_number(word: str) -> float:
    raise Refused(f"{word} is no JSON number")


def _put_in(value: Any, path: str, reading: _Reading, depth: int) -> Any:  # Any: JSON
    """Every `{"env": …}` and `{"file": …}` replaced by what it names."""
    if depth > DEEPEST:
        raise Refused(f"{path[:80]}… is nested too deeply")
    match value:
        case {"env": str(name), **rest} if not rest:
            return _looked_up(reading.environment, name, f"the environment variable {name}", path, reading)
        case {"file": str(name), **rest} if not rest:
            return _looked_up(reading.file, name, f"the file {name}", path, reading)
        case dict():
            return {
                name: _put_in(member, f"{path}.{name}" if path else name, reading, depth + 1)
                for name, member in value.items()
            }
        case list():
            return [_put_in(item, f"{path}[{number}]", reading, depth + 1) for number, item in enumerate(value)]
    return value


def _looked_up(find: Callable[[str], str], name: str, words: str, path: str, reading: _Reading) -> str:
    try:
        text = find(name)
    except (LookupError, OSError, ValueError) as error:
        why = "is not set" if isinstance(error, LookupError) else "cannot be read as UTF-8 text"
        reading.refusals.append(f"{path} names {words}, which {why}")
        return "?"
    for end in ("\r\n", "\n"):
        if text.endswith(end):
            return text.removesuffix(end)
    return text


def _entries(section: str, document: Mapping[str, object], reading: _Reading) -> Iterable[Entry]:
    value = document.get(section)
    if value is None:
        return
    if not isinstance(value, list):
        reading.refusals.append(f"{section} must be a list")
        return
    for number, item in enumerate(value):
        if isinstance(item, dict):
            yield Entry(f"{section}[{number}]", item)
        else:
            reading.refusals.append(f"{section}[{number}] must be an object")


def _policy(value: object, reading: _Reading) -> Entry | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        reading.refusals.append("policy must be an object")
        return None
    return Entry("policy", value)
