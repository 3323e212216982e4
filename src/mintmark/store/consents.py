"""What people allowed clients before, so that they are not asked again."""

from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import bindparam, delete, select

from mintmark.store import schema
from mintmark.store.changes import Change, Insert, Run, Update, Values
from mintmark.store.executor import Executor, Read
from mintmark.store.times import ms

_TABLE = schema.consents
_FIND = Read(
    select(_TABLE.c.scope, _TABLE.c.resources).where(
        _TABLE.c.person_id == bindparam("person_id"), _TABLE.c.client_id == bindparam("client_id")
    )
)
_FORGET = delete(_TABLE).where(
    _TABLE.c.person_id == bindparam("key_person"), _TABLE.c.client_id == bindparam("key_client")
)


@dataclass(frozen=True, slots=True)
class Consent:
    """The scopes allowed, and the resources that they were allowed for."""

    scope: tuple[str, ...]
    resources: tuple[str, ...]


_FORGET_PERSON = delete(_TABLE).where(_TABLE.c.person_id == bindparam("key_person"))
_FORGET_CLIENT = delete(_TABLE).where(_TABLE.c.client_id == bindparam("key_client"))


async def find(store: Executor, person_id: str, client_id: str) -> Consent | None:
    """None: never asked."""
    rows = await store.fetch(_FIND, person_id=person_id, client_id=client_id)
    return Consent(tuple(rows[0][0].split()), tuple(orjson.loads(rows[0][1]))) if rows else None


def remember(person_id: str, client_id: str, before: Consent | None, allowed: Consent, now: datetime) -> Change:
    """Adds to what was allowed before; Conflict where that changed meanwhile."""
    known = before or Consent((), ())
    scope = " ".join(dict.fromkeys((*known.scope, *allowed.scope)))
    resources = orjson.dumps(list(dict.fromkeys((*known.resources, *allowed.resources)))).decode()
    values: Values = {"scope": scope, "resources": resources, "updated_at": ms(now)}
    if before is None:
        return Insert(_TABLE, {"person_id": person_id, "client_id": client_id, **values})
    guard: Values = {"person_id": person_id, "client_id": client_id, "scope": " ".join(before.scope)}
    return Update(_TABLE, guard, values)


def forget(person_id: str, client_id: str) -> Change:
    return Run(_FORGET, {"key_person": person_id, "key_client": client_id})


def forget_person(person_id: str) -> Change:
    """All that somebody allowed, when they are deleted."""
    return Run(_FORGET_PERSON, {"key_person": person_id})


def forget_client(client_id: str) -> Change:
    """All that was allowed to a client, when it is deleted: another one may get its name."""
    return Run(_FORGET_CLIENT, {"key_client": client_id})
