"""A change set as the statements that SQLite runs, compiled once for each shape of change."""

from collections.abc import Sequence, Set
from itertools import groupby
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Executable, Table, and_, exists, literal_column, select
from sqlalchemy.dialects import sqlite

from mintmark.store import sql
from mintmark.store.changes import Change, Insert, Require, Run, Update, Value, Values

DIALECT = sqlite.dialect(paramstyle="qmark")


class Step(NamedTuple):
    """One statement. A guard (`reads`) must find a row; a write must touch `rows`, None: any number."""

    sql: str
    parameters: Sequence[Value]
    rows: int | None = 1
    reads: bool = False
    slow: bool = False  # may touch any number of rows: not on the loop
    more: Sequence[Sequence[Value]] = ()  # the statement for each of these, instead of for `parameters`


Steps = list[Step]
MANY = 256  # statements of one set, an import say; from here on those that are alike are one call of the driver
Shape = tuple[object, ...]


class Shapes:
    """What was compiled so far. Few shapes exist: a door builds the same change set every time."""

    def __init__(self) -> None:
        self._guards: dict[Shape, sql.Statement] = {}
        self._updates: dict[Shape, tuple[str, Sequence[str]]] = {}
        self._inserts: dict[Table, tuple[str, Set[str]]] = {}
        self._runs: WeakKeyDictionary[Executable, sql.Statement] = WeakKeyDictionary()

    def steps(self, changes: Sequence[Change]) -> Steps:
        """All guards are one statement, and come first: they speak of the rows as they stood before the set."""
        required = [change for change in changes if isinstance(change, Require)]
        steps = [self._guard(required)] if required else []
        for change in changes:
            match change:
                case Update():
                    steps.append(self._update(change))
                case Insert():
                    steps.append(self._insert(change))
                case Run():
                    steps.append(self._run(change))
        return steps if len(steps) < MANY else _together(steps)

    def _guard(self, required: Sequence[Require]) -> Step:
        shape: list[object] = []
        parameters: list[Value] = []
        for change in required:
            shape.append(change.table)
            _walk(change.where, shape, parameters)
        compiled = self._guards.get(tuple(shape))
        if compiled is None:
            self._guards[tuple(shape)] = compiled = _guard(required)
        return Step(compiled.sql, parameters, reads=True)

    def _update(self, change: Update) -> Step:
        values = change.values
        shape: list[object] = [change.table, *values, None]
        where: list[Value] = []
        _walk(change.where, shape, where)
        compiled = self._updates.get(tuple(shape))
        if compiled is None:
            self._updates[tuple(shape)] = compiled = _alteration(change)
        text, sets = compiled
        return Step(text, [*[values[name] for name in sets], *where])

    def _insert(self, change: Insert) -> Step:
        compiled = self._inserts.get(change.table)
        if compiled is None:
            insertion = sql.insertion(change.table, DIALECT)
            self._inserts[change.table] = compiled = (insertion.sql, dict.fromkeys(insertion.names).keys())
        text, names = compiled
        return Step(text, sql.row(change, names))

    def _run(self, change: Run) -> Step:
        compiled = self._runs.get(change.statement)
        if compiled is None:
            self._runs[change.statement] = compiled = sql.statement(change.statement, DIALECT)
        return Step(compiled.sql, compiled.arrange(change.parameters), change.rows, slow=not change.few)


def _together(steps: Steps) -> Steps:
    """Neighbours of one text, each of which touches one row by its key, as one step that touches as many."""
    found: Steps = []
    for text, alike in groupby(steps, key=_text_of_one_row):
        some = list(alike)
        if text is None or len(some) == 1:
            found += some
        else:
            found.append(Step(text, (), len(some), slow=True, more=[step.parameters for step in some]))
    return found


def _text_of_one_row(step: Step) -> str | None:
    """None: it stands by itself."""
    return step.sql if step.rows == 1 and not step.reads else None


def _walk(where: Values, shape: list[object], parameters: list[Value]) -> None:
    """Adds the names to the shape, and beside a name whose value is None a mark: IS NULL is another statement."""
    for name, value in where.items():
        shape.append(name)
        if value is None:
            shape.append(None)
        else:
            parameters.append(value)


def _guard(required: Sequence[Require]) -> sql.Statement:
    for change in required:
        sql.key(change.table, change.where)
    stand = [
        exists(select(literal_column("1")).where(sql.standing(change.table, change.where, f"where_{number}_")))
        for number, change in enumerate(required)
    ]
    return sql.statement(select(literal_column("1")).where(and_(*stand)), DIALECT)


def _alteration(change: Update) -> tuple[str, Sequence[str]]:
    """The text, and the columns that it sets, in its order; after these come the parameters of the guard."""
    sql.key(change.table, change.where)
    compiled = sql.alteration(change.table, change.where, change.values, DIALECT)
    return compiled.sql, sql.divided(compiled.names)[0]
