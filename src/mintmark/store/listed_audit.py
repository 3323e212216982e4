"""The audit trail as an operator reads it, by person, client, actor, event, address, outcome and time."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, FromClause, bindparam, func, literal, literal_column, select

from mintmark.protocol import ids
from mintmark.store import given, listing, schema
from mintmark.store.changes import Value
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.given import Ids
from mintmark.store.times import EPOCH, at

_TABLE, _SIDE = schema.audit, schema.audit_personal
_COLUMNS = (
    _TABLE.c.id, _TABLE.c.at, _TABLE.c.event, _TABLE.c.outcome, _TABLE.c.request_id, _TABLE.c.client_id,
    _TABLE.c.person_id, _TABLE.c.session_id, _TABLE.c.authorization_id, _TABLE.c.actor,
    func.coalesce(_TABLE.c.address, _SIDE.c.address).label("address"), _TABLE.c.count, _TABLE.c.seal, _TABLE.c.detail,
)  # fmt: skip
_NAMES = tuple(column.name for column in _COLUMNS)
# The narrowest first: the first that is asked for leads, by its index, and the others only leave out.
_LEADING = ("address", "person_id", "actor", "client_id", "event", "outcome")
# What leads by an index, or a table, of the sealed only: rows that wait for their seal are asked for beside.
_SEALED = frozenset({"address", "person_id", "client_id", "event"})
STEP = 5_000  # rows that are looked through at once: some milliseconds
_REFUSED_FIRST = ("address", "person_id", "actor", "outcome", "client_id", "event")  # of those there are few
_REFUSED: ColumnElement[str] = literal_column("'refused'")  # as the index on refused ones has it

Shape = tuple[tuple[str, ...], bool, bool]  # the columns that are named, the one that leads first; `_page` has the rest


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows; None: any."""

    person_id: str | None = None
    client_id: str | None = None
    actor: str | None = None
    event: str | None = None
    address: str | None = None
    outcome: str | None = None
    since: datetime | None = None  # from this instant on
    until: datetime | None = None  # before this one

    def named(self) -> dict[str, str]:
        """The columns that must be so."""
        return {name: value for name in _LEADING if (value := getattr(self, name)) is not None}

    def document(self) -> dict[str, str]:
        """All that is stated, in words."""
        stated = {name: value for name, value in asdict(self).items() if value is not None}
        return {name: value if isinstance(value, str) else value.isoformat() for name, value in stated.items()}

    def fits(self, columns: Mapping[str, object], moment: datetime) -> bool:
        """Whether a row that was found otherwise is one of these."""
        if (self.since is not None and moment < self.since) or (self.until is not None and moment >= self.until):
            return False
        return all(columns[name] == value for name, value in self.named().items())


@dataclass(frozen=True, slots=True)
class Entry:
    id: str
    at: datetime
    event: str
    outcome: str
    request_id: str | None
    client_id: str | None
    person_id: str | None
    session_id: str | None
    authorization_id: str | None
    actor: str | None
    address: str | None
    count: int  # how many equal observations it stands for
    seal: int | None  # None: not sealed yet
    detail: Mapping[str, Any]  # Any: the event's own fields


async def page(
    store: Executor, wanted: Wanted, *, limit: int, after: str | None = None, oldest_first: bool = False
) -> list[Entry]:
    """Newest first, unless said otherwise. after: the id behind which the page begins."""
    named = wanted.named()
    only_refused = wanted.outcome == "refused"
    shape = (tuple(sorted(named, key=(_REFUSED_FIRST if only_refused else _LEADING).index)), only_refused, oldest_first)
    first = "" if wanted.since is None else _lowest(wanted.since)
    before = listing.START if wanted.until is None else _lowest(wanted.until)
    if after is not None and oldest_first:
        first = max(first, f"{after}!")  # behind the id itself, and before any other
    elif after is not None:
        before = min(before, after)
    if not _SEALED.intersection(shape[0][:1]):
        return [_entry(row) for row in await _in_steps(store, shape, named, first, before, limit)]
    waiting = await store.fetch(_page(*shape, unsealed=True), **named, first=first, before=before, limit=limit)
    rows = await _in_steps(store, shape, named, first, before, limit)
    # the seal of a row that waited may have come meanwhile
    found = {row[0]: row for row in [*waiting, *rows]}
    return [_entry(found[id]) for id in sorted(found, reverse=not oldest_first)[:limit]]


async def _in_steps(
    store: Executor, shape: Shape, named: Mapping[str, str], first: str, before: str, limit: int
) -> list[Row]:
    """Where a filter only leaves out, what leads may be a million rows and the page empty: nobody shall wait for it."""
    leaves_out = "address" not in named and (len(named) > 1 or named.get("outcome") == "done")
    rows: list[Row] = []
    while True:
        bounds: dict[str, Value] = {"first": first, "before": before}
        end = await store.fetch(_end(*shape), **named, **bounds, skipped=STEP) if leaves_out else []
        if end:
            bounds["before" if shape[2] else "first"] = end[0][0]
        rows += await store.fetch(_page(*shape), **named, **bounds, limit=limit - len(rows))
        if not end or len(rows) >= limit:
            return rows
        first, before = (end[0][0], before) if shape[2] else (first, end[0][0])


async def some(store: Executor, ids: Sequence[str]) -> list[Entry]:
    """By id, oldest first."""
    return [_entry(row) for row in await store.fetch(_SOME[store.dialect], ids=given.written(ids))]


async def anyone_like(store: Executor, person_id: str) -> bool:
    """Whether the trail knows that person: somebody who was deleted still stands in it."""
    return bool(await page(store, Wanted(person_id=person_id), limit=1))


def _some(ids: Ids) -> Read:
    named = ids.rows.join(_TABLE, ids.is_(_TABLE.c.id)).outerjoin(_SIDE, _SIDE.c.id == _TABLE.c.id)
    return Read(select(*_COLUMNS).select_from(named).order_by(_TABLE.c.id))


_SOME = given.each(_some)


@cache
def _end(named: tuple[str, ...], only_refused: bool, oldest_first: bool) -> Read:
    """Where a step ends: an id so many rows on, among those that lead."""
    where: list[ColumnElement[bool]] = [_TABLE.c.id >= bindparam("first"), _TABLE.c.id < bindparam("before")]
    lead = named[0]
    if lead != "outcome":
        where.append(_TABLE.c[lead] == bindparam(lead))
        where += [_TABLE.c.seal.is_not(None)] if lead in _SEALED else []
    elif only_refused:
        where.append(_TABLE.c.outcome == _REFUSED)
    order = _TABLE.c.id if oldest_first else _TABLE.c.id.desc()
    return Read(select(_TABLE.c.id).where(*where).order_by(order).limit(1).offset(bindparam("skipped")))


@cache
def _page(named: tuple[str, ...], only_refused: bool, oldest_first: bool, unsealed: bool = False) -> Read:
    lead = named[0] if named else None
    by_side = lead == "address" and not unsealed
    key: ColumnElement[Any] = _SIDE.c.id if by_side else _TABLE.c.id
    if unsealed:  # of these there are few: neither bounds nor order may tempt anybody to read the whole table
        key = literal("").concat(key)
    where = [key >= bindparam("first"), key < bindparam("before")]
    for name in named:
        if name == "outcome" and only_refused and name == lead:
            where.append(_TABLE.c.outcome == _REFUSED)
        elif name == "address":
            where.append((_SIDE if by_side else _TABLE).c.address == bindparam("address"))
        else:
            column: ColumnElement[Any] = _TABLE.c[name]
            is_lead = name == lead and name != "outcome"
            where.append((column if is_lead else literal("").concat(column)) == bindparam(name))
    if unsealed:
        where += [_TABLE.c.seal.is_(None), _TABLE.c.at >= 0]
    elif lead in _SEALED:
        where.append(_TABLE.c.seal.is_not(None))
    beside: FromClause = _SIDE.join(_TABLE, _TABLE.c.id == _SIDE.c.id)
    source = beside if by_side else _TABLE.outerjoin(_SIDE, _SIDE.c.id == _TABLE.c.id)
    order = key if oldest_first else key.desc()
    return Read(select(*_COLUMNS).select_from(source).where(*where).order_by(order).limit(bindparam("limit")))


def _lowest(moment: datetime) -> str:
    """The id of this instant that sorts before all others of it."""
    return ids.uuid7(max(moment, EPOCH), bytes(10))


def _entry(row: Row) -> Entry:
    id, moment, *named, detail = row
    return Entry(id=id, at=at(moment), detail=json.loads(detail), **dict(zip(_NAMES[2:-1], named, strict=True)))
