"""Reading from PostgreSQL: one statement for each read, or one for all that ask it at the same time."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BinaryExpression,
    BindParameter,
    ClauseElement,
    ColumnElement,
    Select,
    Text,
    any_,
    bindparam,
    func,
    select,
    type_coerce,
)
from sqlalchemy.sql import operators

from mintmark.store import sql
from mintmark.store.changes import Unavailable, Value
from mintmark.store.coalesce import Lane
from mintmark.store.connections import Connections
from mintmark.store.executor import ASKED, Read, Row
from mintmark.store.postgresql_batch import DIALECT
from mintmark.store.postgresql_errors import Lost, is_impossible_text

Asked = tuple[Value, ...]  # the key, and what stands beside it


class Reads:
    """What was compiled so far, and who waits for what."""

    def __init__(self, connections: Connections) -> None:
        self.statements = 0
        self._connections = connections
        self._single: dict[Read, sql.Statement] = {}
        self._together: dict[Read, Together] = {}

    async def fetch(self, read: Read, parameters: dict[str, Value]) -> list[Row]:
        """The rows of one read."""
        if read.key is not None:
            together = self._together.get(read)
            if together is None:
                self._together[read] = together = Together(self, read, (read.key, *read.beside))
            return await together.lane.ask(tuple([parameters[name] for name in together.names]))
        compiled = self._single.get(read)
        if compiled is None:
            self._single[read] = compiled = sql.statement(read.statement, DIALECT)
        return await self.rows(compiled.sql, compiled.arrange(parameters))

    async def rows(self, text: str, arguments: Sequence[Any]) -> list[Row]:
        """For one request."""
        try:
            return await self.ask(text, arguments)
        except Exception as error:
            if is_impossible_text(error):
                return []
            raise

    async def ask(self, text: str, arguments: Sequence[Any]) -> list[Row]:
        """May ask twice: when the connection had died while it lay idle, another one answers."""
        self.statements += 1
        try:
            return await self._once(text, arguments)
        except Lost:
            return await self._once(text, arguments)

    async def _once(self, text: str, arguments: Sequence[Any]) -> list[Row]:
        records = await self._connections.run(lambda connection: connection.fetch(text, *arguments))
        return [tuple(record) for record in records]

    async def idle(self) -> None:
        """Waits until nothing is under way."""
        for together in self._together.values():
            await together.lane.idle()


class Together:
    """One read with a key, asked for all the keys that are wanted at the same time."""

    def __init__(self, reads: Reads, read: Read, names: tuple[str, ...]) -> None:
        self.names = names
        self._reads = reads
        self._one = sql.statement(read.statement, DIALECT)
        many = for_each(read.statement, names) if read.beside else for_any(read.statement, names[0])
        self._many = sql.statement(many, DIALECT)
        self.lane: Lane[Asked, list[Row]] = Lane(self._run)

    async def _run(self, asked: Sequence[Asked]) -> Sequence[list[Row] | Exception]:
        each = list(dict.fromkeys(asked))
        if len(each) == 1:
            return [await self._alone(each[0])] * len(asked)
        try:
            lists = map(list, zip(*each, strict=True))
            rows = await self._reads.ask(self._many.sql, self._arranged(self._many, lists))
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001  # what one of them asks must not be the others' fault
            answers = await asyncio.gather(*map(self._alone, each), return_exceptions=True)
            by_one: dict[Asked, Any] = dict(zip(each, answers, strict=True))
            return [by_one[one] for one in asked]
        found: dict[Asked, list[Row]] = {one: [] for one in each}
        for row in rows:
            found[row[: len(self.names)]].append(row)
        return [found[one] for one in asked]

    async def _alone(self, one: Asked) -> list[Row]:
        return await self._reads.rows(self._one.sql, self._arranged(self._one, one))

    def _arranged(self, statement: sql.Statement, values: Iterable[Any]) -> list[Any]:
        return statement.arrange(dict(zip(self.names, values, strict=True)))


def for_any(statement: Select[*tuple[Any, ...]], key: str) -> Select[*tuple[Any, ...]]:
    """The same SELECT for a list of keys. Refuses one whose rows would not say which key they belong to."""
    first = statement.selected_columns[0]
    found: list[object] = []

    def replace(element: object) -> ColumnElement[bool] | None:
        if not isinstance(element, BinaryExpression) or not isinstance(element.right, BindParameter):
            return None
        if element.right.key != key or element.operator is not operators.eq or element.left is not first:
            return None
        found.append(element)
        return first == any_(bindparam(key, type_=ARRAY(first.type)))

    replaced = sql.replaced(statement, replace)
    limited = statement._limit_clause is not None or statement._offset_clause is not None
    if len(found) != 1 or limited or statement._group_by_clauses or statement._distinct:
        raise ValueError(f"{key} cannot be the key of this read: see Read")
    return replaced


def for_each(statement: Select[*tuple[Any, ...]], names: Sequence[str]) -> Select[*tuple[Any, ...]]:
    """The same SELECT for lists of what each asks: instead of from one row it selects from a row of each."""
    lists = (func.unnest(type_coerce(bindparam(name, type_=ARRAY(Text)), ARRAY(Text))).label(name) for name in names)
    each = select(*lists).subquery("asked")

    def replace(element: object) -> ClauseElement | None:
        if element is ASKED:
            return each
        return each.c[element.key] if isinstance(element, BindParameter) and element.key in names else None

    return sql.replaced(statement, replace)
