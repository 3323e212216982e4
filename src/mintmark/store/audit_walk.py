"""The whole audit trail as it is stored, seal by seal: for exports, for who checks it, and for retention."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence

from sqlalchemy import Delete, bindparam, delete, select, tuple_

from mintmark.protocol import audit_chain
from mintmark.protocol.audit_chain import CHAINED, Row, Side
from mintmark.store import audit_seals, given, schema
from mintmark.store.audit_seals import CHAINED as COLUMNS
from mintmark.store.changes import Change, Run
from mintmark.store.executor import Executor, Read
from mintmark.store.executor import Row as Found
from mintmark.store.given import Ids

PAGE = 2_000  # rows
BATCH = 500  # rows that are deleted in one change set

_ROWS, _SIDE = schema.audit, schema.audit_personal
_RAW = (*COLUMNS, _ROWS.c.personal, _ROWS.c.seal, _ROWS.c.address, _SIDE.c.address, _SIDE.c.salt)
_BESIDE = _ROWS.outerjoin(_SIDE, _SIDE.c.id == _ROWS.c.id)
_PLACE = tuple_(_ROWS.c.at, _ROWS.c.id)
_UNSEALED = Read(
    select(*_RAW)
    .select_from(_BESIDE)
    .where(_ROWS.c.seal.is_(None), tuple_(bindparam("at"), bindparam("after")) < _PLACE)
    .order_by(_ROWS.c.at, _ROWS.c.id)
    .limit(bindparam("limit"))
)
_MARKS = Read(
    select(_ROWS.c.id, _ROWS.c.seal)
    .where(_ROWS.c.id > bindparam("after"))
    .order_by(_ROWS.c.id)
    .limit(bindparam("limit"))
)
_GOING = Read(
    select(_ROWS.c.id)
    .where(_ROWS.c.id < bindparam("before"), _ROWS.c.seal <= bindparam("number"))
    .order_by(_ROWS.c.id)
    .limit(bindparam("limit"))
)


def _of(ids: Ids) -> Read:
    named = ids.rows.join(_ROWS, ids.is_(_ROWS.c.id)).outerjoin(_SIDE, _SIDE.c.id == _ROWS.c.id)
    return Read(select(*_RAW).select_from(named).order_by(ids.place))


def _delete_rows(ids: Ids) -> Delete:
    return delete(_ROWS).where(ids.has(_ROWS.c.id))


def _delete_sides(ids: Ids) -> Delete:
    return delete(_SIDE).where(ids.has(_SIDE.c.id))


_OF, _DELETE_ROWS, _DELETE_SIDES = given.each(_of), given.each(_delete_rows), given.each(_delete_sides)


async def rows(store: Executor, ids: Sequence[str]) -> dict[str, Row]:
    """By id, in the order asked for."""
    found = (_row(one) for one in await store.fetch(_OF[store.dialect], ids=given.written(ids)))
    return {row.id: row for row in found}


async def unsealed(store: Executor) -> AsyncIterator[Row]:
    at, after = -1, ""
    while page := await store.fetch(_UNSEALED, at=at, after=after, limit=PAGE):
        for one in page:
            yield _row(one)
        at, after = page[-1][1], page[-1][0]


async def unlisted(store: Executor, listed: Counter[int], up_to: int) -> AsyncIterator[Row]:
    """Rows marked with a seal that has fewer in its list; listed: how many of each seal's were found by its list.

    Counted first, so that it need not be kept which rows were found; up_to: seals made meanwhile are left out.
    """
    marked: Counter[int] = Counter()
    async for _, seal in _marks(store):
        marked[seal] += 1
    suspect = {seal for seal, count in marked.items() if seal <= up_to and count > listed[seal]}
    if not suspect:
        return
    named = {number: await _listed(store, number) for number in suspect}
    some = [id async for id, seal in _marks(store) if seal in suspect and id not in named[seal]]
    for start in range(0, len(some), BATCH):
        for row in (await rows(store, some[start : start + BATCH])).values():
            yield row


async def _listed(store: Executor, number: int) -> set[str]:
    seal = await audit_seals.find(store, number)
    return {id for id, _ in (audit_chain.read_list(seal.rows) or ())} if seal is not None else set()


async def _marks(store: Executor) -> AsyncIterator[tuple[str, int]]:
    after = ""
    while page := await store.fetch(_MARKS, after=after, limit=PAGE):
        for id, seal in page:
            if seal is not None:
                yield id, seal
        after = page[-1][0]


async def going(store: Executor, before: str, number: int) -> list[str]:
    """Some of the rows of the seals up to that number, oldest first; before: an id that they all come before."""
    return [id for [id] in await store.fetch(_GOING, before=before, number=number, limit=BATCH)]


def delete_(store: Executor, ids: Sequence[str]) -> list[Change]:
    """The rows, with what is personal of them."""
    named = {"ids": given.written(ids)}
    return [Run(_DELETE_SIDES[store.dialect], named), Run(_DELETE_ROWS[store.dialect], named)]


def _row(found: Found) -> Row:
    many = len(CHAINED)
    personal, seal, address, beside, salt = found[many:]
    return Row(found[:many], personal, seal, address, None if salt is None else Side(beside, salt))
