"""The connections of one process to PostgreSQL: a bounded number, a bounded wait, mended without a restart."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from mintmark.store.changes import Unavailable
from mintmark.store.measures import Pool
from mintmark.store.postgresql_errors import Lost, translated

T = TypeVar("T")

# asyncpg carries no types; what is used of a connection is fetch, execute, is_closed, terminate and close.
Connection = Any

WAIT = 1.5  # seconds that a request waits for a free connection: its 503 is to leave within two
PAUSE = 0.2  # seconds without an attempt after one that failed: while the database is down, 503 costs nothing


class Connections:
    """Hands out open connections, makes them when they are wanted, and forgets those that were lost."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], most: int) -> None:
        self._connect = connect
        self._most = most
        self._open = 0  # idle, lent, or being made
        self._idle: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._down = False  # the last attempt failed: one attempt at a time, until one succeeds
        self._attempts = 0
        self._paused_until = 0.0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Connection]:
        """A connection for as long as the block lasts. Raises Unavailable."""
        connection = await self._take()
        try:
            yield connection
        finally:
            self._give(connection)

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Does it on a connection of its own. Errors come in the store's words."""
        connection = await self._take()
        try:
            return await work(connection)
        except TimeoutError as error:
            # The others may be as dead as this one, and would each cost a time-out.
            for silent in [connection, *self._idle]:
                silent.terminate()
            raise translated(error) from error
        except Exception as error:
            word = translated(error)
            if isinstance(word, Lost):
                connection.terminate()
            if word is error:
                raise
            raise word from error
        except BaseException:  # cancelled: an answer is still on its way, which the next one must not read as its own
            connection.terminate()
            raise
        finally:
            self._give(connection)

    async def open_first(self) -> None:
        """Makes one at the start, so that a wrong address is told then."""
        async with self.one():
            pass

    async def close(self) -> None:
        """Says goodbye on those that lie idle; those that are lent end with the process."""
        idle, self._idle = self._idle, []
        for connection in idle:
            try:
                await connection.close(timeout=WAIT)
            except Exception:  # noqa: BLE001  # a goodbye that nobody hears is no fault
                connection.terminate()

    def pool(self) -> Pool:
        in_use = self._open - len(self._idle)
        return Pool(self._most, self._open, in_use, sum(not future.done() for future in self._waiting))

    async def _take(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._open -= 1
        if self._open < self._most:
            return await self._make()
        return await self._wait()

    async def _make(self) -> Connection:
        if self._down and (self._attempts or asyncio.get_running_loop().time() < self._paused_until):
            raise Unavailable("the database does not answer")
        self._open += 1
        self._attempts += 1
        try:
            connection = await self._connect()
        except BaseException as error:
            self._open -= 1
            self._fail(error)
            raise
        finally:
            self._attempts -= 1
        self._down = False
        return connection

    def _fail(self, error: BaseException) -> None:
        """Whoever waits would meet the same fault, only later."""
        if isinstance(error, Unavailable):
            self._down = True
            self._paused_until = asyncio.get_running_loop().time() + PAUSE
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_exception(Unavailable("the database does not answer"))

    async def _wait(self) -> Connection:
        future: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            async with asyncio.timeout(WAIT):
                connection = await future
        except BaseException as error:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._give(future.result())  # handed over in the very moment in which the wait was given up
            if isinstance(error, TimeoutError):
                raise Unavailable("every connection to the database is busy") from None
            raise
        return await self._take() if connection is None else connection

    def _give(self, connection: Connection | None) -> None:
        """To whoever waits longest. None: the connection was lost, and its place is free."""
        if connection is None or connection.is_closed():
            self._open -= connection is not None
            connection = None
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(connection)
                return
        if connection is not None:
            self._idle.append(connection)
