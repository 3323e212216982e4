"""What people allowed clients before, so that they are not asked again."""

from datetime import datetime

from sqlalchemy import bindparam, delete, select

from mintmark.store import schema
from mintmark.store.changes import Change, Insert, Run, Update, Values
from mintmark.store.executor import Executor, Read
from mintmark.store.times import ms

_TABLE = schema.consents
_FIND = Read(
    select(_TABLE.c.scope).where(
        _TABLE.c.person_id == bindparam("person_id"), _TABLE.c.client_id == bindparam("client_id")
    )
)
_FORGET = delete(_TABLE).where(
    _TABLE.c.person_id == bindparam("key_person"), _TABLE.c.client_id == bindparam("key_client")
)


async def find(store: Executor, person_id: str, client_id: str) -> tuple[str, ...] | None:
    """The scopes allowed; None: never asked."""
    rows = await store.fetch(_FIND, person_id=person_id, client_id=client_id)
    return tuple(rows[0][0].split()) if rows else None


def remember(
    person_id: str, client_id: str, before: tuple[str, ...] | None, allowed: tuple[str, ...], now: datetime
) -> Change:
    """Adds to what was allowed before; Conflict where that changed meanwhile."""
    scope = " ".join(dict.fromkeys((*(before or ()), *allowed)))
    key: Values = {"person_id": person_id, "client_id": client_id}
    if before is None:
        return Insert(_TABLE, {**key, "scope": scope, "resources": "[]", "updated_at": ms(now)})
    return Update(_TABLE, {**key, "scope": " ".join(before)}, {"scope": scope, "updated_at": ms(now)})


def forget(person_id: str, client_id: str) -> Change:
    return Run(_FORGET, {"key_person": person_id, "key_client": client_id})
