"""Lanes: who wants to change the same thing takes turns, in this process, instead of deciding against one another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from mintmark.protocol.errors import Overloaded

PATIENCE = 5.0  # seconds
MOST = 1000


@dataclass(slots=True)
class Lane:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    present: int = 0  # the one whose turn it is, and those who wait


class Lanes:
    """Nothing is right because of them: what other processes do, the database's guards hold back."""

    def __init__(self, *, patience: float = PATIENCE, most: int = MOST) -> None:
        self._patience, self._most = patience, most
        self._lanes: dict[str, Lane] = {}

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """One at a time for each key, in the order they came. Raises Overloaded when that takes too long."""
        lane = self._lanes.setdefault(key, Lane())
        if lane.present >= self._most:
            raise Overloaded("too many want the same thing at once", check="lane")
        lane.present += 1
        try:
            await self._wait(lane)
            try:
                yield
            finally:
                lane.lock.release()
        finally:
            lane.present -= 1
            if not lane.present:
                del self._lanes[key]

    async def _wait(self, lane: Lane) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await lane.lock.acquire()
        except TimeoutError as error:
            raise Overloaded("too many want the same thing at once", check="lane") from error
