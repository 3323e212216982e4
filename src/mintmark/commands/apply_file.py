"""The apply file as it is written: values from elsewhere put in, and what stands where (contract)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from mintmark import nearest
from mintmark.commands import forms
from mintmark.commands.forms import as_toml
from mintmark.commands.forms.spots import DEEPEST, TOO_DEEP
from mintmark.commands.opening import Refused

SECTIONS = ("resources", "clients", "users", "policy", "groups", "claim_rules", "factors")
SCHEMA = "$schema"  # for editors; it says nothing to the server

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
    groups: Mapping[str, Entry] = field(default_factory=dict)
    claim_rules: tuple[Entry, ...] = ()
    factors: tuple[Entry, ...] = ()
    sections: frozenset[str] = frozenset()  # those that the file has, though they may be empty


@dataclass(slots=True)
class _Reading:
    environment: FromEnvironment
    file: FromFile
    refusals: list[str] = field(default_factory=list)


def read(text: str, environment: FromEnvironment, file: FromFile, form: forms.Form = forms.FORMS["json"]) -> ApplyFile:
    """Raises Refused with everything that is wrong with its form; Unreadable where it is no such text at all."""
    reading = _Reading(environment, file)
    document = _put_in(form.parse(text), "", reading, 0)
    if not isinstance(document, Mapping):
        raise Refused(f"the apply file must be an object of {', '.join(SECTIONS)}")
    for name in document:
        if name not in (*SECTIONS, SCHEMA):
            reading.refusals.append(f"{name} is no part of an apply file{nearest.hint(name, SECTIONS)}")
    found = ApplyFile(
        resources=tuple(_entries("resources", document, reading)),
        clients=tuple(_entries("clients", document, reading)),
        users=tuple(_entries("users", document, reading)),
        policy=_policy(document.get("policy"), reading),
        groups=dict(_groups(document.get("groups"), reading)),
        claim_rules=tuple(_entries("claim_rules", document, reading)),
        factors=tuple(_entries("factors", document, reading)),
        sections=frozenset(name for name in SECTIONS if document.get(name) is not None),
    )
    if reading.refusals:
        raise Refused(*reading.refusals)
    return found


def _put_in(value: Any, path: str, reading: _Reading | None, depth: int) -> Any:  # Any: JSON
    """Every `{"env": …}` and `{"file": …}` replaced by what it names; `{"literal": …}` by what it holds, as it is.

    reading: None, within a literal.
    """
    if depth > DEEPEST:
        raise Refused(f"{path[:80]}: {TOO_DEEP}")
    match value:
        case dict():
            if reading is not None and len(value) == 1:
                [(name, member)] = value.items()
                if name == "literal":
                    return _put_in(member, path, None, depth + 1)
                if name == "env" and isinstance(member, str):
                    return _looked_up(reading.environment, member, f"the environment variable {member}", path, reading)
                if name == "file" and isinstance(member, str):
                    return _looked_up(reading.file, member, f"the file {member}", path, reading)
            return {
                name: _put_in(member, f"{path}.{name}" if path else name, reading, depth + 1)
                for name, member in value.items()
            }
        case list():
            return [_put_in(item, f"{path}[{number}]", reading, depth + 1) for number, item in enumerate(value)]
        case date() | time():
            return as_toml.written(value)
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


def _groups(value: object, reading: _Reading) -> Iterable[tuple[str, Entry]]:
    if value is None:
        return
    if not isinstance(value, dict):
        reading.refusals.append('groups must be an object of group names, such as {"staff": {"policy": {}}}')
        return
    for name, item in value.items():
        if item is None or isinstance(item, dict):
            yield name, Entry(f"groups.{name}", {"policy": None} if item is None else item)
        else:
            reading.refusals.append(f"groups.{name} must be an object")
