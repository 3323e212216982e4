"""Changing a part of something: merge patches (RFC 7396) of what was read, never of what somebody changed meanwhile."""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Annotated, Any, TypeVar

from fastapi import Header

from mintmark.admin.problems import BadMembers, MatchMissing, Unmatched
from mintmark.protocol.client_metadata import MetadataRefused
from mintmark.protocol.person_record import RecordRefused
from mintmark.protocol.policy import PolicyRefused

T = TypeVar("T")
MOST_ERRORS = 20
FLAT = ("policy", "address", "claims")  # objects whose members are told apart
REFUSALS = (MetadataRefused, RecordRefused, PolicyRefused)
IfMatch = Annotated[str | None, Header(description="The ETag of what is to be changed, as it was read.")]


def etag(document: Mapping[str, object]) -> str:
    """Of what is shown: whoever knows it knows what they change."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return f'"{urlsafe_b64encode(sha256(text.encode()).digest()[:18]).decode()}"'


def must_match(given: str | None, document: Mapping[str, object], *, wanted: bool = True) -> None:
    """RFC 9110 §13.1.1. wanted: it may not be left out. Raises MatchMissing, Unmatched."""
    if given is None:
        if not wanted:
            return
        raise MatchMissing("If-Match must be the ETag of what is to be changed: GET it first", check="if-match")
    known = etag(document)
    if given.strip() != "*" and known not in (one.strip() for one in given.split(",")):
        raise Unmatched("it was changed since it was read: GET it again", check="if-match")


def merge(document: Mapping[str, object], patch: Mapping[str, object]) -> dict[str, object]:
    """A null takes the member away (RFC 7396 §2)."""
    merged = dict(document)
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, Mapping):
            before = merged.get(name)
            merged[name] = merge(before if isinstance(before, Mapping) else {}, value)
        else:
            merged[name] = value
    return merged


def take_unchanged(body: dict[str, Any], shown: Mapping[str, object], names: Sequence[str]) -> None:
    """What the server keeps may be sent back as it was shown, and is refused otherwise."""
    wrong = [name for name in names if name in body and body[name] != shown.get(name)]
    if wrong:
        raise BadMembers(*((name, "is kept by the server itself") for name in wrong), check="members")
    for name in names:
        body.pop(name, None)


def readable(read: Callable[[dict[str, Any]], T], document: Mapping[str, Any]) -> T:
    """What the rules make of it. Raises BadMembers, which names every member that they refuse, not only the first."""
    left, errors = dict(document), list[tuple[str, str]]()
    while True:
        try:
            found = read(left)
        except REFUSALS as refusal:
            name = re.split(r"[.\[]", refusal.path, maxsplit=1)[0]
            if errors and name not in left:
                break  # it is missed because it was refused
            errors.append((refusal.path, refusal.message))
            if name not in left or len(errors) == MOST_ERRORS:
                break
            del left[name]
        else:
            if not errors:
                return found
            break
    raise BadMembers(*errors, check="members")


def changed(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """The names of the members that differ, never their values."""
    old, new = _flat(before), _flat(after)
    return " ".join(name for name in dict.fromkeys([*new, *old]) if old.get(name) != new.get(name))


def _flat(document: Mapping[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in document.items():
        if name in FLAT and isinstance(value, Mapping):
            found |= {f"{name}.{member}": inner for member, inner in value.items()}
        elif value not in (None, "", [], {}):
            found[name] = value
    return found
