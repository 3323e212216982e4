"""The code flow with sign-in: its CPU time, and how much of that is the password hash."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from passlib.context import CryptContext

from bench.load import first_core, last_core
from bench.peers.mintmark import PASSWORD, Mintmark
from bench.targets import API

SCOPE = "openid api:read offline_access"
ARGON2ID = {"argon2__type": "ID", "argon2__memory_cost": 19456, "argon2__time_cost": 2, "argon2__parallelism": 1}


@dataclass(frozen=True, slots=True)
class Flow:
    """Seconds: of CPU per flow (server, PostgreSQL), of CPU for one hash, and of wall time for each flow."""

    server: float
    postgres: float
    hashing: float
    took: list[float]

    @property
    def share(self) -> float:
        return self.hashing / (self.server + self.postgres)


def measure_flows(target: Mintmark, count: int) -> Flow:
    """`count` people in a row, each with a browser that was never here before."""
    with pinned(last_core()):
        _one(target)
        hash_before = hash_seconds()
        before = target.usage()
        took = [_one(target) for _ in range(count)]
        after = target.usage()
    hashing = (hash_before + hash_seconds()) / 2
    return Flow((after.server - before.server) / count, (after.postgres - before.postgres) / count, hashing, took)


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


def _one(target: Mintmark) -> float:
    began = time.monotonic()
    with target.browser() as browser:
        browser.code_flow(SCOPE, resource=API)
    return time.monotonic() - began


def _cpu_of(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
