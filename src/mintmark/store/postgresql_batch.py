"""Change sets that are alike, written together by one PostgreSQL statement.

A batch holds each updated row once: of two sets that update one row, the second goes into the next batch. A set with
counters (`Run.row`) is a batch by itself: they name rows that other sets of the batch might name as well.
"""

from collections.abc import Iterator, Sequence, Set
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import asyncpg

from mintmark.store import postgresql_counters as counters
from mintmark.store import postgresql_many, postgresql_one, sql
from mintmark.store.changes import Change, Insert, Require, Run, Update, Value
from mintmark.store.postgresql_plan import Place, Plan

DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call]  # so it is in SQLAlchemy

Shape = tuple[object, ...]
Argument = Value | Sequence[Value]
Values = Sequence[Value]  # of one change set: those of its changes one after another, each `where` before `values`


class Shapes:
    """What was compiled so far, and what a change set is given to the statement of its shape as."""

    def __init__(self) -> None:
        self._batches: dict[Shape, Batch | None] = {}
        self._columns: dict[Table, Set[str]] = {}

    def find(self, changes: Sequence[Change]) -> tuple["Batch | None", Values]:
        """The statement for a change set, and its values; None: it takes a transaction of several statements."""
        shape: list[object] = []
        values: list[Value] = []
        counted: list[Value] = []
        for change in changes:
            shape.append(type(change))
            if isinstance(change, Run):
                if change.row is None or change.parameters[change.row] in counted:
                    return None, ()
                counted.append(change.parameters[change.row])
                shape += [change.statement, change.rows, *change.parameters]
                values.extend(change.parameters.values())
                continue
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
            batch = Batch(changes) if _fits(changes) else None
            if batch is not None and batch.counts and not batch.is_plain:
                batch = None
            self._batches[shape] = batch
            return batch


def _fits(changes: Sequence[Change]) -> bool:
    """Whether no table is updated twice, or updated and relied on.

    Two updates of one row in one statement would be one (PostgreSQL, "Data-Modifying Statements in WITH"), and a row
    that one set of a batch updates while another relies on it would be judged twice from the same look. Rows that are
    counted are not the same ones; what else happens in their table might be.
    """
    updated = [change.table for change in changes if isinstance(change, Update)]
    required = {change.table for change in changes if isinstance(change, Require)}
    counted = {counters.table_of(change) for change in changes if isinstance(change, Run)}
    others = {change.table for change in changes if not isinstance(change, Run)}
    return len(set(updated)) == len(updated) and required.isdisjoint(updated) and counted.isdisjoint(others)


class Batch:
    """The statements of one shape, for any number of change sets that are alike, each given as its values."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self._plan = plan = Plan(changes)
        self._keys = [[[place.where[name] for name in rows.key] for place in plan.relying(rows)] for rows in plan.locks]
        self._updates = [_Updated(place, place.change) for place in plan.places if isinstance(place.change, Update)]
        self.is_plain = plan.is_plain
        self.counts = plan.counts

    def call(self, sets: Sequence[Values]) -> tuple[str, list[Argument]]:
        """The text, and its arguments."""
        if len(sets) == 1 and self.is_plain:
            form = self._of_one
            arguments: list[Argument] = [*sets[0], *form.constants]
        else:
            form = self._of_many
            arguments = [*zip(*sets, strict=True), *self._keys_of(sets)]
        return form.text, [arguments[number] for number in form.order]

    def _keys_of(self, sets: Sequence[Values]) -> Iterator[Argument]:
        """An array for each column of the keys that are to be locked."""
        for places in self._keys:
            if len(places[0]) == 1:
                yield list({one[place[0]] for one in sets for place in places})
            else:
                yield from zip(*{tuple([one[p] for p in place]) for one in sets for place in places}, strict=True)

    @cached_property
    def _of_one(self) -> "Form":
        compiled = sql.statement(postgresql_one.statement(self._plan), DIALECT)
        names = [*self._names(), *compiled.constants]
        return Form(compiled.sql, [names.index(name) for name in compiled.names], list(compiled.constants.values()))

    @cached_property
    def _of_many(self) -> "Form":
        compiled = sql.statement(postgresql_many.statement(self._plan), DIALECT)
        names = [*self._names(), *self._plan.keys]
        return Form(compiled.sql, [names.index(name) for name in compiled.names], [])

    def _names(self) -> list[str]:
        return [f"v{number}" for number in self._plan.types()]

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


class Form(NamedTuple):
    """A text, and which argument stands where in it."""

    text: str
    order: Sequence[int]  # numbers of the values, and then of the constants or the keys
    constants: Values


class _Updated:
    """Where an Update of the shape has its key, and the columns that it both guards and sets."""

    def __init__(self, place: Place, change: Update) -> None:
        self.key = [place.where[name] for name in sql.key(change.table, change.where)]
        self._guards = [(place.where[name], place.values[name]) for name in place.where if name in place.values]

    def excludes(self, first: Values, second: Values) -> bool:
        if any(first[place] != second[place] for place in self.key):
            return False
        return any(first[value] != second[guard] for guard, value in self._guards)
