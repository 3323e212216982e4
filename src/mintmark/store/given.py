"""Many ids as one parameter: a JSON list, which each database takes apart in its own way."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, TypeVar

import orjson
from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    FromClause,
    Integer,
    TableValuedAlias,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    func,
    select,
)

T = TypeVar("T")
Dialect = Literal["sqlite", "postgresql"]


class Ids:
    """The rows of the parameter `ids`: a FROM of its own, each id with its place, from 0 on."""

    def __init__(self, dialect: Dialect) -> None:
        self._given = bindparam("ids", type_=Text)
        self._is_sqlite = dialect == "sqlite"
        if self._is_sqlite:
            rows = func.json_each(self._given).table_valued("value", "key", name="given")
            place: ColumnElement[Any] = rows.c.key
        else:
            rows = self._elements("given")
            place = cast(rows.c.key, Integer) - 1
        self.rows: FromClause = rows
        self.place = place
        self._id = rows.c.value

    def is_(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """For a join with these rows."""
        joined = column == self._id
        return joined if self._is_sqlite else and_(joined, self.has(column))

    def has(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether it is one of them. As an array, PostgreSQL looks each up by the index, whatever else it takes the
        table for: a plan that was made when the table was empty would rather read all of it."""
        if self._is_sqlite:
            return column.in_(select(self._id).select_from(self.rows))
        listed = select(self._elements("listed").c.value).scalar_subquery()
        return column == any_(func.array(listed, type_=ARRAY(Text)))

    def _elements(self, name: str) -> TableValuedAlias:
        elements = func.json_array_elements_text(cast(self._given, JSON))
        return elements.table_valued("value", with_ordinality="key").render_derived(name=name)


def each(make: Callable[[Ids], T]) -> Mapping[str, T]:
    """A statement for each database."""
    return MappingProxyType({"sqlite": make(Ids("sqlite")), "postgresql": make(Ids("postgresql"))})


def written(ids: Sequence[str]) -> str:
    """The value of the parameter."""
    return orjson.dumps(ids).decode()
