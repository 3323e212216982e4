"""Guessing is slowed down: attempts are counted in the database, before anything is hashed (choices, "Limits")."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from mintmark.protocol import throttling
from mintmark.protocol.errors import Overloaded
from mintmark.protocol.throttling import Count, Pass, Tick, Wait
from mintmark.settings import Throttle
from mintmark.store import throttles
from mintmark.store.changes import Change, Conflict
from mintmark.store.executor import Executor

TRIES = 5  # at a count that others move at the same time
DEFAULT_WINDOW = timedelta(hours=1)

Rule = Callable[[Count | None, datetime], Tick | Wait]


class Budgets(Protocol):
    """The settings that are asked for. None: not counted."""

    @property
    def throttle_sign_in(self) -> Throttle | None: ...
    @property
    def throttle_sign_in_address(self) -> Throttle | None: ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """Whose attempts are counted together with this one."""

    account_key: bytes  # of throttling.account_key
    address: str
    device_key: bytes | None = None  # of throttling.device_key; None: this browser is not known to the account

    @property
    def account_id(self) -> str:
        return f"account:{self.account_key.hex()}" if self.device_key is None else f"device:{self.device_key.hex()}"

    @property
    def address_id(self) -> str:
        return f"address:{throttling.address_key(self.address).hex()}"


async def attempt(store: Executor, now: datetime, asked: Attempt, budgets: Budgets) -> Pass | Wait:
    """Counts it for the account (or the account in this browser) and for the address, or says how long to wait.

    One change set: of any number of parallel attempts, on any number of nodes, no more pass than the budget has left.
    Raises Overloaded when others were faster each time.
    """
    rules = dict(_rules(asked, budgets))
    if not rules:
        return Pass()
    for _ in range(TRIES):
        read = await throttles.find(store, asked.account_id, asked.address_id)
        decided = {row: rule(read.get(row), now) for row, rule in rules.items()}
        waits = [decision.seconds for decision in decided.values() if isinstance(decision, Wait)]
        if waits:
            return Wait(max(waits))
        ticks = [(row, tick) for row, tick in decided.items() if isinstance(tick, Tick)]
        try:
            await store.commit([throttles.count(row, read.get(row), tick, now) for row, tick in ticks])
        except Conflict:
            continue
        return Pass()
    raise Overloaded("too many attempts at once: try again", check="sign-in throttle")


def succeeded(now: datetime, asked: Attempt) -> tuple[Change, ...]:
    """To be committed with the sign-in: the account starts afresh, and the address's count loses this attempt only."""
    return throttles.clear(asked.account_id), throttles.take_back(asked.address_id, now)


def _rules(asked: Attempt, budgets: Budgets) -> Iterator[tuple[str, Rule]]:
    account, address = budgets.throttle_sign_in, budgets.throttle_sign_in_address
    if account is not None:
        forgotten_after = account.per or throttling.FORGOTTEN_AFTER
        yield asked.account_id, partial(throttling.at_account, free=account.count, forgotten_after=forgotten_after)
    if address is not None:
        per = address.per or DEFAULT_WINDOW
        yield asked.address_id, partial(throttling.from_address, most=address.count, per=per)


@dataclass(slots=True)
class Line:
    semaphore: asyncio.Semaphore
    present: int = 0  # those under way and those who wait


class Turns:
    """Few at once for each account, in the order they came: right passwords sent in parallel are not told to wait.

    Attempts under way count as failures until they succeed. Kept in this process: the database holds the limit.
    """

    def __init__(self, at_once: int = 4, *, waiting: int = 64) -> None:
        self._at_once = at_once
        self._most = at_once + waiting
        self._lines: dict[bytes, Line] = {}

    @asynccontextmanager
    async def turn(self, asked: Attempt) -> AsyncIterator[None]:
        """Around `attempt`, the hashing and the sign-in's commit. Raises Overloaded when too many wait."""
        key = asked.device_key or asked.account_key
        line = self._lines.setdefault(key, Line(asyncio.Semaphore(self._at_once)))
        if line.present >= self._most:
            raise Overloaded("too many attempts at once: try again", check="sign-in turns")
        line.present += 1
        try:
            async with line.semaphore:
                yield
        finally:
            line.present -= 1
            if not line.present:
                del self._lines[key]
