"""What the metrics tell of rows that all nodes share: read when somebody scrapes, and cheap however many there are."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, select

from mintmark.store import schema
from mintmark.store.executor import Executor, Read
from mintmark.store.times import at, ms

MOST = 10_000  # rows that wait, of which those are counted that are due
_WAITING = (
    select(schema.outbox.c.due_at)
    .where(schema.outbox.c.id > "", schema.outbox.c.due_at.is_not(None))
    .order_by(schema.outbox.c.id)
    .limit(MOST)
    .subquery()
)
_OUTBOX = Read(
    select(func.count(), func.min(_WAITING.c.due_at)).select_from(_WAITING).where(_WAITING.c.due_at <= bindparam("now"))
)
# By the primary key: there are a handful.
_DUTIES = Read(
    select(schema.duties.c.name, schema.duties.c.ended_at, schema.duties.c.outcome).where(schema.duties.c.name > "")
)


class Due(NamedTuple):
    number: int
    since: datetime | None  # the oldest; None: nothing is due


class Duty(NamedTuple):
    name: str
    ended_at: datetime | None  # None: its first run goes on
    outcome: str | None


async def outbox(store: Executor, now: datetime) -> Due:
    number, since = (await store.fetch(_OUTBOX, now=ms(now)))[0]
    return Due(number, at(since))


async def duties(store: Executor) -> list[Duty]:
    return [Duty(name, at(ended), outcome) for name, ended, outcome in await store.fetch(_DUTIES)]
