"""Guessing is slowed down: attempts are counted in the database, before anything is hashed (choices, "Limits")."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
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
PASSWORD = "password"
EVERYBODY = "everybody"  # the row of all failures, of whomever, from wherever
STEPS = 5  # wrong proofs in one sign-in of several steps: then it is over
STEPS_FORGOTTEN = timedelta(hours=1)  # longer than such a sign-in lasts

Rule = Callable[[Count | None, datetime], Tick | Wait]


class Budgets(Protocol):
    """The settings that are asked for. None: not counted."""

    @property
    def throttle_sign_in(self) -> Throttle | None: ...
    @property
    def throttle_sign_in_address(self) -> Throttle | None: ...
    @property
    def throttle_sign_in_everybody(self) -> Throttle | None: ...
    @property
    def throttle_second_factor(self) -> Throttle | None: ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """Whose attempts are counted together with this one."""

    account_key: bytes | None  # of throttling.account_key; None: nobody is named, as by a passkey
    address: str
    device_key: bytes | None = None  # of throttling.device_key; None: this browser is not known to the account
    factor: str = PASSWORD  # each has a count of its own: no success of one clears another's
    sign_in: str | None = None  # the sign-in under way, of which this is a further step

    @property
    def account_id(self) -> str | None:
        if self.account_key is None:
            return None
        key = f"account:{self.account_key.hex()}" if self.device_key is None else f"device:{self.device_key.hex()}"
        return key if self.factor == PASSWORD else f"{self.factor}:{key}"

    @property
    def sign_in_id(self) -> str | None:
        return None if self.sign_in is None else f"sign-in:{sha256(self.sign_in.encode()).hexdigest()}"

    @property
    def address_id(self) -> str:
        return f"address:{throttling.address_key(self.address).hex()}"


@dataclass(frozen=True, slots=True)
class Over:
    """The sign-in under way has had all its tries: it must begin anew."""


async def attempt(store: Executor, now: datetime, asked: Attempt, budgets: Budgets) -> Pass | Wait | Over:
    """Counts it for the account (or the account in this browser) and for the address, or says how long to wait.

    One change set: of any number of parallel attempts, on any number of nodes, no more pass than the budget has left.
    Raises Overloaded when others were faster each time.
    """
    rules = dict(_rules(asked, budgets))
    everybody = None if asked.device_key is not None else budgets.throttle_sign_in_everybody
    if not rules and everybody is None:
        return Pass()
    for _ in range(TRIES):
        read = await throttles.find(store, *rules, EVERYBODY)
        decided = {row: rule(read.get(row), now) for row, rule in rules.items()}
        if everybody is not None:
            decided[EVERYBODY] = _of_everybody(read.get(EVERYBODY), now, everybody)
        waits = {row: decision.seconds for row, decision in decided.items() if isinstance(decision, Wait)}
        if waits:
            return Over() if asked.sign_in_id in waits else Wait(max(waits.values()))
        ticks = [(row, tick) for row, tick in decided.items() if isinstance(tick, Tick) and row != EVERYBODY]
        try:
            await store.commit([throttles.count(row, read.get(row), tick, now) for row, tick in ticks])
        except Conflict:
            continue
        return Pass()
    raise Overloaded("too many attempts at once: try again", check="sign-in throttle")


async def failed(store: Executor, now: datetime, asked: Attempt, budgets: Budgets) -> None:
    """One failure more of everybody's. Of many at once some may be lost: it is a brake, and no single account's."""
    everybody = budgets.throttle_sign_in_everybody
    if everybody is None or asked.device_key is not None:
        return
    read = (await throttles.find(store, EVERYBODY)).get(EVERYBODY)
    tick = _of_everybody(read, now, everybody)
    if isinstance(tick, Tick):
        with suppress(Conflict):
            await store.commit([throttles.count(EVERYBODY, read, tick, now)])


def succeeded(now: datetime, asked: Attempt) -> tuple[Change, ...]:
    """To be committed with the sign-in: the account starts afresh, and the address's count loses this attempt only."""
    back = throttles.take_back(asked.address_id, now)
    return (back,) if asked.account_id is None else (throttles.clear(asked.account_id), back)


def taken_back(now: datetime, asked: Attempt) -> tuple[Change, ...]:
    """For what was no try after all: whoever asks for a code to be sent has not guessed."""
    rows = [asked.account_id, asked.address_id, asked.sign_in_id]
    return tuple(throttles.take_back(row, now) for row in rows if row is not None)


def _of_everybody(count: Count | None, now: datetime, budget: Throttle) -> Tick | Wait:
    return throttling.from_address(count, now, most=budget.count, per=budget.per or DEFAULT_WINDOW)


def _rules(asked: Attempt, budgets: Budgets) -> Iterator[tuple[str, Rule]]:
    account = budgets.throttle_sign_in if asked.factor == PASSWORD else budgets.throttle_second_factor
    address = budgets.throttle_sign_in_address
    if account is not None and asked.account_id is not None:
        forgotten_after = account.per or throttling.FORGOTTEN_AFTER
        yield asked.account_id, partial(throttling.at_account, free=account.count, forgotten_after=forgotten_after)
    if address is not None:
        per = address.per or DEFAULT_WINDOW
        yield asked.address_id, partial(throttling.from_address, most=address.count, per=per)
    if asked.sign_in_id is not None:
        yield asked.sign_in_id, partial(throttling.from_address, most=STEPS, per=STEPS_FORGOTTEN)


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
        key = asked.device_key or asked.account_key or asked.address.encode()
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
