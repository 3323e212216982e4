"""The audit trail as an operator reads it: newest first, by person, client, event and time."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, bindparam, literal

from mintmark.protocol import ids
from mintmark.store import listing, schema
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.times import at

_TABLE = schema.audit
_COLUMNS = (
    _TABLE.c.id, _TABLE.c.at, _TABLE.c.event, _TABLE.c.outcome, _TABLE.c.request_id, _TABLE.c.client_id,
    _TABLE.c.person_id, _TABLE.c.session_id, _TABLE.c.authorization_id, _TABLE.c.actor, _TABLE.c.address,
    _TABLE.c.count, _TABLE.c.detail,
)  # fmt: skip
_FILTERS = (_TABLE.c.person_id, _TABLE.c.client_id, _TABLE.c.event)  # the narrowest first


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
    detail: Mapping[str, Any]  # Any: the event's own fields


def _page(*wanted: bool) -> Read:
    where: list[ColumnElement[bool]] = [_TABLE.c.id >= bindparam("first")]
    named = [column for column, is_wanted in zip(_FILTERS, wanted, strict=True) if is_wanted]
    for place, column in enumerate(named):  # the first one leads, by its index
        compared: ColumnElement[Any] = column if place == 0 else literal("").concat(column)
        where.append(compared == bindparam(column.name))
    return listing.paged(_COLUMNS, _TABLE, _TABLE.c.id, *where)


_PAGES: Mapping[tuple[bool, ...], Read] = MappingProxyType(
    {wanted: _page(*wanted) for wanted in product((False, True), repeat=len(_FILTERS))}
)


async def page(
    store: Executor,
    *,
    limit: int,
    since: datetime | None = None,
    until: datetime | None = None,
    person_id: str | None = None,
    client_id: str | None = None,
    event: str | None = None,
) -> list[Entry]:
    """Newest first. since: from this instant on; until: before this one."""
    rows = await store.fetch(
        _PAGES[person_id is not None, client_id is not None, event is not None],
        first="" if since is None else _lowest(since),
        after=listing.START if until is None else _lowest(until),
        limit=limit,
        person_id=person_id,
        client_id=client_id,
        event=event,
    )
    return [_entry(row) for row in rows]


def _lowest(moment: datetime) -> str:
    """The id of this instant that sorts before all others of it."""
    return ids.uuid7(moment, bytes(10))


def _entry(row: Row) -> Entry:
    id, moment, *named, detail = row
    names = [column.name for column in _COLUMNS[2:-1]]
    return Entry(id=id, at=at(moment), detail=json.loads(detail), **dict(zip(names, named, strict=True)))
