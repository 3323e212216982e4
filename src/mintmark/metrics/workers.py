"""Several workers of one host, as one: each leaves its values in a folder of theirs, and whoever is asked adds them up.

A worker that has ended stays counted: its counters go into `ended.json`, so that no sum ever falls.
"""

import asyncio
import fcntl
import json
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from mintmark.metrics.values import Values

EVERY = 2.0  # seconds between two times that a worker writes down its values; well under any scrape interval
ENDED = "ended.json"


class Folder:
    """One worker's view of the folder, which the supervisor made for this start alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        # Held as long as the process lives, however it ends.
        self._alive = os.open(self._file("alive"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._alive, fcntl.LOCK_EX)

    @asynccontextmanager
    async def kept(self, values: Callable[[], Values]) -> AsyncIterator[None]:
        """Writes down this worker's values every now and then, and at the end."""
        writing = asyncio.create_task(self._keep(values))
        try:
            yield
        finally:
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing
            with suppress(OSError):
                self._write(values())
            os.close(self._alive)

    async def _keep(self, values: Callable[[], Values]) -> None:
        while True:
            with suppress(OSError):  # a full disk: the others see what was written last
                await asyncio.to_thread(self._write, values())
            await asyncio.sleep(EVERY)

    def together(self, mine: Values) -> Values:
        """Of all workers. What is told now is written down first: nobody tells less of this worker later."""
        with self._locked():
            self._write(mine)
            found = Values.read(self._ended()["values"])
            for name in self._names():
                found.add(self._read(name))
        return found

    def _names(self) -> list[str]:
        return sorted(path.stem for path in self._path.glob("*.json") if path.name != ENDED)

    def _ended(self) -> dict[str, Any]:  # Any: JSON of our own
        """What those counted that have ended; who ended since is put in first."""
        path = self._path / ENDED
        ended = (
            json.loads(path.read_bytes()) if path.exists() else {"names": [], "values": json.loads(Values().to_json())}
        )
        gone = [name for name in self._names() if self._has_ended(name)]
        if new := [name for name in gone if name not in ended["names"]]:
            values = Values.read(ended["values"])
            for name in new:
                values.add(self._read(name).counted())
            ended = {"names": [*ended["names"], *new], "values": json.loads(values.to_json())}
            _replace(path, json.dumps(ended).encode())
        for name in gone:  # only now: whoever is killed in between leaves nothing that counts twice
            for suffix in ("json", "alive"):
                (self._path / f"{name}.{suffix}").unlink(missing_ok=True)
        return ended

    def _has_ended(self, name: str) -> bool:
        if name == self._name:
            return False
        try:
            alive = os.open(self._path / f"{name}.alive", os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(alive)
        return True

    def _read(self, name: str) -> Values:
        return Values.read(json.loads((self._path / f"{name}.json").read_bytes()))

    def _write(self, values: Values) -> None:
        _replace(self._file("json"), values.to_json())

    def _file(self, suffix: str) -> Path:
        return self._path / f"{self._name}.{suffix}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Two who are asked at the same time take turns."""
        lock = os.open(self._path / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _replace(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    beside = path.with_suffix(f".{os.getpid()}-{secrets.token_hex(4)}")
    beside.write_bytes(content)
    beside.replace(path)
