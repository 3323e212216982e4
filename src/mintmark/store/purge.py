"""Deletes what nobody will ask for again: a few hundred rows at a time, so that no writer ever waits for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Delete, Select, Table, bindparam, delete, select

from mintmark.store import schema
from mintmark.store.changes import Run
from mintmark.store.executor import Executor, Read
from mintmark.store.times import ms

BATCH = 500  # rows in one change set
MOST = 200  # change sets for one table in one call: the rest is left to the next

# How long a row stands after it has expired. An hour: a clock that is behind, a code or token that is tried again and
# whose reuse must still be seen. A week: what an operator looks up after somebody has complained.
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
KEPT = (
    (schema.requests, timedelta(0)),
    (schema.throttles, timedelta(0)),
    (schema.idempotency, timedelta(0)),
    (schema.assertions, timedelta(0)),
    (schema.challenges, timedelta(0)),
    (schema.sign_ins, timedelta(0)),
    (schema.trusted_browsers, timedelta(0)),
    (schema.codes, HOUR),
    (schema.links, HOUR),
    (schema.refresh_tokens, HOUR),
    (schema.access_tokens, HOUR),
    (schema.revoked_tokens, HOUR),
    (schema.authorizations, WEEK),
    (schema.sessions, WEEK),
)


@dataclass(frozen=True, slots=True)
class Expired:
    """The rows of one table that expired before `before`, and how they are deleted."""

    kept: timedelta
    read: Read
    delete: Delete


async def purge(executor: Executor, now: datetime) -> int:
    """Answers how many rows went. May run on several nodes at once: they pass over what the other is deleting."""
    return sum([await _purge(executor, expired, ms(now - expired.kept)) for expired in EXPIRED])


async def _purge(executor: Executor, expired: Expired, before: int) -> int:
    gone = 0
    for _ in range(MOST):
        found = len(await executor.fetch(expired.read, before=before))
        if found:
            await executor.commit([Run(expired.delete, {"before": before})])
        gone += found
        if found < BATCH:
            break
    return gone


def _oldest(table: Table) -> Select[*tuple[Any, ...]]:
    (key,) = table.primary_key.columns
    return select(key).where(table.c.expires_at < bindparam("before")).order_by(table.c.expires_at).limit(BATCH)


def _delete(table: Table) -> Delete:
    (key,) = table.primary_key.columns
    # SQLite has one writer and knows no FOR UPDATE: its compiler leaves it out.
    return delete(table).where(key.in_(_oldest(table).with_for_update(skip_locked=True)))


EXPIRED = tuple(Expired(kept, Read(_oldest(table)), _delete(table)) for table, kept in KEPT)
