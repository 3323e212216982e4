"""Change sets of one shape as one PostgreSQL statement.

First it locks every row that a set relies on, table after table and within a table in the order of the keys, so that
no two statements can wait for one another. A lock that had to be waited for shows the row as it is now (EvalPlanQual),
so that guards are compared with what is true while the lock is held. The winners are the sets all of whose guards
hold; every write joins the winners. It answers the winners' numbers.

A batch holds each updated row once: of two sets that update one row, the second goes into the next batch.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnClause,
    ColumnElement,
    FromClause,
    Select,
    Table,
    and_,
    any_,
    bindparam,
    column,
    func,
    insert,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import asyncpg

from mintmark.store import sql
from mintmark.store.changes import Change, Insert, Require, Run, Update, Value

DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call]  # so it is in SQLAlchemy

Shape = tuple[object, ...]
Values = Sequence[Value]  # of one change set: those of its changes one after another, each `where` before `values`


class Lock(NamedTuple):
    """The rows of one table that a set relies on."""

    table: Table
    key: tuple[str, ...]
    exclusive: bool  # FOR UPDATE; otherwise FOR SHARE
    guards: tuple[str, ...]


def lock(rows: Lock, parameter: str) -> Select[*tuple[Any, ...]]:
    """Locks them, in the order of their key, and answers key and guards as they are then."""
    columns = rows.table.c
    key = [columns[name] for name in rows.key]
    arrays = [bindparam(f"{parameter}_{name}", type_=ARRAY(columns[name].type)) for name in rows.key]
    if len(key) == 1:
        named: ColumnElement[bool] = key[0] == any_(arrays[0])
    else:
        named = tuple_(*key).in_(select(func.unnest(*arrays).table_valued(*rows.key).render_derived(name="keys")))
    answered = [*key, *(columns[name] for name in rows.guards)]
    statement = select(*answered).where(named).order_by(*key)
    return statement.with_for_update(read=not rows.exclusive, of=rows.table)


def locks(changes: Sequence[Change]) -> list[Lock]:
    """One for each table and key, in the fixed order of their names, as strong as the strongest change needs."""
    found: dict[tuple[str, tuple[str, ...]], Lock] = {}
    for change in changes:
        if not isinstance(change, Require | Update):
            continue
        key = sql.key(change.table, change.where)
        known = found.get((change.table.name, key))
        guards = [*(known.guards if known else ()), *(name for name in change.where if name not in key)]
        exclusive = isinstance(change, Update) or (known is not None and known.exclusive)
        found[change.table.name, key] = Lock(change.table, key, exclusive, tuple(dict.fromkeys(guards)))
    return [found[name] for name in sorted(found)]


def held_by(change: Change, rows: Lock) -> bool:
    """Whether this lock holds the row that the change relies on."""
    if not isinstance(change, Require | Update) or change.table is not rows.table:
        return False
    return sql.key(change.table, change.where) == rows.key


class Shapes:
    """What was compiled so far, and what a change set is given to the statement of its shape as."""

    def __init__(self) -> None:
        self._batches: dict[Shape, Batch | None] = {}
        self._columns: dict[Table, Set[str]] = {}

    def find(self, changes: Sequence[Change]) -> tuple["Batch | None", Values]:
        """The statement for a change set, and its values; None: it takes a transaction of several statements."""
        shape: list[object] = []
        values: list[Value] = []
        for change in changes:
            if isinstance(change, Run):
                return None, ()
            shape.append(type(change))
            shape.append(change.table)
            if isinstance(change, Insert):
                values.extend(self.row(change))
                continue
            shape.extend(change.where)
            values.extend(change.where.values())
            if isinstance(change, Update):
                shape.append(None)
                shape.extend(change.values)
                values.extend(change.values.values())
        return self._batch(tuple(shape), changes), values

    def row(self, change: Insert) -> list[Value]:
        """The values of an Insert: every column of its table."""
        columns = self._columns.get(change.table)
        if columns is None:
            self._columns[change.table] = columns = dict.fromkeys(change.table.columns.keys()).keys()
        return sql.row(change, columns)

    def _batch(self, shape: Shape, changes: Sequence[Change]) -> "Batch | None":
        try:
            return self._batches[shape]
        except KeyError:
            self._batches[shape] = batch = Batch(changes) if _fits(changes) else None
            return batch


def _fits(changes: Sequence[Change]) -> bool:
    """Whether no table is updated twice, or updated and relied on.

    Two updates of one row in one statement would be one (PostgreSQL, "Data-Modifying Statements in WITH"), and a row
    that one set of a batch updates while another relies on it would be judged twice from the same look.
    """
    updated = [change.table for change in changes if isinstance(change, Update)]
    required = {change.table for change in changes if isinstance(change, Require)}
    return len(set(updated)) == len(updated) and required.isdisjoint(updated)


class Place(NamedTuple):
    """Where the values of one change lie among those of its set."""

    change: Require | Update | Insert
    where: dict[str, int]
    values: dict[str, int]


class Batch:
    """The statement of one shape: for any number of change sets that are alike, each given as its values."""

    def __init__(self, changes: Sequence[Change]) -> None:
        places = list(_places(changes))
        held = locks(changes)
        self._keys = [[[p.where[n] for n in h.key] for p in places if held_by(p.change, h)] for h in held]
        self._updates = [_Updated(place) for place in places if isinstance(place.change, Update)]
        compiled = sql.statement(_statement(places, held), DIALECT)
        self.sql = compiled.sql
        arrays = [*_value_names(places), *(name for n, h in enumerate(held) for name in _key_names(n, h))]
        self._order = [arrays.index(name) for name in compiled.names]

    def arguments(self, sets: Sequence[Values]) -> list[Sequence[Value]]:
        """One array for each value, and one for each column of the keys that are to be locked."""
        arrays: list[Sequence[Value]] = list(zip(*sets, strict=True))
        for places in self._keys:
            if len(places[0]) == 1:
                arrays.append(list({one[place[0]] for one in sets for place in places}))
            else:
                rows = {tuple([one[p] for p in place]) for one in sets for place in places}
                arrays.extend(zip(*rows, strict=True))
        return [arrays[number] for number in self._order]

    def leaders(self, sets: Sequence[Values]) -> tuple[list[int], dict[int, int]]:
        """Which sets may be written together, and the others, each with the leader whose row it wants to update too."""
        if not self._updates or len(sets) == 1:
            return list(range(len(sets))), {}
        taken: dict[tuple[int, tuple[Value, ...]], int] = {}
        leaders: list[int] = []
        followers: dict[int, int] = {}
        for number, one in enumerate(sets):
            names = [(n, tuple([one[p] for p in update.key])) for n, update in enumerate(self._updates)]
            before = next((taken[name] for name in names if name in taken), None)
            if before is None:
                leaders.append(number)
                taken.update(dict.fromkeys(names, number))
            else:
                followers[number] = before
        return leaders, followers

    def excludes(self, first: Values, second: Values) -> bool:
        """Whether, once the first is written, a guard of the second cannot hold: nobody need ask the database."""
        return any(update.excludes(first, second) for update in self._updates)


class _Updated:
    """Where an Update of the shape has its key, and the columns that it both guards and sets."""

    def __init__(self, place: Place) -> None:
        key = sql.key(place.change.table, _named(place))
        self.key = [place.where[name] for name in key]
        self._guards = [(place.where[name], place.values[name]) for name in place.where if name in place.values]

    def excludes(self, first: Values, second: Values) -> bool:
        if any(first[place] != second[place] for place in self.key):
            return False
        return any(first[value] != second[guard] for guard, value in self._guards)


def _places(changes: Sequence[Change]) -> Iterator[Place]:
    numbers = itertools.count()
    for change in changes:
        if isinstance(change, Run):
            raise TypeError("a Run has no place in a batch")
        names = change.table.columns.keys() if isinstance(change, Insert) else change.where
        first = {name: next(numbers) for name in names}
        if isinstance(change, Insert):
            yield Place(change, {}, first)
        else:
            values = change.values if isinstance(change, Update) else ()
            yield Place(change, first, {name: next(numbers) for name in values})


def _named(place: Place) -> Mapping[str, Value]:
    return {} if isinstance(place.change, Insert) else place.change.where


def _value_names(places: Sequence[Place]) -> list[str]:
    return [f"v{number}" for place in places for number in [*place.where.values(), *place.values.values()]]


def _key_names(number: int, held: Lock) -> list[str]:
    return [f"k{number}_{name}" for name in held.key]


def _statement(places: Sequence[Place], held: Sequence[Lock]) -> Select[*tuple[Any, ...]]:
    given = _given(places)
    winners = _winners(places, given, list(zip(held, _held(held), strict=True)))
    writes = [
        _write(place, winners, f"w{n}") for n, place in enumerate(places) if not isinstance(place.change, Require)
    ]
    return select(winners.c.number).add_cte(*writes)


def _given(places: Sequence[Place]) -> FromClause:
    """The values of all sets, a row each, numbered from 1."""
    arrays = []
    columns: list[ColumnClause[Any]] = []
    for place in places:
        for name, number in [*place.where.items(), *place.values.items()]:
            type_ = place.change.table.c[name].type
            arrays.append(bindparam(f"v{number}", type_=ARRAY(type_)))
            columns.append(column(f"c{number}", type_))
    rows = func.unnest(*arrays).table_valued(*columns, with_ordinality="number")
    return rows.render_derived(name="given")


def _held(held: Sequence[Lock]) -> list[CTE]:
    """The locks. Each counts those before it: that makes PostgreSQL take them in this order."""
    found: list[CTE] = []
    for number, rows in enumerate(held):
        statement = lock(rows, f"k{number}")
        if found:
            statement = statement.where(
                select(func.count()).select_from(found[-1]).scalar_subquery() >= literal_column("0")
            )
        found.append(statement.cte(f"held{number}").prefix_with("MATERIALIZED"))
    return found


def _winners(places: Sequence[Place], given: FromClause, held: Sequence[tuple[Lock, CTE]]) -> CTE:
    """The sets all of whose rows stand as their decision saw them."""
    joined = given
    for number, place in enumerate(places):
        rows = next((cte for rows, cte in held if held_by(place.change, rows)), None)
        if rows is not None:
            row = rows.alias(f"r{number}")
            stands = [_same(row.c[name], given.c[f"c{n}"], place) for name, n in place.where.items()]
            joined = joined.join(row, and_(*stands))
    return select(*given.c).select_from(joined).cte("winners").prefix_with("MATERIALIZED")


def _same(stands: ColumnElement[Any], given: ColumnElement[Any], place: Place) -> ColumnElement[bool]:
    """Keys are never NULL and can be joined by a hash; guards may be NULL."""
    is_key = stands.key in sql.key(place.change.table, _named(place))
    return stands == given if is_key else stands.is_not_distinct_from(given)


def _write(place: Place, winners: CTE, name: str) -> CTE:
    table = place.change.table
    values = {column: winners.c[f"c{number}"] for column, number in place.values.items()}
    if isinstance(place.change, Insert):
        return insert(table).from_select(list(values), select(*values.values())).cte(name)
    key = sql.key(table, _named(place))
    same = [table.c[column] == winners.c[f"c{place.where[column]}"] for column in key]
    return update(table).values(values).where(*same).cte(name)
