"""The limit as a target: the same interpreter and the same uvicorn as Mintmark's."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from bench.targets import API, SECRET, Paths, Target, json_list


class Limit(Target):
    paths = Paths(token="/token", introspect="/introspect", jwks="/jwks", refresh="/refresh")

    def command(self) -> Sequence[str]:
        serving = ["--factory", "bench.peers.limit_app:build", "--host", "127.0.0.1", "--port", str(self.port)]
        return [sys.executable, "-m", "uvicorn", *serving, "--loop", "uvloop", "--http", "httptools", "--no-access-log"]

    def environment(self) -> Mapping[str, str]:
        database = str(self.folder / "limit.db")
        return {"LIMIT_ISSUER": self.url, "LIMIT_API": API, "LIMIT_SECRET": SECRET, "LIMIT_DATABASE": database}

    def chains(self, scope: str, count: int) -> list[str]:
        return json_list(self.port, "/chains", {"count": str(count)})
