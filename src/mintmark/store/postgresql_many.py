"""The PostgreSQL statement that writes any number of change sets of one shape.

First it locks every row that a set relies on, table after table and within a table in the order of the keys, so that
no two statements can wait for one another. A lock that had to be waited for shows the row as it is now (EvalPlanQual),
so that guards are compared with what is true while the lock is held. The winners are the sets all of whose guards
hold; every write joins the winners. It answers the winners' numbers.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    FromClause,
    Select,
    and_,
    bindparam,
    column,
    func,
    insert,
    literal_column,
    select,
    update,
)

from mintmark.store import sql
from mintmark.store.changes import Insert, Require, Update
from mintmark.store.postgresql_locks import Lock, held_by, lock
from mintmark.store.postgresql_plan import Place, Plan


def statement(plan: Plan) -> Select[*tuple[Any, ...]]:
    """Every parameter is an array. For a plan without counters."""
    given = _given(plan)
    winners = _winners(plan, given, list(zip(plan.locks, _held(plan.locks), strict=True)))
    writes = [place for place in plan.places if not isinstance(place.change, Require)]
    return select(winners.c.number).add_cte(*(_write(place, winners, f"w{n}") for n, place in enumerate(writes)))


def _given(plan: Plan) -> FromClause:
    """The values of all sets, a row each, numbered from 1."""
    types = plan.types()
    arrays = (bindparam(f"v{number}", type_=ARRAY(type_)) for number, type_ in types.items())
    columns = (column(f"c{number}", type_) for number, type_ in types.items())
    return func.unnest(*arrays).table_valued(*columns, with_ordinality="number").render_derived(name="given")


def _held(locks: Sequence[Lock]) -> list[CTE]:
    """The locks. Each counts those before it: that makes PostgreSQL take them in this order."""
    found: list[CTE] = []
    for number, rows in enumerate(locks):
        statement = lock(rows, f"k{number}")
        if found:
            statement = statement.where(
                select(func.count()).select_from(found[-1]).scalar_subquery() >= literal_column("0")
            )
        found.append(statement.cte(f"held{number}").prefix_with("MATERIALIZED"))
    return found


def _winners(plan: Plan, given: FromClause, held: Sequence[tuple[Lock, CTE]]) -> CTE:
    """The sets all of whose rows stand as their decision saw them."""
    joined = given
    for number, place in enumerate(plan.places):
        change = place.change
        rows = next((cte for rows, cte in held if held_by(change, rows)), None)
        if rows is not None and isinstance(change, Require | Update):
            row = rows.alias(f"r{number}")
            stands = [_same(row.c[name], given.c[f"c{n}"], change) for name, n in place.where.items()]
            joined = joined.join(row, and_(*stands))
    return select(*given.c).select_from(joined).cte("winners").prefix_with("MATERIALIZED")


def _same(stands: ColumnElement[Any], given: ColumnElement[Any], change: Require | Update) -> ColumnElement[bool]:
    """Keys are never NULL and can be joined by a hash; guards may be NULL."""
    is_key = stands.key in sql.key(change.table, change.where)
    return stands == given if is_key else stands.is_not_distinct_from(given)


def _write(place: Place, winners: CTE, name: str) -> CTE:
    values = {column: winners.c[f"c{number}"] for column, number in place.values.items()}
    match place.change:
        case Insert(table):
            return insert(table).from_select(list(values), select(*values.values())).cte(name)
        case Update(table, where):
            same = [table.c[one] == winners.c[f"c{place.where[one]}"] for one in sql.key(table, where)]
            return update(table).values(values).where(*same).cte(name)
        case _:
            raise TypeError("this is no write of many sets")
