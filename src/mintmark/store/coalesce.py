"""Requests that ask the same thing at the same time are asked together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from mintmark.store.changes import Unavailable

Item = TypeVar("Item")
Result = TypeVar("Result")
Asked: TypeAlias = tuple[Item, asyncio.Future[Result], float]  # what, whom to tell, and since when it waits

ABREAST = 2  # batches of one kind under way: the next is being made up while the database works on the last
TICKS = 4  # of the loop for which a batch that still grows is held back
MOST = 256  # items in one batch
WAITING = 4_096  # items that may wait; more are refused at once
LATE = 1.5  # seconds that an item waits for its batch to begin: of what is told to wait no longer, nothing was sent


@dataclass(slots=True)
class Growth:
    """How a batch grows, tick by tick of the loop, before it begins.

    What a batch costs, it costs once for all that is in it, and most of what comes together is read from its sockets in
    two ticks or three. A loop that has more to do loses no time by it; one that has nothing else to do waits one tick.
    """

    seen: int = 0
    ticks: int = 0

    def goes_on(self, waiting: int) -> bool:
        """Whether the last tick has brought more, so that the next one is waited for. Asked once a tick."""
        if self.seen < waiting < MOST and self.ticks < TICKS:
            self.seen, self.ticks = waiting, self.ticks + 1
            return True
        self.seen = self.ticks = 0
        return False


class Lane(Generic[Item, Result]):
    """Gathers what is asked while more comes with every tick of the loop, or while its batches are under way.

    `run` answers one result or exception for each item; what it raises becomes the answer to all of them.
    """

    def __init__(self, run: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]]) -> None:
        self._run = run
        self._waiting: list[Asked[Item, Result]] = []
        self._called = False  # it gathers
        self._growth = Growth()
        self._watched = False  # somebody waits, and will be told when it gets late
        self._under_way: set[asyncio.Task[None]] = set()

    def ask(self, item: Item) -> asyncio.Future[Result]:
        """The answer to come. Raises Unavailable when too many wait already."""
        if len(self._waiting) >= WAITING:
            raise Unavailable("too many requests wait for the database")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, future, loop.time()))
        if len(self._under_way) >= ABREAST:
            self._watch(LATE)
        elif not self._called:
            self._called = True
            loop.call_soon(self._gather)
        return future

    async def idle(self) -> None:
        """Waits until nothing is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _gather(self) -> None:
        if self._growth.goes_on(len(self._waiting)):
            asyncio.get_running_loop().call_soon(self._gather)
            return
        self._called = False
        self._start()

    def _start(self) -> None:
        while self._waiting and len(self._under_way) < ABREAST:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            task = asyncio.get_running_loop().create_task(self._carry(batch))
            self._under_way.add(task)
            task.add_done_callback(self._end)
        if self._waiting:
            self._watch(LATE)

    def _watch(self, seconds: float) -> None:
        if not self._watched:
            self._watched = True
            asyncio.get_running_loop().call_later(seconds, self._tell_the_late)

    def _tell_the_late(self) -> None:
        """The batches before them hang, on a lock say: whoever came later is told in time."""
        self._watched = False
        now = asyncio.get_running_loop().time()
        while self._waiting and now >= self._waiting[0][2] + LATE:
            _, future, _ = self._waiting.pop(0)
            if not future.done():
                future.set_exception(Unavailable("the database is busy with others"))
        if self._waiting:
            self._watch(self._waiting[0][2] + LATE - now)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not self._called:
            self._start()

    async def _carry(self, batch: Sequence[Asked[Item, Result]]) -> None:
        results: Sequence[Result | Exception]
        try:
            results = await self._run([item for item, _, _ in batch])
        except Exception as error:  # noqa: BLE001  # it is told to everybody who asked
            results = [error] * len(batch)
        for (_, future, _), result in zip(batch, results, strict=True):
            if future.done():  # whoever asked was cancelled
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
