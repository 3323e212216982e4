"""A change set that no single statement can write, as an ordinary PostgreSQL transaction: for the seldom doors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Executable

from mintmark.store import sql
from mintmark.store.changes import Change, Conflict, Insert, Require, Run, Update, Value, Values
from mintmark.store.connections import Connection
from mintmark.store.postgresql_batch import DIALECT, Lock, held_by, lock, locks


@dataclass(frozen=True, slots=True)
class Step:
    """A statement that locks (`held`) or writes; `rows`: how many it must touch, None: any number."""

    sql: str
    arguments: Sequence[Any]
    rows: int | None = None
    held: Lock | None = None


class Transactions:
    """What was compiled so far."""

    def __init__(self) -> None:
        self._locks: dict[Lock, sql.Statement] = {}
        self._runs: WeakKeyDictionary[Executable, sql.Statement] = WeakKeyDictionary()

    def steps(self, changes: Sequence[Change]) -> list[Step]:
        """The locks, in the order that every other statement takes them in; then the writes as they were given."""
        held = [self._lock(rows, changes) for rows in locks(changes)]
        return [*held, *(self._write(change) for change in changes if not isinstance(change, Require))]

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
                compiled = sql.insertion(table, DIALECT)
                arguments = sql.row(change, dict.fromkeys(table.columns.keys()).keys())
                return Step(compiled.sql, _ordered(compiled, table.columns.keys(), arguments), 1)
            case Update(table, where, values):
                compiled = sql.alteration(table, where, values, DIALECT)
                sets, wheres = sql.divided(compiled.names)
                return Step(compiled.sql, [*(values[name] for name in sets), *(where[name] for name in wheres)], 1)
            case Run(statement, parameters, rows):
                return Step(*self._run(statement, parameters), rows)
            case Require():
                raise AssertionError("a guard is no write")

    def _run(self, statement: Executable, parameters: Values) -> tuple[str, Sequence[Value]]:
        compiled = self._runs.get(statement)
        if compiled is None:
            self._runs[statement] = compiled = sql.statement(statement, DIALECT)
        return compiled.sql, compiled.arrange(parameters)


async def carry_out(connection: Connection, steps: Sequence[Step], changes: Sequence[Change]) -> None:
    """Everything, or Conflict and nothing."""
    async with connection.transaction():
        for step in steps:
            if step.held is not None:
                _compare(step.held, await connection.fetch(step.sql, *step.arguments), changes)
                continue
            done = await connection.execute(step.sql, *step.arguments)  # "UPDATE 1", "INSERT 0 1"
            if step.rows is not None and step.rows != int(done.rpartition(" ")[2]):
                raise Conflict("what was to be changed has changed")


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
