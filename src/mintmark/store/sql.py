"""SQL text out of SQLAlchemy Core: compiled once, afterwards only text and the order of its parameters."""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import TypeVar, cast

from sqlalchemy import (
    ClauseElement,
    Column,
    ColumnElement,
    Executable,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    insert,
    update,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler

from mintmark.store.changes import Insert, Value, Values

T = TypeVar("T", bound=ClauseElement)


@dataclass(frozen=True, slots=True)
class Statement:
    """The text, the names of its parameters in their order, and the values that stand in the statement itself."""

    sql: str
    names: tuple[str, ...]
    constants: Values

    def arrange(self, parameters: Values) -> list[Value]:
        """The parameters in the order of the text. A missing one is a KeyError."""
        if self.constants:
            parameters = {**self.constants, **parameters}
        return [parameters[name] for name in self.names]


def statement(executable: Executable, dialect: Dialect) -> Statement:
    """Compiles a whole statement; lists of constants (`IN`) are written out."""
    compiled = executable.compile(dialect=dialect)  # type: ignore[attr-defined]  # every Executable of Core has it
    if not isinstance(compiled, SQLCompiler):
        raise TypeError("only a SELECT, INSERT, UPDATE or DELETE can be compiled")
    required = {name for name, bind in compiled.binds.items() if bind.required}
    expanded = compiled.construct_expanded_state(dict.fromkeys(required))
    constants = {name: value for name, value in expanded.parameters.items() if name not in required}
    return Statement(expanded.statement, tuple(expanded.positiontup or ()), constants)


def key(table: Table, where: Mapping[str, Value]) -> tuple[str, ...]:
    """The columns of `where` that name the row: the primary key, or else a unique column. The rest is the guard."""
    for names in unique_keys(table):
        if all(where.get(name) is not None for name in names):
            return names
    raise ValueError(f"a change of {table.name} must name its row by the primary key or a unique column")


def unique_keys(table: Table) -> Iterable[tuple[str, ...]]:
    """The primary key first, then what is unique beside it."""
    yield tuple(column.name for column in table.primary_key)
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield tuple(column.name for column in constraint.columns)
    for index in table.indexes:
        if index.unique:
            yield tuple(column.name for column in index.columns)


def insertion(table: Table, dialect: Dialect) -> Statement:
    """Every column is a parameter, so that one statement serves every row of a table: what is left out is NULL."""
    return statement(insert(table).values({column.name: bindparam(column.name) for column in table.columns}), dialect)


def alteration(table: Table, where: Values, values: Iterable[str], dialect: Dialect) -> Statement:
    """An UPDATE with its guard. Parameters: `set_…` first, then `where_…`; one column may stand in both."""
    columns = {name: bindparam(f"set_{name}", type_=table.c[name].type) for name in values}
    return statement(update(table).where(standing(table, where, "where_")).values(columns), dialect)


def divided(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """The columns of an alteration's parameters: those that are set, those of the guard."""
    names = list(names)
    sets = [name.removeprefix("set_") for name in names if name.startswith("set_")]
    return sets, [name.removeprefix("where_") for name in names[len(sets) :]]


def row(change: Insert, names: Set[str]) -> list[Value]:
    """The values of an insertion, in the order of the table's columns, which `names` are (the keys of a dict)."""
    values = change.values
    if not values.keys() <= names:
        raise ValueError(f"{change.table.name} has no column {', '.join(sorted(values.keys() - names))}")
    return list(map(values.get, names))


def standing(table: Table, where: Values, prefix: str) -> ColumnElement[bool]:
    """The columns are as `where` has them; None is IS NULL and no parameter."""
    return and_(*(_equals(table.c[name], value, prefix + name) for name, value in where.items()))


def _equals(column: Column[Value], value: Value, name: str) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == bindparam(name, type_=column.type)


def replaced(element: T, replace: Callable[[object], ClauseElement | None]) -> T:
    """The same, with other elements in the places of some of its own. None: it stays, and its parts are asked for."""
    found = visitors.replacement_traverse(element, {}, lambda element, **_: replace(element))
    return cast("T", found)
