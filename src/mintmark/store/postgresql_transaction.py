"""A change set that no single statement can write, as an ordinary PostgreSQL transaction: for the seldom doors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Executable, Table

from mintmark.store import sql
from mintmark.store.changes import Change, Conflict, Insert, Require, Run, Update, Value, Values
from mintmark.store.connections import Connection
from mintmark.store.postgresql_batch import DIALECT
from mintmark.store.postgresql_locks import Lock, held_by, lock, locks

MANY = 256  # statements of one set, an import say; from here on those that are alike travel together
AT_ONCE = 5_000  # rows that travel together: in far less than the time that any answer may take


@dataclass(frozen=True, slots=True)
class Step:
    """A statement that locks (`held`) or writes; `rows`: how many it must touch, None: any number."""

    sql: str
    arguments: Sequence[Any]
    rows: int | None = None
    held: Lock | None = None
    is_sure: bool = False  # it fails by itself, or touches one row
    into: str = ""  # of an insertion: the table, and the columns in the order of the arguments
    columns: Sequence[str] = ()
    more: Sequence[Sequence[Any]] = ()  # the statement for each of these; each touches its one row, for it is held


class Transactions:
    """What was compiled so far."""

    def __init__(self) -> None:
        self._locks: dict[Lock, sql.Statement] = {}
        self._insertions: dict[Table, sql.Statement] = {}
        self._alterations: dict[tuple[object, ...], sql.Statement] = {}
        self._runs: WeakKeyDictionary[Executable, sql.Statement] = WeakKeyDictionary()

    def steps(self, changes: Sequence[Change]) -> list[Step]:
        """The locks, in the order that every other statement takes them in; then the writes as they were given."""
        held = [self._lock(rows, changes) for rows in locks(changes)]
        writes = [self._write(change) for change in changes if not isinstance(change, Require)]
        return [*held, *(writes if len(writes) < MANY else _together(writes))]

    def _lock(self, rows: Lock, changes: Sequence[Change]) -> Step:
        compiled = self._locks.get(rows)
        if compiled is None:
            self._locks[rows] = compiled = sql.statement(lock(rows, "key"), DIALECT)
        keys = {tuple([change.where[name] for name in rows.key]) for change in relying(rows, changes)}
        arrays = {f"key_{name}": array for name, array in zip(rows.key, zip(*keys, strict=True), strict=True)}
        return Step(compiled.sql, [arrays[name] for name in compiled.names], held=rows)

    def _write(self, change: Change) -> Step:
        match change:
            case Insert(table, values):
                compiled = self._insertion(table)
                arguments = sql.row(change, dict.fromkeys(table.columns.keys()).keys())
                ordered = _ordered(compiled, table.columns.keys(), arguments)
                return Step(compiled.sql, ordered, 1, is_sure=True, into=table.name, columns=compiled.names)
            case Update(table, where, values):
                compiled = self._alteration(table, where, values)
                sets, wheres = sql.divided(compiled.names)
                arguments = [*(values[name] for name in sets), *(where[name] for name in wheres)]
                is_sure = len(where) == len(sql.key(table, where))  # nothing of the set can make its guard fail
                return Step(compiled.sql, arguments, 1, is_sure=is_sure)
            case Run(statement, parameters, rows):
                return Step(*self._run(statement, parameters), rows)
            case Require():
                raise AssertionError("a guard is no write")

    def _insertion(self, table: Table) -> sql.Statement:
        compiled = self._insertions.get(table)
        if compiled is None:
            self._insertions[table] = compiled = sql.insertion(table, DIALECT)
        return compiled

    def _alteration(self, table: Table, where: Values, values: Values) -> sql.Statement:
        shape = (table, *((name, value is None) for name, value in where.items()), None, *values)
        compiled = self._alterations.get(shape)
        if compiled is None:
            self._alterations[shape] = compiled = sql.alteration(table, where, values, DIALECT)
        return compiled

    def _run(self, statement: Executable, parameters: Values) -> tuple[str, Sequence[Value]]:
        compiled = self._runs.get(statement)
        if compiled is None:
            self._runs[statement] = compiled = sql.statement(statement, DIALECT)
        return compiled.sql, compiled.arrange(parameters)


def _together(steps: Sequence[Step]) -> Iterator[Step]:
    """Neighbours of one text, each of them an insertion or of a row that is held, go to the server in one go."""
    for text, alike in groupby(steps, key=lambda step: step.sql if step.is_sure else None):
        some = list(alike)
        if text is None or len(some) == 1:
            yield from some
        else:
            yield replace(some[0], arguments=(), more=[step.arguments for step in some])


async def carry_out(connection: Connection, steps: Sequence[Step], changes: Sequence[Change]) -> None:
    """Everything, or Conflict and nothing."""
    async with connection.transaction():
        for step in steps:
            if step.held is not None:
                _compare(step.held, await connection.fetch(step.sql, *step.arguments), changes)
                continue
            if step.more:
                await _many(connection, step)
                continue
            done = await connection.execute(step.sql, *step.arguments)  # "UPDATE 1", "INSERT 0 1"
            if step.rows is not None and step.rows != int(done.rpartition(" ")[2]):
                raise Conflict("what was to be changed has changed")


async def _many(connection: Connection, step: Step) -> None:
    """Rows that are added are copied (PostgreSQL, "COPY"), which costs a fifth of as many insertions."""
    for start in range(0, len(step.more), AT_ONCE):
        some = step.more[start : start + AT_ONCE]
        if step.columns:
            await connection.copy_records_to_table(step.into, records=some, columns=step.columns)
        else:
            await connection.executemany(step.sql, some)


def relying(rows: Lock, changes: Sequence[Change]) -> Iterator[Require | Update]:
    """The changes that rely on rows which this lock holds."""
    for change in changes:
        if isinstance(change, Require | Update) and held_by(change, rows):
            yield change


def _compare(rows: Lock, found: Sequence[Any], changes: Sequence[Change]) -> None:
    """The rows as they are now that they are held, with the rows as the decision saw them."""
    stand = {tuple([row[name] for name in rows.key]): row for row in found}
    for change in relying(rows, changes):
        row = stand.get(tuple([change.where[name] for name in rows.key]))
        if row is None or any(row[name] != value for name, value in change.where.items()):
            raise Conflict("what the decision relied on has changed")


def _ordered(compiled: sql.Statement, names: Sequence[str], values: Sequence[Value]) -> list[Value]:
    given = dict(zip(names, values, strict=True))
    return [given[name] for name in compiled.names]
