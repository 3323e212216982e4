"""Counters within a PostgreSQL batch: a `Run` that names its one row, as part of the statement of its set."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, cast

from sqlalchemy import (
    BindParameter,
    ClauseElement,
    ColumnElement,
    Delete,
    Integer,
    Select,
    Table,
    Update,
    literal_column,
    select,
)
from sqlalchemy.sql import visitors
from sqlalchemy.types import TypeEngine

from mintmark.store import sql
from mintmark.store.changes import Run

Statement = Update | Delete
T = TypeVar("T", bound=ClauseElement)
Columns = Mapping[str, ColumnElement[Any]]  # by the names of the parameters that they stand for


def statement_of(change: Run) -> Statement:
    """Raises TypeError for what may touch other rows than one that is there."""
    if not isinstance(change.statement, Statement) or not isinstance(change.statement.table, Table):
        raise TypeError("only an UPDATE or a DELETE of one table can count")
    return change.statement


def table_of(change: Run) -> Table:
    return cast("Table", statement_of(change).table)


def types(change: Run) -> Mapping[str, TypeEngine[Any]]:
    """Of each parameter."""
    return {parameter.key: parameter.type for parameter in _parameters(statement_of(change))}


def lock(change: Run, columns: Columns) -> Select[*tuple[Any, ...]]:
    """The row, if it stands as this change wants it; it is held from then on."""
    statement = _with(statement_of(change), columns)
    table = table_of(change)
    one = literal_column("1", Integer).label("number")
    return select(one).select_from(table).where(*statement._where_criteria).with_for_update(of=table)


def write(change: Run, columns: Columns, won: ColumnElement[bool]) -> Statement:
    """The change itself, if the set has won."""
    return _with(statement_of(change), columns).where(won)


def _parameters(element: visitors.ExternallyTraversible) -> Iterator[BindParameter[Any]]:
    """Without the constants that stand in the statement itself."""
    for found in visitors.iterate(element):
        if isinstance(found, BindParameter) and found.required:
            yield found


def _with(element: T, columns: Columns) -> T:
    def replace(found: object) -> ColumnElement[Any] | None:
        return columns[found.key] if isinstance(found, BindParameter) and found.required else None

    return sql.replaced(element, replace)
