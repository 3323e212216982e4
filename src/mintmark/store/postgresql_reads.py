"""Reading from PostgreSQL: one statement for each read, or one for all that ask it at the same time."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import ARRAY, BinaryExpression, BindParameter, ColumnElement, Select, any_, bindparam
from sqlalchemy.sql import operators, visitors

from mintmark.store import sql
from mintmark.store.changes import Unavailable, Value
from mintmark.store.coalesce import Lane
from mintmark.store.connections import Connections
from mintmark.store.executor import Read, Row
from mintmark.store.postgresql_batch import DIALECT
from mintmark.store.postgresql_errors import Lost, is_impossible_text


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
                self._together[read] = together = Together(self, read, read.key)
            return await together.lane.ask(parameters[read.key])
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
    """One read with a key, asked with `= ANY` for all the keys that are wanted at the same time."""

    def __init__(self, reads: Reads, read: Read, key: str) -> None:
        self._reads = reads
        self._one = sql.statement(read.statement, DIALECT)
        self._many = sql.statement(for_any(read.statement, key), DIALECT)
        self._key = key
        self.lane: Lane[Value, list[Row]] = Lane(self._run)

    async def _run(self, asked: Sequence[Value]) -> Sequence[list[Row] | Exception]:
        keys = list(dict.fromkeys(asked))
        if len(keys) == 1:
            return [await self._alone(keys[0])] * len(asked)
        try:
            rows = await self._reads.ask(self._many.sql, self._arranged(self._many, keys))
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001  # what one of them asks must not be the others' fault
            answers = await asyncio.gather(*map(self._alone, keys), return_exceptions=True)
            by_key: dict[Value, Any] = dict(zip(keys, answers, strict=True))
            return [by_key[key] for key in asked]
        found: dict[Value, list[Row]] = {key: [] for key in keys}
        for row in rows:
            found[row[0]].append(row)
        return [found[key] for key in asked]

    async def _alone(self, key: Value) -> list[Row]:
        return await self._reads.rows(self._one.sql, self._arranged(self._one, key))

    def _arranged(self, statement: sql.Statement, key: object) -> list[Any]:
        return [key if name == self._key else statement.constants[name] for name in statement.names]


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

    replaced = visitors.replacement_traverse(statement, {}, lambda element, **_: replace(element))
    limited = statement._limit_clause is not None or statement._offset_clause is not None
    if len(found) != 1 or limited or statement._group_by_clauses or statement._distinct:
        raise ValueError(f"{key} cannot be the key of this read: see Read")
    return cast("Select[*tuple[Any, ...]]", replaced)
