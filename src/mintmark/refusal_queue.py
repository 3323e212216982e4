"""Refusals on their way into their table: so many of a second, the rest counted.

A flood of them, by one client that is broken or by many that attack, neither fills the disk nor hides the others.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from mintmark.store import refusals
from mintmark.store.changes import Conflict
from mintmark.store.executor import Executor
from mintmark.store.refusals import Refused

OF_A_SECOND = 50
FROM_ONE_ADDRESS = 20
ALIKE = 5  # of one door, check, client and address
MOST = 1000  # waiting, while the database does not answer


@dataclass(slots=True)
class RefusalQueue:
    waiting: list[Refused] = field(default_factory=list)
    dropped: int = 0
    _second: int = -1
    _taken: Counter[object] = field(default_factory=Counter)
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def take(self, one: Refused) -> bool:
        """False: it is one too many, and only counted."""
        second = int(one.at.timestamp())
        if second != self._second:
            self._second = second
            self._taken.clear()
        taken = self._taken
        alike = (one.door, one.check, one.client_id, one.address)
        is_one_of_too_many = (
            taken[None] >= OF_A_SECOND
            or taken[one.address] >= FROM_ONE_ADDRESS
            or taken[alike] >= ALIKE
            or len(self.waiting) >= MOST
        )
        if is_one_of_too_many:
            self.dropped += 1
            return False
        taken.update((None, one.address, alike))
        self.waiting.append(one)
        return True

    def count_dropped(self) -> int:
        """How many were dropped since this was asked last."""
        dropped, self.dropped = self.dropped, 0
        return dropped

    async def flush(self, store: Executor) -> None:
        """What waited when this was called is written when it returns. What cannot be written now waits on."""
        async with self._writing:
            taken, self.waiting = self.waiting, []
            if taken:
                await self._write(store, taken)

    async def _write(self, store: Executor, taken: list[Refused]) -> None:
        """Each row by itself: the store puts together what comes together."""
        commits = (store.commit([refusals.add(one)]) for one in taken)
        outcomes = await asyncio.gather(*commits, return_exceptions=True)
        failed = [
            (one, error)
            for one, error in zip(taken, outcomes, strict=True)
            if error is not None and not isinstance(error, Conflict)  # it is there already
        ]
        self.waiting[:0] = [one for one, _ in failed]
        if failed:
            raise failed[0][1]
