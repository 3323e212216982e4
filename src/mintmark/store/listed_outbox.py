"""The outbox as an operator reads it: newest first, by receiver and by state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from sqlalchemy import ColumnElement, bindparam, select

from mintmark.store import listing, schema
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.times import at

_TABLE = schema.outbox
_COLUMNS = (
    _TABLE.c.id, _TABLE.c.kind, _TABLE.c.receiver, _TABLE.c.subject, _TABLE.c.payload, _TABLE.c.attempts,
    _TABLE.c.last_error, _TABLE.c.created_at, _TABLE.c.due_at, _TABLE.c.taken_until, _TABLE.c.done_at,
    _TABLE.c.given_up_at,
)  # fmt: skip
State = Literal["waiting", "done", "given_up"]
_STATES: Mapping[State, ColumnElement[bool]] = MappingProxyType(
    {
        "waiting": _TABLE.c.due_at.is_not(None),
        "done": _TABLE.c.done_at.is_not(None),
        "given_up": _TABLE.c.given_up_at.is_not(None),
    }
)


@dataclass(frozen=True, slots=True)
class Listed:
    id: str
    kind: str
    receiver: str
    subject: str
    payload: str
    attempts: int
    last_error: str | None
    created_at: datetime
    due_at: datetime | None  # None: nothing is to be done any more
    taken_until: datetime | None  # a node is sending it
    done_at: datetime | None
    given_up_at: datetime | None

    @property
    def state(self) -> State:
        if self.due_at is not None:
            return "waiting"
        return "given_up" if self.done_at is None else "done"


def _page(receiver: bool, state: State | None) -> Read:
    where: list[ColumnElement[bool]] = []
    if receiver:
        where.append(_TABLE.c.receiver == bindparam("receiver"))
    if state is not None:
        where.append(_STATES[state])
    return listing.paged(_COLUMNS, _TABLE, _TABLE.c.id, *where)


_PAGES: Mapping[tuple[bool, State | None], Read] = MappingProxyType(
    {(receiver, state): _page(receiver, state) for receiver in (False, True) for state in (None, *_STATES)}
)
_FIND = Read(select(*_COLUMNS).where(_TABLE.c.id == bindparam("id")))


async def page(
    store: Executor, *, after: str | None, limit: int, receiver: str | None = None, state: State | None = None
) -> list[Listed]:
    """Newest first, behind `after`."""
    rows = await store.fetch(
        _PAGES[receiver is not None, state], after=after or listing.START, limit=limit, receiver=receiver
    )
    return [_listed(row) for row in rows]


async def find(store: Executor, id: str) -> Listed | None:
    rows = await store.fetch(_FIND, id=id)
    return _listed(rows[0]) if rows else None


def _listed(row: Row) -> Listed:
    id, kind, receiver, subject, payload, attempts, error, created, *moments = row
    due, taken, done, given_up = map(at, moments)
    return Listed(id, kind, receiver, subject, payload, attempts, error, at(created), due, taken, done, given_up)
