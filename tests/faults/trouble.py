"""What goes wrong at the n-th statement of a store: an error, a lost connection, or the end of the process."""

import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import asyncpg
from pysqlite3 import dbapi2

from mintmark.store.changes import Unavailable
from mintmark.store.executor import Executor

When = Literal["before", "after"]
SQLITE_IOERR = 10


class Trouble:
    """Counts what is sent from `begin` on, and strikes before or after the statement `at`. lasting: and ever since."""

    def __init__(self) -> None:
        self.at, self.count, self.lasting, self.kills = 0, 0, False, False
        self.spares_rollback = True
        self.when: When = "before"
        self.is_on = self.struck = False

    def begin(self, at: int, when: When, *, lasting: bool = False, kills: bool = False) -> None:
        self.at, self.when, self.lasting, self.kills = at, when, lasting, kills
        self.count, self.is_on, self.struck = 0, True, False

    def end(self) -> None:
        self.is_on = False

    def is_due(self, when: When) -> bool:
        """Asked before and after each statement."""
        if not self.is_on:
            return False
        self.count += when == "before"
        if self.struck and self.lasting:
            return when == "before"
        if self.count == self.at and self.when == when:
            self.struck = True
            if self.kills:
                os.kill(os.getpid(), signal.SIGKILL)
            return True
        return False

    @property
    def keeps_out(self) -> bool:
        """Nobody gets a new connection."""
        return self.is_on and self.struck and self.lasting


class FaultyCursor:
    """A cursor of SQLite. What fails is what a disk does; a ROLLBACK in WAL mode needs none."""

    def __init__(self, cursor: Any, trouble: Trouble) -> None:
        self._cursor, self._trouble = cursor, trouble

    def execute(self, sql: str, *parameters: Any) -> Any:
        spoiled = not (sql.startswith("ROLLBACK") and self._trouble.spares_rollback)
        if spoiled and self._trouble.is_due("before"):
            raise disk_fault()
        found = self._cursor.execute(sql, *parameters)
        if spoiled and self._trouble.is_due("after"):
            raise disk_fault()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


def disk_fault() -> Exception:
    error = dbapi2.OperationalError("disk I/O error")
    error.sqlite_errorcode = SQLITE_IOERR
    return error


class FaultyConnection:
    """A connection to PostgreSQL that breaks: before the server hears of a statement, or before its answer comes."""

    def __init__(self, connection: Any, trouble: Trouble) -> None:
        self._connection, self._trouble = connection, trouble

    async def fetch(self, *asked: Any) -> Any:
        return await self._around(lambda: self._connection.fetch(*asked))

    async def execute(self, *asked: Any) -> Any:
        return await self._around(lambda: self._connection.execute(*asked))

    def transaction(self) -> "FaultyTransaction":
        return FaultyTransaction(self._connection.transaction(), self)

    async def _around(self, do: Callable[[], Awaitable[Any]]) -> Any:
        if self._trouble.is_due("before"):
            raise self._lost()
        found = await do()
        if self._trouble.is_due("after"):
            raise self._lost()
        return found

    def _lost(self) -> Exception:
        self._connection.terminate()
        return asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class FaultyTransaction:
    def __init__(self, transaction: Any, connection: FaultyConnection) -> None:
        self._transaction, self._connection = transaction, connection

    async def __aenter__(self) -> None:
        await self._connection._around(self._transaction.start)

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        if error is None:
            await self._connection._around(self._transaction.commit)
        elif not self._connection.is_closed():
            await self._transaction.rollback()


def let_into(store: Executor) -> Trouble:
    """Every statement of the store passes by the trouble from now on."""
    trouble = Trouble()
    inside: Any = store
    if store.dialect == "sqlite":
        inside._cursor = FaultyCursor(inside._cursor, trouble)
        inside._transaction._cursor = FaultyCursor(inside._transaction._cursor, trouble)
        return trouble
    connections = inside._connections
    connect = connections._connect

    async def one() -> FaultyConnection:
        if trouble.keeps_out:
            raise Unavailable("the database does not answer")
        return FaultyConnection(await connect(), trouble)

    connections._connect = one
    connections._idle = [FaultyConnection(each, trouble) for each in connections._idle]
    return trouble
