"""People who asked to be deleted, and may think again until their day comes."""

from datetime import datetime

from sqlalchemy import bindparam, select

from mintmark.store import schema
from mintmark.store.changes import Change, Require, Update
from mintmark.store.executor import Executor, Read
from mintmark.store.times import at, ms

_TABLE = schema.people
_DUE = Read(
    select(_TABLE.c.id, _TABLE.c.delete_after)
    .where(_TABLE.c.delete_after <= bindparam("now"))
    .order_by(_TABLE.c.delete_after)
    .limit(bindparam("limit"))
)


async def due(store: Executor, now: datetime, limit: int) -> list[tuple[str, datetime]]:
    """Whose day has come, by their id; the longest overdue first."""
    return [(id, at(after)) for id, after in await store.fetch(_DUE, now=ms(now), limit=limit)]


def ask(id: str, delete_after: datetime, now: datetime) -> Change:
    """Conflict where they asked before."""
    return Update(_TABLE, {"id": id, "delete_after": None}, {"delete_after": ms(delete_after), "updated_at": ms(now)})


def keep(id: str, delete_after: datetime, now: datetime) -> Change:
    """They stay. Conflict where that was said before, or they are gone."""
    return Update(_TABLE, {"id": id, "delete_after": ms(delete_after)}, {"delete_after": None, "updated_at": ms(now)})


def stands(id: str, delete_after: datetime) -> Require:
    """The guard: they still want to go. Of two nodes that delete, and of a person who thinks again, one is first."""
    return Require(_TABLE, {"id": id, "delete_after": ms(delete_after)})
