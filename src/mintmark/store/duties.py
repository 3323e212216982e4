"""Upkeep that one node does at a time: whose turn it is, until when, and what came of it the last time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from mintmark.store import schema
from mintmark.store.changes import Change, Insert, Update, Values
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.times import at, ms

_TABLE = schema.duties
_COLUMNS = (
    _TABLE.c.name, _TABLE.c.holder, _TABLE.c.taken_until, _TABLE.c.began_at, _TABLE.c.ended_at, _TABLE.c.outcome,
)  # fmt: skip
_FIND = Read(select(*_COLUMNS).where(_TABLE.c.name == bindparam("name")))
_ALL = Read(select(*_COLUMNS).where(_TABLE.c.name > "").order_by(_TABLE.c.name))


@dataclass(frozen=True, slots=True)
class Turn:
    """Who does a duty. The guard of every change: the row must stand as it was read."""

    name: str
    holder: str
    taken_until: datetime
    began_at: datetime
    ended_at: datetime | None
    outcome: str | None  # None: it was never done, or not to its end


async def find(store: Executor, name: str) -> Turn | None:
    rows = await store.fetch(_FIND, name=name)
    return _turn(rows[0]) if rows else None


async def all(store: Executor) -> list[Turn]:
    return [_turn(row) for row in await store.fetch(_ALL)]


def _turn(row: Row) -> Turn:
    name, holder, taken_until, began, ended, outcome = row
    return Turn(name, holder, at(taken_until), at(began), at(ended), outcome)


def take(before: Turn | None, turn: Turn) -> Change:
    """Conflict where another node took it since `before` was read."""
    values: Values = {
        "holder": turn.holder, "taken_until": ms(turn.taken_until), "began_at": ms(turn.began_at),
        "ended_at": ms(turn.ended_at), "outcome": turn.outcome,
    }  # fmt: skip
    if before is None:
        return Insert(_TABLE, {"name": turn.name, **values})
    guard: Values = {"name": before.name, "holder": before.holder, "taken_until": ms(before.taken_until)}
    return Update(_TABLE, guard, values)
