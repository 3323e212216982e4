"""A new epoch: whatever was issued before it is over, for the database was put back to an earlier moment.

People, their factors, clients and consents stay. What only its own instant tells the age of (codes, refresh and access
tokens, sessions) falls under the watermark; what is under way or remembered for a repetition is deleted.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select, update

from mintmark.store import schema
from mintmark.store.changes import Change, Run
from mintmark.store.connect import Unmigrated
from mintmark.store.executor import Executor, Read
from mintmark.store.times import ms

_TABLE, _OUTBOX = schema.configuration, schema.outbox
_STATE = Read(
    select(_TABLE.c.version, _TABLE.c.ended_before, _TABLE.c.epoch, _TABLE.c.copied_at).where(_TABLE.c.id == 1)
)
_INSTANTS = (
    schema.sessions.c.created_at, schema.authorizations.c.created_at, schema.codes.c.created_at,
    schema.refresh_tokens.c.created_at, schema.access_tokens.c.created_at, schema.audit.c.at,
)  # fmt: skip
_NEWEST = Read(select(*(select(func.max(column)).scalar_subquery() for column in _INSTANTS)))
_BEGIN = (
    update(_TABLE)
    .where(_TABLE.c.id == 1, _TABLE.c.version == bindparam("seen"), _TABLE.c.epoch == bindparam("before"))
    .values(
        version=bindparam("next"),
        ended_before=bindparam("until"),
        epoch=_TABLE.c.epoch + 1,
        restored_at=bindparam("now"),
        copied_at=None,
    )
)
_GIVE_UP = (
    update(_OUTBOX)
    .where(_OUTBOX.c.done_at.is_(None), _OUTBOX.c.given_up_at.is_(None))
    .values(given_up_at=bindparam("now"), due_at=None, taken_until=None, last_error="a backup was restored")
)
_RELEASE = update(schema.duties).values(taken_until=0)
GONE = (schema.requests, schema.codes, schema.idempotency)


@dataclass(frozen=True, slots=True)
class Epoch:
    number: int
    ended_before: int  # ms
    version: int  # of the configuration, as it was read
    newest: int  # ms: when the newest thing in the database was issued


async def next_one(store: Executor, now: datetime) -> Epoch:
    """The watermark is no earlier than anything that the database has: the clock of before may have been ahead."""
    version, ended_before, epoch, _ = (await store.fetch(_STATE))[0]
    newest = max(instant or 0 for instant in (await store.fetch(_NEWEST))[0])
    return Epoch(epoch + 1, max(ms(now), newest, ended_before), version, newest)


def begin(epoch: Epoch, now: datetime) -> list[Change]:
    """Conflict where something was configured since it was read, or another epoch has begun."""
    # Nodes may still remember a version of before: no count of changes reaches the milliseconds of the clock.
    version = max(epoch.version + 1, ms(now))
    beginning = {
        "seen": epoch.version, "before": epoch.number - 1, "next": version, "until": epoch.ended_before, "now": ms(now),
    }  # fmt: skip
    return [
        Run(_BEGIN, beginning, rows=1),
        *(Run(delete(table), {}) for table in GONE),
        Run(_RELEASE, {}),
        Run(_GIVE_UP, {"now": ms(now)}),
    ]


async def require_begun(store: Executor) -> None:
    """Raises Unmigrated for a backup that was only copied into place: its tokens would live again."""
    _, _, _, copied_at = (await store.fetch(_STATE))[0]
    if copied_at is not None:
        reason = "the database is a backup that was copied, and whatever has ended since would live again"
        raise Unmigrated(reason, "mintmark restore --mark")
