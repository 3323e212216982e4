"""The seals of the audit trail: which rows wait for one, and the change set that writes it and marks its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Executable,
    LargeBinary,
    bindparam,
    func,
    insert,
    null,
    select,
    update,
)

from mintmark.protocol import audit_chain
from mintmark.protocol.audit_chain import SALT, Seal
from mintmark.store import given, listing, schema
from mintmark.store.changes import Change, Insert, Run, Values
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.given import Ids

_SEALS, _ROWS, _SIDE, _SALTS = schema.audit_seals, schema.audit, schema.audit_personal, schema.person_salts
_COLUMNS = (_SEALS.c.number, _SEALS.c.sealed_at, _SEALS.c.rows, _SEALS.c.head, _SEALS.c.signature)
CHAINED = tuple(_ROWS.c[name] for name in audit_chain.CHAINED)
DIGEST = 32  # bytes

_LAST = Read(
    select(_SEALS.c.number, _SEALS.c.sealed_at, _SEALS.c.head)
    .where(_SEALS.c.number > 0)
    .order_by(_SEALS.c.number.desc())
    .limit(1)
)
_FIND = Read(select(*_COLUMNS).where(_SEALS.c.number == bindparam("number")))
_FOLLOWING = Read(
    select(*_COLUMNS).where(_SEALS.c.number > bindparam("after")).order_by(_SEALS.c.number).limit(bindparam("limit"))
)
_NEWEST = listing.paged(_COLUMNS, _SEALS, _SEALS.c.number)
_UNSEALED = Read(
    select(*CHAINED, _ROWS.c.address)
    .where(_ROWS.c.seal.is_(None), _ROWS.c.at >= bindparam("floor"))
    .order_by(_ROWS.c.at, _ROWS.c.id)
    .limit(bindparam("limit"))
)


def _salts(ids: Ids) -> Read:
    return Read(select(_SALTS.c.person_id, _SALTS.c.salt).join_from(ids.rows, _SALTS, ids.is_(_SALTS.c.person_id)))


def _part(name: str, size: int, ids: Ids) -> ColumnElement[Any]:
    """The id's own of a string of octets, so many for each."""
    return func.substr(bindparam(name, type_=LargeBinary), ids.place * size + 1, size, type_=LargeBinary)


def _move(ids: Ids) -> Executable:
    """Personal fields are taken from the row as it stands in this transaction: an erasure may have come before.

    The rows are held until the commit: one that comes now waits, and finds what was moved.
    """
    whose = func.coalesce(_ROWS.c.actor, _ROWS.c.person_id)
    found = select(_ROWS.c.id, whose, _ROWS.c.address, _part("salts", SALT, ids))
    found = found.join_from(ids.rows, _ROWS, ids.is_(_ROWS.c.id)).where(_ROWS.c.address.is_not(None))
    found = found.with_for_update(of=_ROWS)  # SQLite has one writer, and its compiler leaves it out
    return insert(_SIDE).from_select(["id", "person_id", "address", "salt"], found)


def _mark(ids: Ids, **more: ColumnElement[Any]) -> Executable:
    number = bindparam("number", type_=BigInteger)
    return update(_ROWS).where(ids.is_(_ROWS.c.id), _ROWS.c.seal.is_(None)).values(seal=number, **more)


def _mark_personal(ids: Ids) -> Executable:
    return _mark(ids, personal=_part("digests", DIGEST, ids), address=null())


_SALTS_OF, _MOVE = given.each(_salts), given.each(_move)
_MARK, _MARK_PERSONAL = given.each(_mark), given.each(_mark_personal)


@dataclass(frozen=True, slots=True)
class Last:
    """The newest seal; before the first one it is number 0."""

    number: int
    sealed_at: int  # ms
    head: bytes


@dataclass(frozen=True, slots=True)
class Personal:
    """The rows of a seal that have personal fields, with a digest and a salt for each, all in one string."""

    ids: Sequence[str]
    digests: bytes
    salts: bytes
    new_salts: Mapping[str, bytes]  # of people who had none


async def last(store: Executor) -> Last:
    rows = await store.fetch(_LAST)
    return Last(*rows[0]) if rows else Last(0, 0, audit_chain.FIRST)


async def find(store: Executor, number: int) -> Seal | None:
    rows = await store.fetch(_FIND, number=number)
    return _seal(rows[0]) if rows else None


async def following(store: Executor, after: int, limit: int) -> list[Seal]:
    """In their order, behind a number."""
    return [_seal(row) for row in await store.fetch(_FOLLOWING, after=after, limit=limit)]


async def newest(store: Executor, before: int, limit: int) -> list[Seal]:
    return [_seal(row) for row in await store.fetch(_NEWEST, after=before, limit=limit)]


async def last_before(store: Executor, moment: int) -> int:
    """The number of the last seal made before that millisecond, found by halves; 0: there is none."""
    low, high = 0, (await last(store)).number
    while low < high:
        middle = (low + high + 1) // 2
        found = await find(store, middle)
        if found is not None and found.sealed_at < moment:
            low = middle
        else:
            high = middle - 1
    return low


async def unsealed(store: Executor, floor: int, limit: int) -> list[Row]:
    """The columns of CHAINED and the address, of rows from that millisecond on, in the order of their time."""
    return await store.fetch(_UNSEALED, floor=floor, limit=limit)


async def salts(store: Executor, people: Sequence[str]) -> dict[str, bytes]:
    """Of those who have one."""
    found: dict[str, bytes] = dict(await store.fetch(_SALTS_OF[store.dialect], ids=given.written(people)))
    return found


def seal(store: Executor, made: Seal, plain: Sequence[str], personal: Personal) -> list[Change]:
    """The seal, and its rows marked; plain: those without personal fields. Conflict where another was first.

    The seal's number comes first: on PostgreSQL the second of two sealers waits there, before it holds any row.
    """
    values: Values = {
        "number": made.number, "sealed_at": made.sealed_at, "rows": made.rows, "head": made.head,
        "signature": made.signature,
    }  # fmt: skip
    changes: list[Change] = [Insert(_SEALS, values)]
    changes += (Insert(_SALTS, {"person_id": id, "salt": salt}) for id, salt in personal.new_salts.items())
    if plain:
        changes.append(Run(_MARK[store.dialect], {"ids": given.written(plain), "number": made.number}, len(plain)))
    if personal.ids:
        count, named = len(personal.ids), {"ids": given.written(personal.ids)}
        changes.append(Run(_MOVE[store.dialect], {**named, "salts": personal.salts}, count))
        marks: Values = {**named, "digests": personal.digests, "number": made.number}
        changes.append(Run(_MARK_PERSONAL[store.dialect], marks, count))
    return changes


def _seal(row: Row) -> Seal:
    return Seal(*row)
