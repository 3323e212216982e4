"""Requests that ask the same thing at the same time are asked together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from mintmark.store.changes import Unavailable

Item = TypeVar("Item")
Result = TypeVar("Result")

ABREAST = 2  # batches of one kind under way: the next is being made up while the database works on the last
MOST = 256  # items in one batch
WAITING = 4_096  # items that may wait; more are refused at once


class Lane(Generic[Item, Result]):
    """Gathers what is asked within one tick of the loop, and whatever comes while its batches are under way.

    `run` answers one result or exception for each item; what it raises becomes the answer to all of them.
    """

    def __init__(self, run: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]]) -> None:
        self._run = run
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._called = False
        self._under_way: set[asyncio.Task[None]] = set()

    def ask(self, item: Item) -> asyncio.Future[Result]:
        """The answer to come. Raises Unavailable when too many wait already."""
        if len(self._waiting) >= WAITING:
            raise Unavailable("too many requests wait for the database")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, future))
        if not self._called and len(self._under_way) < ABREAST:
            self._called = True
            loop.call_soon(self._start)
        return future

    async def idle(self) -> None:
        """Waits until nothing is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _start(self) -> None:
        self._called = False
        while self._waiting and len(self._under_way) < ABREAST:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            task = asyncio.get_running_loop().create_task(self._carry(batch))
            self._under_way.add(task)
            task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._start()

    async def _carry(self, batch: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        results: Sequence[Result | Exception]
        try:
            results = await self._run([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001  # it is told to everybody who asked
            results = [error] * len(batch)
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():  # whoever asked was cancelled
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
