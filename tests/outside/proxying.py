"""A real proxy in front of a real server, from the configuration of the docs, and with one thing wrong in it."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mintmark.outside import look, visit
from mintmark.outside.findings import Findings
from mintmark.testing import Running, running
from tests.not_run import not_run
from tests.outside import certificates
from tests.outside.certificates import HOST, Authority
from tests.serving import free_port

ISSUER = f"https://{HOST}"
PROXY = "127.0.0.2"  # what the server sees of the proxy; whoever asks comes from 127.0.0.1
DOCS = Path(__file__).resolve().parents[2] / "docs" / "operations"
PATIENCE = 20.0  # seconds


@dataclass(frozen=True)
class Ports:
    http: int
    https: int

    @property
    def resolve(self) -> list[str]:
        hosts = (HOST, "www.example.org")
        return [
            line
            for host in hosts
            for line in (f"{host}:443:127.0.0.1:{self.https}", f"{host}:80:127.0.0.1:{self.http}")
        ]


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> Authority:
    return certificates.authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(issuer=ISSUER, trusted_proxies=f"{PROXY}/32") as found:
        yield found


@pytest.fixture(scope="module")
def server_with_path() -> Iterator[Running]:
    with running(issuer=f"{ISSUER}/id", trusted_proxies=f"{PROXY}/32") as found:
        yield found


def program(name: str, package: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        not_run(f"the look from outside through {name}", f"apt-get install {package}")
    return found


@contextmanager
def listening(command: list[str], folder: Path, ports: Ports) -> Iterator[None]:
    log = folder / "proxy.log"
    environment = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, env={"PATH": "/usr/bin:/bin", **environment}
        )
    try:
        end = time.monotonic() + PATIENCE
        while not (_answers(ports.https) and _answers(ports.http)):
            if process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"the proxy did not start:\n{log.read_text()}")
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        finally:
            process.kill()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def ports() -> Ports:
    http = free_port()
    https = next(port for port in iter(free_port, None) if port != http)  # a free one may come twice
    return Ports(http, https)


def seen(
    server: Running,
    ports: Ports,
    authority: Authority,
    *,
    issuer: str | None = None,
    now: datetime | None = None,
    source: str | None = None,
) -> Findings:
    places = visit.read_places(ports.resolve)
    visitor = visit.Visitor(issuer or server.url, places, authority.ca, source)
    key = server.settings.sealing_key_bytes[0] if issuer is None else None
    return look.at(visitor, key, now or datetime.now(UTC))


def names(found: Findings) -> tuple[list[str], list[str]]:
    return [one.name for one in found.wrong], [one.name for one in found.unwise]


def changed(text: str, *edits: tuple[str, str]) -> str:
    """Each edit must find what it changes; the second of a pair that begins with + stands before the first."""
    for old, new in edits:
        assert re.search(re.escape(old), text), old
        text = text.replace(old, new[1:] + "\n" + old, 1) if new.startswith("+") else text.replace(old, new)
    return text
