"""Many ids as one parameter: a JSON list, which each database takes apart in its own way."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, TypeVar

import orjson
from sqlalchemy import JSON, ColumnElement, FromClause, Integer, Text, bindparam, cast, func

T = TypeVar("T")
Dialect = Literal["sqlite", "postgresql"]


class Ids:
    """The rows of the parameter `ids`: a FROM of its own, each id with its place, from 0 on."""

    def __init__(self, dialect: Dialect) -> None:
        given = bindparam("ids", type_=Text)
        if dialect == "sqlite":
            rows = func.json_each(given).table_valued("value", "key", name="given")
            place: ColumnElement[Any] = rows.c.key
        else:
            elements = func.json_array_elements_text(cast(given, JSON))
            rows = elements.table_valued("value", with_ordinality="key", name="given").render_derived()
            place = cast(rows.c.key, Integer) - 1
        self.rows: FromClause = rows
        self.id: ColumnElement[Any] = rows.c.value
        self.place = place


def each(make: Callable[[Ids], T]) -> Mapping[str, T]:
    """A statement for each database."""
    return MappingProxyType({"sqlite": make(Ids("sqlite")), "postgresql": make(Ids("postgresql"))})


def written(ids: Sequence[str]) -> str:
    """The value of the parameter."""
    return orjson.dumps(ids).decode()
