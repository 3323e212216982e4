"""How an operator makes claims of what is known of a person and a client, without code (OIDC Core §5.1.2).

A rule names its claim, where it is told, and for which scopes, resources and clients; an expression gives the value.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from mintmark.expressions import Expression, Failed, Kind, Language, NotKnown, readable
from mintmark.protocol import claims
from mintmark.protocol.authorization import Holder
from mintmark.protocol.client import Client

PLACES = ("id_token", "userinfo", "access_token")
USUAL_PLACES = ("id_token", "userinfo")
# All that rules may add, in bytes of JSON: tokens travel in headers, which servers cut at 8 KB or so.
ROOM: Mapping[str, int] = MappingProxyType({"id_token": 4096, "userinfo": 65_536, "access_token": 2048})

_FLAGS = ("email_verified", "phone_number_verified")
ABOUT_A_PERSON = tuple(
    name for name in claims.STANDARD if name not in ("preferred_username", "updated_at", "groups", *_FLAGS)
)

_IN_DOCUMENT = frozenset(f"user.{name}" for name in (*ABOUT_A_PERSON, "phone_number_verified") if name != "email")

# What expressions may speak of.
NAMES: Mapping[str, Kind] = MappingProxyType(
    {
        "user.id": "text",
        "user.username": "text",
        "user.groups": "texts",
        "user.claims": "object",
        **{f"user.{name}": "anything" for name in ABOUT_A_PERSON},
        **{f"user.{name}": "flag" for name in _FLAGS},
        "client.client_id": "text",
        "client.client_name": "text",
        "client.metadata": "object",
        "scope": "texts",
        "audience": "texts",
    }
)


@dataclass(frozen=True, slots=True)
class ClaimRule:
    name: str
    claim: str
    expression: Expression = field(compare=False)
    places: tuple[str, ...] = USUAL_PLACES
    scopes: tuple[str, ...] = ()  # any of them was granted; empty: whatever was
    resources: tuple[str, ...] = ()  # the access token is for one of them; empty: for whatever
    clients: tuple[str, ...] = ()  # empty: every client

    def applies(self, asking: "Asking", place: str) -> bool:
        return (
            place in self.places
            and (not self.scopes or not set(self.scopes).isdisjoint(asking.scope))
            and (not self.resources or not set(self.resources).isdisjoint(asking.audience))
            and (not self.clients or asking.client.id in self.clients)
        )


class Asking(NamedTuple):
    """Who is to be told, of whom, and of what."""

    client: Client
    holder: Holder | None  # None: the client acts for itself, and nothing of a person is known
    scope: Collection[str]
    audience: Collection[str]


class Made(NamedTuple):
    claims: dict[str, Any]  # Any: JSON
    by: dict[str, str]  # claim -> the rule that gave it
    failed: list[tuple[str, str]]  # rule, and why it gave none


def language() -> Language:
    return Language(NAMES)


def make(rules: Iterable[ClaimRule], place: str, asking: Asking) -> Made:
    """What the rules add, in the order of their names; the first that gives a value of a claim gives it.

    A rule that fails leaves its claim out, and so does one whose value is null, or speaks of something not known.
    """
    found = Made({}, {}, [])
    chosen = [rule for rule in rules if rule.applies(asking, place)]
    if not chosen:
        return found
    known = facts(asking, frozenset().union(*(rule.expression.names for rule in chosen)))
    left = ROOM[place]
    for rule in chosen:
        if rule.claim in found.claims:
            continue
        try:
            value = rule.expression.value(known)
        except NotKnown:
            continue
        except Failed as failure:
            found.failed.append((rule.name, str(failure)))
            continue
        size = len(orjson.dumps(value)) + len(rule.claim)
        if size > left:
            found.failed.append((rule.name, f"there is no room for it: {ROOM[place]} bytes for all that rules add"))
        elif value is not None:
            left -= size
            found.claims[rule.claim] = value
            found.by[rule.claim] = rule.name
    return found


def facts(asking: Asking, wanted: Collection[str] = tuple(NAMES)) -> dict[str, Any]:
    """What an expression can see, by the names in `NAMES`; of a client that acts for itself nothing of a person.

    wanted: the names that are spoken of.
    """
    client, holder = asking.client, asking.holder
    known: dict[str, Any] = {
        "client.client_id": client.id,
        "client.client_name": client.name,
        "client.metadata": client.document,
        "scope": list(asking.scope),
        "audience": list(asking.audience),
    }
    if holder is not None:
        known |= _standard(holder, wanted)
        known |= {
            "user.id": holder.id,
            "user.username": holder.username,
            "user.groups": list(holder.groups),
            "user.claims": json.loads(holder.custom_claims) if "user.claims" in wanted else None,
            "user.email": holder.email,
            "user.email_verified": holder.email is not None and holder.email_verified,
        }
    return {name: readable(known[name]) for name in wanted if name in known}


def _standard(holder: Holder, wanted: Collection[str]) -> dict[str, Any]:
    """What the document of a person says, which is opened only where somebody speaks of it."""
    if _IN_DOCUMENT.isdisjoint(wanted):
        return {}
    standard = json.loads(holder.claims)
    known = {f"user.{name}": standard.get(name) for name in ABOUT_A_PERSON}
    return known | {"user.phone_number_verified": standard.get("phone_number_verified") is True}
