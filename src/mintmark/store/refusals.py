"""What was refused, and why: for operators, for some days, and never more than so many rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, literal, or_, select

from mintmark.store import listing, schema
from mintmark.store.changes import Change, Insert, Run
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.times import at, ms

_TABLE = schema.refusals
_COLUMNS = (
    _TABLE.c.id, _TABLE.c.at, _TABLE.c.door, _TABLE.c.error, _TABLE.c.failed_check, _TABLE.c.description,
    _TABLE.c.expected, _TABLE.c.got, _TABLE.c.client_id, _TABLE.c.address,
)  # fmt: skip
_FILTERS = (_TABLE.c.client_id, _TABLE.c.door, _TABLE.c.error)  # the first has an index of its own
BATCH = 500  # rows in one change set
MOST_BATCHES = 200
LATEST = 1 << 62  # ms: later than any

_FIND = Read(select(*_COLUMNS).where(_TABLE.c.id == bindparam("id")))
_NEWEST_TOO_MANY = Read(select(_TABLE.c.at).order_by(_TABLE.c.at.desc()).offset(bindparam("most")).limit(1))
_OLD = select(_TABLE.c.id).where(_TABLE.c.at <= bindparam("last")).order_by(_TABLE.c.at).limit(BATCH)
_SOME_OLD = Read(_OLD)
_FORGET = delete(_TABLE).where(_TABLE.c.id.in_(_OLD.with_for_update(skip_locked=True)))


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal as operators are told of it; nothing in it is secret."""

    id: str  # the request's: the trace id of the answer
    at: datetime
    door: str
    error: str  # the code on the wire
    check: str
    description: str  # what the answer said
    expected: str
    got: str  # "": nothing
    client_id: str | None  # as the request claims; None: it names none, or what may be a secret
    address: str | None


def add(one: Refused) -> Change:
    return Insert(
        _TABLE,
        {
            "id": one.id,
            "at": ms(one.at),
            "door": one.door,
            "error": one.error,
            "failed_check": one.check,
            "description": one.description,
            "expected": one.expected,
            "got": one.got,
            "client_id": one.client_id,
            "address": one.address,
        },
    )


async def find(store: Executor, id: str) -> Refused | None:
    rows = await store.fetch(_FIND, id=id)
    return _refused(rows[0]) if rows else None


def _page(*wanted: bool) -> Read:
    where: list[ColumnElement[bool]] = [_TABLE.c.at >= bindparam("since"), _TABLE.c.at <= bindparam("before")]
    where.append(or_(_TABLE.c.at < bindparam("before"), _TABLE.c.id < bindparam("after")))
    named = [column for column, is_wanted in zip(_FILTERS, wanted, strict=True) if is_wanted]
    for column in named:
        leads = column is _TABLE.c.client_id
        compared: ColumnElement[Any] = column if leads else literal("").concat(column)
        where.append(compared == bindparam(column.name))
    newest_first = select(*_COLUMNS).where(*where).order_by(_TABLE.c.at.desc(), _TABLE.c.id.desc())
    return Read(newest_first.limit(bindparam("limit")))


_PAGES: Mapping[tuple[bool, ...], Read] = MappingProxyType(
    {wanted: _page(*wanted) for wanted in product((False, True), repeat=len(_FILTERS))}
)


async def page(
    store: Executor,
    *,
    limit: int,
    since: datetime | None = None,
    after: tuple[int, str] | None = None,
    client_id: str | None = None,
    door: str | None = None,
    error: str | None = None,
) -> list[Refused]:
    """Newest first. after: `place` of the last of the page before; None: from the newest."""
    before, last_id = after or (LATEST, listing.START)
    rows = await store.fetch(
        _PAGES[client_id is not None, door is not None, error is not None],
        since=0 if since is None else ms(since),
        before=before,
        after=last_id,
        limit=limit,
        client_id=client_id,
        door=door,
        error=error,
    )
    return [_refused(row) for row in rows]


def place(one: Refused) -> tuple[int, str]:
    """Ids are random, so a place in the list is a time and an id."""
    return ms(one.at), one.id


async def forget(store: Executor, before: datetime, most: int) -> int:
    """Deletes what is older, and the oldest of more than `most`; answers how many went.

    May run on several nodes at once: they pass over what the other is deleting.
    """
    too_many = await store.fetch(_NEWEST_TOO_MANY, most=most)
    last = max([ms(before) - 1, *(row[0] for row in too_many)])
    gone = 0
    for _ in range(MOST_BATCHES):
        found = len(await store.fetch(_SOME_OLD, last=last))
        if found:
            await store.commit([Run(_FORGET, {"last": last})])
        gone += found
        if found < BATCH:
            break
    return gone


def _refused(row: Row) -> Refused:
    id, moment, *rest = row
    return Refused(id, at(moment), *rest)
