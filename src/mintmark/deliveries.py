"""To whom one process is sending, and plain counters of it and of the upkeep, for /metrics."""

import asyncio
import os
import socket
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime

MOMENT = 2.0  # seconds at the end of a process for what is under way
MOST = 64  # receivers at a time: so many may hang before another one waits, for ten seconds at most


@dataclass(slots=True)
class Deliveries:
    """One task a receiver, while something is due for it. Counters only grow."""

    sent: dict[str, int] = field(default_factory=dict)  # by kind
    failed: dict[str, int] = field(default_factory=dict)  # attempts
    given_up: dict[str, int] = field(default_factory=dict)
    most: int = MOST
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def has_room(self, receiver: str) -> bool:
        return receiver not in self._tasks and len(self._tasks) < self.most

    def start(self, receiver: str, sending: Coroutine[object, object, None]) -> None:
        self._tasks[receiver] = task = asyncio.get_running_loop().create_task(sending)
        task.add_done_callback(lambda done: self._tasks.pop(receiver, None))

    @property
    def under_way(self) -> int:
        """How many receivers are being sent to."""
        return len(self._tasks)

    async def ended(self, receiver: str, seconds: float) -> None:
        """Waits until nothing is under way for it, or so long."""
        task = self._tasks.get(receiver)
        if task is not None:
            await asyncio.wait([task], timeout=seconds)

    async def idle(self) -> None:
        """Waits until nothing is under way."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))

    async def stop(self) -> None:
        """Lets go, after a moment: what was not marked as sent by then is sent again when its lease is over."""
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=MOMENT)
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(slots=True)
class DutyState:
    """What this process has done of one duty."""

    runs: int = 0
    failures: int = 0
    seconds: float = 0.0  # altogether
    last_ended: datetime | None = None
    held_until: datetime | None = None  # its lease of a duty that one node does
    written_at: datetime | None = None  # when the others were last told what came of it


def _this_process() -> str:
    """As an operator finds it; two in one process, as in tests, are two."""
    return f"{socket.gethostname()}:{os.getpid()}:{os.urandom(3).hex()}"


@dataclass(slots=True)
class UpkeepState:
    holder: str = field(default_factory=_this_process)  # who we are, where nodes take turns
    duties: dict[str, DutyState] = field(default_factory=dict)

    def of(self, name: str) -> DutyState:
        return self.duties.setdefault(name, DutyState())
