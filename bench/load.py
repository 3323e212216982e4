"""Drives one door of one target with wrk from the second core, and reads what it saw."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CONNECTIONS = 16
LUA = Path(__file__).parent / "lua"


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. `tokens`: a file with one token a line; each is appended to the body in its turn."""

    path: str
    script: str = "fixed"
    body: str = ""
    authorization: str = ""
    tokens: Path | None = None  # None: the same request each time
    expected: str = ""  # a Lua pattern that every answer must hold; read by `each` only

    @property
    def method(self) -> str:
        return "POST" if self.body else "GET"


@dataclass(frozen=True, slots=True)
class Report:
    """What wrk saw in one run; latencies in microseconds, `failures` of every kind."""

    requests: int
    microseconds: int
    p50: int
    p99: int
    failures: int


def drive(url: str, request: Request, seconds: float) -> Report:
    """Raises CalledProcessError with wrk's own words if it could not run."""
    command = [
        *pinned_to(last_core()),
        wrk(),
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{max(1, round(seconds))}s",
        "--timeout",
        "10s",
    ]
    command += ["-s", str(LUA / f"{request.script}.lua"), url + request.path]
    done = subprocess.run(command, env=_environment(request), capture_output=True, text=True, check=True)
    line = next((line for line in done.stdout.splitlines() if line.startswith("REPORT ")), None)
    if line is None:
        raise RuntimeError(f"wrk printed no report: {done.stdout}{done.stderr}")
    seen = json.loads(line.removeprefix("REPORT "))
    return Report(
        requests=seen["requests"],
        microseconds=seen["microseconds"],
        p50=seen["p50"],
        p99=seen["p99"],
        failures=max(seen["status"], seen["bad"]) + seen["socket"],
    )


def collect(url: str, request: Request, count: int, into: Path, deadline: float = 120.0) -> None:
    """Asks for access tokens until `count` have come, and writes them into the file."""
    into.unlink(missing_ok=True)
    command = [*pinned_to(last_core()), wrk(), "-t1", f"-c{CONNECTIONS}", f"-d{round(deadline)}s"]
    command += ["-s", str(LUA / "collect.lua"), url + request.path]
    env = _environment(request) | {"BENCH_COUNT": str(count), "BENCH_TOKENS": str(into)}
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as process:
        # The file has its name once it is whole; wrk itself can only be told a time.
        while not into.exists() and process.poll() is None:
            time.sleep(0.02)
        process.kill()
    if not into.exists():
        raise RuntimeError(f"{url}{request.path} gave fewer than {count} tokens in {deadline:g} s")


def wrk() -> str:
    found = shutil.which("wrk")
    if not found:
        raise SystemExit("bench: wrk is missing; `apt-get install wrk` brings it")
    return found


@cache
def cores() -> Sequence[int]:
    """The cores this process may use as it starts: it pins itself to one of them now and then."""
    return sorted(os.sched_getaffinity(0))


def first_core() -> int:
    return cores()[0]


def last_core() -> int:
    return cores()[-1]


def pinned_to(core: int) -> list[str]:
    return ["taskset", "-c", str(core)]


def _environment(request: Request) -> dict[str, str]:
    return os.environ | {
        "BENCH_LUA": str(LUA),
        "BENCH_METHOD": request.method,
        "BENCH_PATH": request.path,
        "BENCH_BODY": request.body,
        "BENCH_AUTHORIZATION": request.authorization,
        "BENCH_TOKENS": str(request.tokens or ""),
        "BENCH_EXPECTED": request.expected,
    }
