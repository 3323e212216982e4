"""A target: a server that is prepared once, started on the first core, asked, and stopped."""

from __future__ import annotations

import base64
import http.client
import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from bench import measure
from bench.load import first_core, pinned_to
from bench.postgres import Postgres, free_port

API = "https://api.example"  # its access tokens are JWTs
OPAQUE = "https://opaque.example"  # its access tokens are opaque
MACHINE, WEB, SPEAKER = "bench-machine", "bench-web", "bench-api"
SECRET = "a-secret-of-forty-three-characters-for-all-x"
CALLBACK = "https://app.example/callback"
FIRST_TOKEN_DEADLINE = 60.0


@dataclass(frozen=True, slots=True)
class Paths:
    token: str
    introspect: str
    jwks: str
    metadata: str = "/.well-known/openid-configuration"
    refresh: str = ""  # empty: the token door


@dataclass(slots=True)
class Usage:
    """CPU seconds so far: of the server's tree, and of its PostgreSQL."""

    server: float
    postgres: float


class Target:
    """Subclasses say how it is prepared and started, and where its refresh chains come from."""

    paths: Paths

    def __init__(self, name: str, folder: Path, *, on_postgres: bool = False) -> None:
        self.name = name
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.postgres = Postgres(folder / "postgresql") if on_postgres else None
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Makes database, clients and people; runs once, before the first start."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.postgres:
            self.postgres.start()

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        return {}

    def chains(self, scope: str, count: int) -> list[str]:
        """Fresh refresh tokens, each of its own authorization."""
        raise NotImplementedError

    def start(self) -> float:
        """Seconds from exec to the first access token."""
        began = time.monotonic()
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*pinned_to(first_core()), *self.command()],
                env=os.environ | dict(self.environment()),
                stdout=log,
                stderr=log,
            )
        while (answer := self._first_token()) != "":
            if self._process.poll() is not None or time.monotonic() - began > FIRST_TOKEN_DEADLINE:
                raise RuntimeError(f"{self.name} gave no token but {answer}; see {self.folder / 'server.log'}")
            time.sleep(0.005)
        return time.monotonic() - began

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def close(self) -> None:
        self.stop()
        if self.postgres:
            self.postgres.stop()

    def usage(self) -> Usage:
        assert self._process is not None
        return Usage(
            measure.cpu_seconds(self._process.pid),
            measure.cpu_seconds(self.postgres.pid) if self.postgres else 0.0,
        )

    def pss(self) -> int:
        assert self._process is not None
        return measure.pss_bytes(self._process.pid)

    def _first_token(self) -> str:
        """What came instead of a token; empty when one came."""
        try:
            status, body = ask(self.port, "POST", self.paths.token, form=machine_form(), authorization=basic(MACHINE))
        except (OSError, http.client.HTTPException) as failure:
            return repr(failure)
        return "" if status == 200 else f"{status} {body[:300]!r}"


def machine_form(resource: str = API, scope: str = "api:read") -> dict[str, str]:
    return {"grant_type": "client_credentials", "scope": scope, "resource": resource}


def basic(client_id: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{SECRET}".encode()).decode()


def ask(
    port: int, method: str, path: str, *, form: Mapping[str, str] | None = None, authorization: str = ""
) -> tuple[int, bytes]:
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    if authorization:
        headers["Authorization"] = authorization
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def json_list(port: int, path: str, query: Mapping[str, str]) -> list[str]:
    status, body = ask(port, "POST", f"{path}?{urlencode(query)}")
    if status != 200:
        raise RuntimeError(f"{path} answered {status}: {body[:200]!r}")
    found: list[str] = json.loads(body)
    return found
