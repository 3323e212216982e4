"""Passwords hashed and checked, in threads of their own (NIST SP 800-63B-4 §3.1.1; RFC 9106 §4)."""

import asyncio
import os
import re
import secrets
import threading
import time
import unicodedata
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from mintmark.factors import hash_formats
from mintmark.factors.hash_formats import Hash, read
from mintmark.factors.hash_memory import HashMemory
from mintmark.protocol import password_rules
from mintmark.protocol.errors import Overloaded

T = TypeVar("T")

MOST_CHARACTERS = 1024
MOST_BYTES = 4096
LONGEST_FLOOR = 3.0  # seconds; no hash that was let in takes longer
_TAG = 32  # bytes of an argon2 checksum of ours


@dataclass(frozen=True, slots=True)
class Verdict:
    matches: bool
    rehashed: str | None = None  # set: to be stored in place of the hash that matched


Kind = tuple[object, ...]  # the scheme and what was chosen for it


@dataclass(frozen=True, slots=True)
class Judged:
    """What a thread found out: when it began, and how long one computation of that kind takes it."""

    verdict: Verdict
    began: float
    kind: Kind
    seconds: float


def check(password: str) -> None:
    """Refuses what can be no password, with a sentence; whether it is a good one is another question."""
    if not password:
        raise ValueError("must not be empty")
    if len(password) > MOST_CHARACTERS or len(password.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise ValueError(f"must have at most {MOST_CHARACTERS} characters and {MOST_BYTES} bytes")
    if re.search("[\0\ud800-\udfff]", password):  # C libraries stop at a NUL; half a surrogate pair has no bytes
        raise ValueError("must be text, without NUL and without halves of surrogate pairs")


class Hashing:
    """Made once at start. It takes the memory of one hash for each thread; who comes when `queue` wait is refused.

    threads: None, as many as there are cores. The clock, monotonic and in seconds, and the sleep are for tests to set.
    """

    def __init__(
        self,
        memory_kib: int,
        time_cost: int,
        parallelism: int,
        threads: int | None,
        queue: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.clock = clock
        self._sleep = sleep
        self._kib, self._passes, self._lanes = memory_kib, time_cost, parallelism
        self._memory = HashMemory(memory_kib)
        threads = threads or _cores()
        self._threads = threads
        self._most = threads + queue
        self._under_way = 0
        self._refused = 0
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._dummy = self._made_up()
        self._costs: dict[Kind, float] = {}

    async def hash(self, password: str) -> str:
        """ValueError for what can be no password; Overloaded."""
        check(password)
        return await self._in_thread(self._hash, password_rules.normalised(password))

    async def verify(self, password: str, stored: str | None) -> Verdict:
        """stored: None for nobody, for whoever is disabled and for whoever has no password.

        Whoever fails waits as long as the dearest hash here takes, from when a thread took it up. Overloaded.
        """
        try:
            check(password)
        except ValueError:  # before hashing, so that length costs nothing; it says nothing of the account
            await self.floor(self.clock())
            return Verdict(False)
        forms = _forms(password)
        judged = await self._in_thread(self._judge, forms, stored)
        self._note(judged.kind, judged.seconds)
        if not judged.verdict.matches:
            await self._until(judged.began + self.dearest * len(forms))
        return judged.verdict

    @property
    def dearest(self) -> float:
        """Seconds that the dearest kind of hash takes, of those that were checked and of those in `note_schemes`."""
        return min(max(self._costs.values(), default=0.0), LONGEST_FLOOR)

    async def floor(self, started: float) -> None:
        """Returns no earlier than `dearest` after `started`, by `self.clock`: for failures that came to no `verify`."""
        await self._until(started + self.dearest)

    async def note_schemes(self, stored_samples: Iterable[str]) -> None:
        """Measures our own hash, and one of each other kind that is stored: a failure takes as long as the dearest.

        What was measured once is not measured again, nor forgotten before the process ends. Overloaded.
        """
        kinds = await self._in_thread(self._kinds, list(stored_samples))
        for kind, known in kinds.items():
            if kind not in self._costs:
                self._note(kind, await self._in_thread(_seconds, known, self._memory))
        self._memory.let_go()

    def let_go_if_idle(self) -> None:
        """Called now and then: memory goes back to the system when no password came since the last time."""
        self._memory.let_go_if_idle()

    def load(self) -> tuple[int, int, int, int]:
        """Threads, how many of them are busy, how many passwords wait, and how many were refused so far."""
        with self._lock:
            busy = min(self._under_way, self._threads)
            return self._threads, busy, self._under_way - busy, self._refused

    def close(self) -> None:
        """Lets go of the threads; what still waits is dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _until(self, instant: float) -> None:
        if (left := instant - self.clock()) > 0:
            await self._sleep(left)

    def _note(self, kind: Kind, seconds: float) -> None:
        self._costs[kind] = max(seconds, self._costs.get(kind, 0.0))

    async def _in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        with self._lock:
            if self._under_way >= self._most:
                self._refused += 1
                raise Overloaded("too many passwords wait to be checked: try again", check="password queue")
            self._under_way += 1
        future = self._pool.submit(work, *arguments)
        future.add_done_callback(self._done)
        return await asyncio.wrap_future(future)

    def _done(self, future: Future[Any]) -> None:
        """In a thread, or in the loop if whoever asked was cancelled."""
        with self._lock:
            self._under_way -= 1

    # In a thread

    def _judge(self, forms: tuple[str, ...], stored: str | None) -> Judged:
        began = self.clock()
        known = self._known(stored)
        seconds = 0.0
        for number, form in enumerate(forms):
            matches, seconds = _timed(known, form, self._memory)
            if matches:
                again = number > 0 or self._is_behind(stored or "", known)
                verdict = Verdict(True, self._hash(forms[0]) if again else None)
                return Judged(verdict, began, _kind(known), seconds)
        return Judged(Verdict(False), began, _kind(known), seconds)

    def _known(self, stored: str | None) -> Hash:
        try:
            return read(self._dummy if stored is None else stored)
        except ValueError:  # nothing that was let in: nobody can know its password
            return read(self._dummy)

    def _kinds(self, samples: Iterable[str]) -> dict[Kind, Hash]:
        return {_kind(known): known for known in map(self._known, [self._dummy, *samples])}

    def _is_behind(self, stored: str, known: Hash) -> bool:
        """Whether it is not ours, or from before the parameters rose. They may fall: what is dearer stays."""
        if not stored.startswith("$argon2id$v=19$"):
            return True
        memory, passes = (int(str(value)) for value in known.cost[2:4])
        return memory * passes < self._kib * self._passes

    def _hash(self, password: str) -> str:
        chosen = {"memory_cost": self._kib, "time_cost": self._passes, "parallelism": self._lanes}
        made = hash_formats.handler("argon2").using(type="ID", digest_size=_TAG, **chosen)(use_defaults=True)
        made.checksum = self._memory.checksum(made, password.encode())
        return str(made.to_string())

    def _made_up(self) -> str:
        """A hash of the current parameters that no password has: random, so that it costs nothing to make."""
        salt, tag = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, _TAG))
        return f"$argon2id$v=19$m={self._kib},t={self._passes},p={self._lanes}${salt}${tag}"


def _cores() -> int:
    """Those that this process may use; not every system says which."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _forms(password: str) -> tuple[str, ...]:
    """What is compared: as we hash it; then as we did before, and as it came, for hashes made elsewhere."""
    forms = (password_rules.normalised(password), unicodedata.normalize("NFC", password), password)
    return tuple(dict.fromkeys(forms))


def _kind(known: Hash) -> Kind:
    return (known.scheme, *known.cost)


def _seconds(known: Hash, memory: HashMemory) -> float:
    return _timed(known, "a password for measuring", memory)[1]


def _timed(known: Hash, password: str, memory: HashMemory) -> tuple[bool, float]:
    """Whether it matches, and the work of one thread, which other requests do not lengthen; several lanes: the time."""
    has_lanes = known.scheme == "argon2" and known.cost[-1] != 1  # libargon2 has a thread for each
    clock = time.perf_counter if has_lanes else time.thread_time
    started = clock()
    matches = known.matches(password, memory)
    return matches, clock() - started
