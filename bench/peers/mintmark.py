"""Mintmark as an operator runs it: settings by environment, `migrate`, `apply`, `serve`; the rest as shipped."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.browser import Browser, Login
from bench.targets import API, CALLBACK, MACHINE, OPAQUE, SECRET, SPEAKER, WEB, Paths, Target

FREE_HASH = {"MINTMARK_PASSWORD_HASH_MEMORY": "8", "MINTMARK_PASSWORD_HASH_TIME_COST": "1"}
USERNAME, PASSWORD = "bench", "a password that nobody would guess"


class Mintmark(Target):
    paths = Paths(token="/token", introspect="/introspect", jwks="/.well-known/jwks.json")

    def __init__(
        self, name: str, folder: Path, *, on_postgres: bool = False, filled: bool = False, free_hash: bool = False
    ) -> None:
        super().__init__(name, folder, on_postgres=on_postgres)
        self.filled = filled
        self.free_hash = free_hash
        self._sealing_key = base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")

    @property
    def database_url(self) -> str:
        return self.postgres.url if self.postgres else f"sqlite:///{self.folder.resolve()}/mintmark.db"

    def prepare(self) -> None:
        super().prepare()
        wanted = self.folder / "apply.json"
        wanted.write_text(json.dumps(apply_file()))
        self.run("migrate")
        self.run("apply", str(wanted))
        if self.filled:
            self._fill()

    def run(self, *arguments: str) -> None:
        environment = os.environ | dict(self.environment())
        subprocess.run([*_mintmark(), *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)

    def _fill(self) -> None:
        from bench import fill  # it reads Mintmark's tables; the peers can be measured without them

        self.start()
        self.chains("api:read offline_access", 1)
        self.stop()
        fill.fill(self.database_url, fill.fillings())

    def command(self) -> Sequence[str]:
        return [*_mintmark(), "serve"]

    def environment(self) -> Mapping[str, str]:
        return {
            "MINTMARK_ISSUER": self.url,
            "MINTMARK_DATABASE_URL": self.database_url,
            "MINTMARK_SEALING_KEYS": self._sealing_key,
            "MINTMARK_HOST": "127.0.0.1",
            "MINTMARK_PORT": str(self.port),
            **(FREE_HASH if self.free_hash else {}),
        }

    def browser(self) -> Browser:
        login = Login(client_id=WEB, secret=SECRET, redirect_uri=CALLBACK, username=USERNAME, password=PASSWORD)
        return Browser(self.url, login)

    def chains(self, scope: str, count: int) -> list[str]:
        """One sign-in, then a code flow for each."""
        with self.browser() as browser:
            return [browser.code_flow(scope, resource=API)["refresh_token"] for _ in range(count)]


def apply_file() -> dict[str, object]:
    jwt = {"access_token_format": "jwt", "access_token_alg": "ES256"}
    web = {
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": "openid offline_access api:read",
    }
    machine = {"grant_types": ["client_credentials"], "scope": "api:read opaque:read"}
    speaks = {"resource_servers": [SPEAKER]}
    return {
        "resources": [
            {"resource": API, "name": "API", "scopes": ["api:read", "api:write"], "policy": jwt, **speaks},
            {
                "resource": OPAQUE,
                "name": "Opaque API",
                "scopes": ["opaque:read"],
                "policy": {"access_token_format": "opaque"},
                **speaks,
            },
        ],
        "clients": [
            {"client_id": SPEAKER, "client_secret": SECRET, "grant_types": []},
            {"client_id": MACHINE, "client_secret": SECRET, **machine},
            {"client_id": WEB, "client_secret": SECRET, **web},
        ],
        "users": [{"username": USERNAME, "password": PASSWORD, "email": "bench@app.example", "name": "Bench"}],
    }


def _mintmark() -> list[str]:
    return [sys.executable, "-m", "mintmark"]
