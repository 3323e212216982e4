"""The PostgreSQL statement that writes a single change set: what `postgresql_many` does, without joining anything.

One row of each table that the set relies on is found by its key, with its guards, and all are locked in the order of
their tables' names. Then come the rows that are counted, in the order of the changes, as whoever counts the same ones
does. It answers 1 if the set was written, and nothing otherwise.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    text,
    update,
)

from mintmark.store import postgresql_counters as counters
from mintmark.store import sql
from mintmark.store.changes import Insert, Require, Run, Update
from mintmark.store.postgresql_plan import Place, Plan

Statement = Select[*tuple[Any, ...]]
Parameters = Mapping[int, BindParameter[Any]]  # by the numbers of their values
ONE: ColumnElement[int] = literal_column("1", Integer)


def statement(plan: Plan) -> Statement:
    """Every parameter is a value. For a plan that is plain."""
    given = {number: bindparam(f"v{number}", type_=type_) for number, type_ in plan.types().items()}
    winner = _winner(plan, given)
    writes = [place for place in plan.places if not isinstance(place.change, Require)]
    return select(winner.c.number).add_cte(*(_write(place, given, winner, f"w{n}") for n, place in enumerate(writes)))


def _winner(plan: Plan, given: Parameters) -> CTE:
    """A row, if all stands as the decision saw it."""
    guard = _held(plan, given) if plan.locks else None
    last = guard
    for number, place in enumerate(plan.places):
        if isinstance(place.change, Run):
            rows = counters.lock(place.change, _columns(place, given)).where(*_after(guard, last))
            last = rows.cte(f"counted{number}").prefix_with("MATERIALIZED")
            guard = guard if place.change.rows is None else last
    if guard is not None and guard is last:
        return guard
    return select(ONE.label("number")).where(*_after(guard, last)).cte("winner").prefix_with("MATERIALIZED")


def _after(guard: CTE | None, last: CTE | None) -> Iterator[ColumnElement[bool]]:
    """What comes next in the order of the locks: not where a guard has failed, and not before the last one is taken.

    To be counted is what makes PostgreSQL take it.
    """
    if guard is not None:
        yield _count(guard) == ONE
    if last is not None and last is not guard:
        yield _count(last) >= literal_column("0")


def _held(plan: Plan, given: Parameters) -> CTE:
    """The rows that the set relies on, locked in the order in which they are named (PostgreSQL's LockRows)."""
    rows = select(ONE.label("number"))
    for lock in plan.locks:
        [place] = plan.relying(lock)
        for name, number in place.where.items():
            column = lock.table.c[name]
            same = column == given[number] if name in lock.key else column.is_not_distinct_from(given[number])
            rows = rows.where(same)
    locks = [f"FOR {'UPDATE' if one.exclusive else 'SHARE'} OF {one.table.name}" for one in plan.locks]
    return rows.suffix_with(text(" ".join(locks))).cte("held").prefix_with("MATERIALIZED")


def _count(rows: CTE) -> ColumnElement[int]:
    return select(func.count()).select_from(rows).scalar_subquery()


def _columns(place: Place, given: Parameters) -> dict[str, ColumnElement[Any]]:
    return {name: given[number] for name, number in place.values.items()}


def _write(place: Place, given: Parameters, winner: CTE, name: str) -> CTE:
    values, won = _columns(place, given), winner.c.number == ONE
    match place.change:
        case Run() as change:
            return counters.write(change, values, won).cte(name)
        case Insert(table):
            return insert(table).from_select(list(values), select(*values.values()).where(won)).cte(name)
        case Update(table, where):
            same = [table.c[one] == given[place.where[one]] for one in sql.key(table, where)]
            return update(table).values(values).where(*same, won).cte(name)
        case Require():
            raise TypeError("a guard is no write")
