"""Sign-ins, alone and within the code flow: their CPU time, and how much of that is the password hash."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial

from passlib.context import CryptContext

from bench.load import first_core, last_core
from bench.peers.mintmark import PASSWORD, Mintmark
from bench.peers.node_provider import NodeProvider
from bench.targets import API, Target

SCOPE = "openid api:read offline_access"
SIGNED_IN_SCOPE = "openid api:read"  # for offline_access node-oidc-provider asks anew each time
ARGON2ID = {"argon2__type": "ID", "argon2__memory_cost": 47104, "argon2__time_cost": 1, "argon2__parallelism": 1}


@dataclass(frozen=True, slots=True)
class Flow:
    """Seconds: of CPU for each (server, PostgreSQL), of wall time for each, and of CPU for one hash.

    hashing: 0.0 where no password is in it.
    """

    server: float
    postgres: float
    took: list[float]
    hashing: float = 0.0

    @property
    def share(self) -> float | None:
        """None: no password in it."""
        return self.hashing / (self.server + self.postgres) if self.hashing else None


def measure_flows(target: Mintmark, count: int) -> Flow:
    """`count` people in a row, each with a browser that was never here before."""

    def flow() -> None:
        with target.browser() as browser:
            browser.code_flow(SCOPE, resource=API)

    return _beside_hashes(target, [flow] * (count + 1))


def measure_sign_ins(target: Mintmark, count: int) -> Flow:
    """The same people, who have the page already: from the form with their password to the cookie of their session."""
    with ExitStack() as stack:
        browsers = [stack.enter_context(target.browser()) for _ in range(count + 1)]
        return _beside_hashes(target, [partial(one.sign_in, one.sign_in_page()) for one in browsers])


def measure_signed_in_flows(target: Mintmark | NodeProvider, count: int) -> Flow:
    """One person who is signed in and allowed it before: from the app's request to its tokens, without a page."""
    with target.browser() as browser:
        flow = partial(browser.code_flow, SIGNED_IN_SCOPE, resource=API)
        return _measure(target, [flow] * (count + 1))  # the first signs in, and allows it


def _beside_hashes(target: Target, work: Sequence[Callable[[], object]]) -> Flow:
    hash_before = hash_seconds()
    found = _measure(target, work)
    return replace(found, hashing=(hash_before + hash_seconds()) / 2)


def _measure(target: Target, work: Sequence[Callable[[], object]]) -> Flow:
    """One after the other; the first only warms up."""
    first, *rest = work
    with pinned(last_core()):
        first()
        before = target.usage()
        took = [_wall_of(one) for one in rest]
        after = target.usage()
    count = len(rest)
    return Flow((after.server - before.server) / count, (after.postgres - before.postgres) / count, took)


def hash_seconds(times: int = 20) -> float:
    """CPU seconds that verifying one password costs on the servers' core, by the library and parameters of Mintmark."""
    context = CryptContext(schemes=["argon2"], **ARGON2ID)
    stored = context.hash(PASSWORD)
    with pinned(first_core()):
        return statistics.median(_cpu_of(lambda: context.verify(PASSWORD, stored)) for _ in range(times))


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
