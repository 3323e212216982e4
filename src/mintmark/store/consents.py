"""What people allowed clients before, so that they are not asked again."""

from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import bindparam, delete, select

from mintmark.protocol import consent
from mintmark.protocol.consent import Allowed
from mintmark.store import schema
from mintmark.store.changes import Change, Insert, Run, Update, Values
from mintmark.store.executor import Executor, Read
from mintmark.store.times import at, ms

_TABLE = schema.consents
COLUMNS = (_TABLE.c.scope, _TABLE.c.resources, _TABLE.c.allowed)
_FIND = Read(
    select(*COLUMNS).where(_TABLE.c.person_id == bindparam("person_id"), _TABLE.c.client_id == bindparam("client_id"))
)
_OF_PERSON = Read(
    select(_TABLE.c.client_id, _TABLE.c.updated_at, *COLUMNS)
    .where(_TABLE.c.person_id == bindparam("person_id"))
    .order_by(_TABLE.c.client_id)
    .limit(bindparam("most"))
)
_FORGET = delete(_TABLE).where(
    _TABLE.c.person_id == bindparam("key_person"), _TABLE.c.client_id == bindparam("key_client")
)
_FORGET_PERSON = delete(_TABLE).where(_TABLE.c.person_id == bindparam("key_person"))
_FORGET_CLIENT = delete(_TABLE).where(_TABLE.c.client_id == bindparam("key_client"))


@dataclass(frozen=True, slots=True)
class Consent:
    """What is kept of one; a version of before wrote the two lists alone, and goes on reading them."""

    scope: str
    resources: str
    allowed: str | None  # JSON

    def by_resource(self, issuer: str) -> Allowed:
        if self.allowed is None:
            return consent.of_before(issuer, self.scope.split(), orjson.loads(self.resources))
        return {place: tuple(words) for place, words in orjson.loads(self.allowed).items()}


async def find(store: Executor, person_id: str, client_id: str) -> Consent | None:
    """None: never asked."""
    rows = await store.fetch(_FIND, person_id=person_id, client_id=client_id)
    return Consent(*rows[0]) if rows else None


async def of_person(store: Executor, person_id: str, most: int) -> list[tuple[str, datetime, Consent]]:
    """Client, when it was given or changed, and what; in the order of clients."""
    rows = await store.fetch(_OF_PERSON, person_id=person_id, most=most)
    return [(client_id, at(updated), Consent(*kept)) for client_id, updated, *kept in rows]


def remember(person_id: str, client_id: str, before: Consent | None, allowed: Allowed, now: datetime) -> Change:
    """In place of what was allowed before; Conflict where that changed meanwhile. allowed: not empty."""
    values: Values = {
        "scope": " ".join(dict.fromkeys(word for words in allowed.values() for word in words)),
        "resources": orjson.dumps(list(allowed)).decode(),
        "allowed": orjson.dumps(allowed).decode(),
        "updated_at": ms(now),
    }
    if before is None:
        return Insert(_TABLE, {"person_id": person_id, "client_id": client_id, **values})
    guard: Values = {
        "person_id": person_id, "client_id": client_id, "scope": before.scope, "resources": before.resources,
        "allowed": before.allowed,
    }  # fmt: skip
    return Update(_TABLE, guard, values)


def forget(person_id: str, client_id: str) -> Change:
    return Run(_FORGET, {"key_person": person_id, "key_client": client_id})


def forget_person(person_id: str) -> Change:
    """All that somebody allowed, when they are deleted."""
    return Run(_FORGET_PERSON, {"key_person": person_id})


def forget_client(client_id: str) -> Change:
    """All that was allowed to a client, when it is deleted: another one may get its name."""
    return Run(_FORGET_CLIENT, {"key_client": client_id})
