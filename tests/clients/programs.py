"""Programs that others wrote, or that are there to be copied, each started for a test and gone after it.

What is fetched or built for them lies in the user's cache, under the hash of the lock that names it: it is made once a
machine, and what is there is used without a network.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx2

PATIENCE = 60.0  # seconds for a start on a machine that has other things to do


@dataclass(frozen=True)
class Program:
    url: str
    log_file: Path
    pid: int

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")


@contextlib.contextmanager
def program(
    command: Sequence[str | Path], url: str, folder: Path, environment: Mapping[str, str], *, cwd: Path | None = None
) -> Iterator[Program]:
    """Runs until the block ends, with all that it starts; begins when something answers at `url`."""
    log_file = folder / f"{Path(command[0]).name}.log"
    with log_file.open("w") as log:
        process = subprocess.Popen(
            command, cwd=cwd or folder, env=dict(environment), stdout=log, stderr=log, start_new_session=True
        )
    found = Program(url, log_file, process.pid)
    try:
        _wait(process, found)
        yield found
    finally:
        _end(process)


def _wait(process: subprocess.Popen[bytes], found: Program) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(httpx2.TransportError):
            httpx2.get(found.url, verify=False)
            return
        if process.poll() is not None or time.monotonic() > end:
            raise AssertionError(f"nothing answers at {found.url}:\n{found.log}")
        time.sleep(0.05)


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)


def cached(name: str, locks: Sequence[Path], make: Callable[[Path], None]) -> Path:
    """The folder that `make` filled for these locks, now or on an earlier day; whole, or not there at all."""
    digest = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()[:16]
    there = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mintmark-tests"
    there.mkdir(parents=True, exist_ok=True)
    found, fresh = there / f"{name}-{digest}", there / f"{name}-{digest}.new"
    with (there / f"{name}.lock").open("w") as lock:  # other workers, and other checkouts, share it
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.exists():
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            make(fresh)
            fresh.rename(found)
    return found
