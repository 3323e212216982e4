"""Where every event goes: one log line each, and the audit trail.

Facts that change state are written by their commit. Observations wait in a bounded queue, equal ones counted together,
and are flushed within a second; when the queue is full they are dropped and counted.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from mintmark.events import Event, own
from mintmark.protocol import ids
from mintmark.refusal_queue import RefusalQueue
from mintmark.store import audit
from mintmark.store.changes import Change
from mintmark.store.executor import Executor
from mintmark.store.refusals import Refused

MOST = 10_000  # different observations waiting
AT_ONCE = 200  # rows under way
SHOWN = (  # what a line says of whom, and where the event has it
    ("client", "client_id"),
    ("person", "person_id"),
    ("session", "session_id"),
    ("authorization", "authorization_id"),
    ("actor", "actor"),
)


@cache
def shown_of(kind: type[Event]) -> tuple[tuple[str, str], ...]:
    return (*SHOWN, *((name, name) for name in own(kind)))  # type: ignore[arg-type]  # as in `events`


class Log(Protocol):
    def info(self, event: str, **fields: Any) -> Any: ...  # Any: whatever an event tells
    def warning(self, event: str, **fields: Any) -> Any: ...


@dataclass(slots=True)
class Waiting:
    event: Event
    at: datetime
    request_id: str | None
    address: str | None
    count: int = 1


@dataclass(slots=True)
class Journal:
    log: Log
    random: Callable[[int], bytes]
    waiting: dict[tuple[object, ...], Waiting] = field(default_factory=dict)
    dropped: int = 0
    refusals: RefusalQueue = field(default_factory=RefusalQueue)
    lost: int = 0  # dropped, and told
    count: Callable[[Event], None] = lambda event: None

    def fact(self, event: Event, now: datetime, request_id: str | None, address: str | None) -> Change:
        """The audit row that goes with the commit of its cause; `told` follows once that is durable."""
        return audit.add(ids.uuid7(now, self.random(10)), event, now, request_id=request_id, address=address)

    def told(self, event: Event, request_id: str | None, **more: object) -> None:
        """The log line."""
        self.count(event)
        line: dict[str, object] = {"outcome": event.outcome}
        if request_id is not None:
            line["request"] = request_id
        for shown, field_name in shown_of(type(event)):  # type: ignore[arg-type]  # as in `events`
            value = getattr(event, field_name)
            if value is not None:
                line[shown] = value
        if more:
            line |= more
        write = self.log.info if event.outcome == "done" else self.log.warning
        write(event.name, **line)

    def seen(self, event: Event, now: datetime, request_id: str | None, address: str | None, **more: object) -> None:
        """An observation: told now, kept soon."""
        self.told(event, request_id, **more)
        key = (event, address)
        found = self.waiting.get(key)
        if found is not None:
            found.count += 1
        elif len(self.waiting) < MOST:
            self.waiting[key] = Waiting(event, now, request_id, address)
        else:
            self.dropped += 1

    def refused(self, one: Refused, event: Event, now: datetime, **more: object) -> None:
        """A refusal: told, and kept for `mintmark why`. In a flood, the audit trail counts together whoever sent it."""
        is_kept = self.refusals.take(one)
        self.seen(event, now, one.id, one.address if is_kept else None, **more)

    def count_dropped(self) -> int:
        """How many were dropped since this was asked last."""
        dropped, self.dropped = self.dropped, 0
        self.lost += dropped
        return dropped

    async def flush(self, store: Executor) -> None:
        """Writes what waits, each row by itself: the store puts together what comes together.

        What cannot be written now waits on.
        """
        taken, self.waiting = self.waiting, {}
        left = list(taken.items())
        try:
            while left:
                some = left[:AT_ONCE]
                commits = (store.commit([self._row(one)]) for _, one in some)
                outcomes = await asyncio.gather(*commits, return_exceptions=True)
                failed = [(row, error) for row, error in zip(some, outcomes, strict=True) if error is not None]
                left = [*(row for row, _ in failed), *left[AT_ONCE:]]
                if failed:
                    raise failed[0][1]
        finally:
            for key, one in left:
                self._wait_on(key, one)
        await self.refusals.flush(store)

    def _wait_on(self, key: tuple[object, ...], one: Waiting) -> None:
        newer = self.waiting.setdefault(key, one)
        if newer is not one:
            newer.count += one.count

    def _row(self, one: Waiting) -> Change:
        return audit.add(
            ids.uuid7(one.at, self.random(10)),
            one.event,
            one.at,
            request_id=one.request_id,
            address=one.address,
            count=one.count,
        )
