"""Sign-ins, alone and within the code flow: their CPU time, and how much of that is the password hash."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from passlib.hash import argon2

from bench.load import first_core, last_core
from bench.peers.mintmark import PASSWORD, Mintmark
from bench.peers.node_provider import NodeProvider
from bench.targets import API, Target
from mintmark.factors.hash_formats import read
from mintmark.factors.hash_memory import HashMemory
from mintmark.settings.passwords import Passwords

SCOPE = "openid api:read offline_access"
SIGNED_IN_SCOPE = "openid api:read"  # for offline_access node-oidc-provider asks anew each time
TOGETHER = 20  # flows in a row on one server before it is the other's turn
LAP = 3  # of each browser, where several are at it at once
SETTLED = 15  # seconds after which a server has done what it does once: reading, compiling, the first round of upkeep
MEMORY, PASSES = (Passwords.model_fields[f"password_hash_{of}"].default for of in ("memory", "time_cost"))


@dataclass(frozen=True, slots=True)
class Flow:
    """Seconds: of CPU for each (server, PostgreSQL), and of wall time for each.

    without: CPU of the same on a server whose hash costs nothing; alone: CPU of one hash by itself. 0.0 where no
    password is in it.
    """

    server: float
    postgres: float
    took: list[float]
    without: float = 0.0
    alone: float = 0.0
    at_once: int = 1

    @property
    def cost(self) -> float:
        return self.server + self.postgres

    @property
    def share(self) -> float | None:
        """Of the hash. None: no password in it."""
        return 1 - self.without / self.cost if self.without else None


def measure_flows(target: Mintmark, count: int, *, at_once: int = 1) -> Flow:
    """`count` people, `at_once` of them at a time, each with a browser that was never here before."""

    def flows(target: Mintmark, count: int) -> Sequence[Callable[[], object]]:
        def flow() -> None:
            with target.browser() as browser:
                browser.code_flow(SCOPE, resource=API)

        return [flow] * count

    with twin(target) as other:
        more = count + _warming(at_once)
        return _beside(target, flows(target, more), other, flows(other, more), at_once)


def measure_sign_ins(target: Mintmark, count: int) -> Flow:
    """The same people, who have the page already: from the form with their password to the cookie of their session."""
    with twin(target) as other, ExitStack() as stack:

        def sign_ins(target: Mintmark) -> Sequence[Callable[[], object]]:
            browsers = [stack.enter_context(target.browser()) for _ in range(count + 1)]
            return [partial(one.sign_in, one.sign_in_page()) for one in browsers]

        return _beside(target, sign_ins(target), other, sign_ins(other))


def measure_signed_in_flows(target: Mintmark | NodeProvider, count: int) -> Flow:
    """One person who is signed in and allowed it before: from the app's request to its tokens, without a page."""
    with target.browser() as browser:
        flow = partial(browser.code_flow, SIGNED_IN_SCOPE, resource=API)
        return _measure(target, [flow] * (count + 1))  # the first signs in, and allows it


@contextmanager
def twin(target: Mintmark) -> Iterator[Mintmark]:
    """The same server in all but one thing: verifying a password costs next to nothing."""
    folder = Path(tempfile.mkdtemp(prefix="free-hash-", dir=target.folder.parent))
    folder.chmod(0o755)  # PostgreSQL runs as somebody else
    other = Mintmark(target.name, folder, on_postgres=target.postgres is not None, free_hash=True)
    try:
        other.prepare()
        other.start()
        time.sleep(SETTLED)
        yield other
    finally:
        other.close()


def _beside(
    target: Target,
    work: Sequence[Callable[[], object]],
    other: Target,
    work_without: Sequence[Callable[[], object]],
    at_once: int = 1,
) -> Flow:
    """Some here, some there: both meet the same machine, and few of one work in caches that the other has emptied."""
    alone_before = hash_seconds()
    with pinned(last_core()):
        here, there = _Meter(target, at_once), _Meter(other, at_once)
        together, warming = TOGETHER if at_once == 1 else LAP * at_once, _warming(at_once)
        for meter, todo in ((here, work), (there, work_without)):
            meter.warm(todo[:warming])
        for begin in range(warming, len(work), together):
            for meter, todo in ((here, work), (there, work_without)):
                meter.add(todo[begin : begin + together])
    alone = (alone_before + hash_seconds()) / 2
    return replace(here.flow(), without=there.flow().cost, alone=alone)


def _measure(target: Target, work: Sequence[Callable[[], object]]) -> Flow:
    """One after the other."""
    with pinned(last_core()):
        meter = _Meter(target)
        meter.warm(work[:1])
        meter.add(work[1:])
        return meter.flow()


def _warming(at_once: int) -> int:
    """How many of them only warm the server."""
    return 1 if at_once == 1 else LAP * at_once


class _Meter:
    """What each of some things costs a target, while they are under way."""

    def __init__(self, target: Target, at_once: int = 1) -> None:
        self._target, self._at_once = target, at_once
        self._took: list[float] = []
        self._server = self._postgres = 0.0

    def warm(self, work: Sequence[Callable[[], object]]) -> None:
        self._carry_out(work)

    def add(self, work: Sequence[Callable[[], object]]) -> None:
        before = self._target.usage()
        self._took += self._carry_out(work)
        after = self._target.usage()
        self._server += after.server - before.server
        self._postgres += after.postgres - before.postgres

    def flow(self) -> Flow:
        count = len(self._took)
        return Flow(self._server / count, self._postgres / count, self._took, at_once=self._at_once)

    def _carry_out(self, work: Sequence[Callable[[], object]]) -> list[float]:
        """How long each of them took."""
        if self._at_once == 1:
            return [_wall_of(one) for one in work]
        with ThreadPoolExecutor(self._at_once) as browsers:  # on the core of the thread that makes it
            return list(browsers.map(_wall_of, work))


def hash_seconds(times: int = 20) -> float:
    """CPU seconds that verifying one password costs on the servers' core, as Mintmark does it, as shipped."""
    known = read(argon2.using(type="ID", memory_cost=MEMORY, time_cost=PASSES, parallelism=1).hash(PASSWORD))
    memory = HashMemory(MEMORY)
    with pinned(first_core()):
        return statistics.median(_cpu_of(lambda: known.matches(PASSWORD, memory)) for _ in range(times))


@contextmanager
def pinned(core: int) -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _wall_of(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _cpu_of(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
