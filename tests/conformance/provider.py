"""The server under test, with its own TLS, and the clients and the person that an operator wrote down for the suite.

`op` is `mintmark serve` as a process of its own. `later_op` is the same server in a thread, whose clock a test sets
forward where a module waits: the suite has a minute, a test has none.
"""

import asyncio
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
import uvloop

from mintmark import app
from mintmark.commands import serve
from mintmark.keys import sealing
from mintmark.settings import Settings
from mintmark.store import migrate
from mintmark.testing.clock import Clock
from tests.conformance.station import Folder, Station
from tests.serving import PATIENCE, Certificate, Served, environment, free_port, running

USERNAME, PASSWORD = "suite", "correct horse battery staple"
SECRET = "a-secret-of-forty-three-characters-for-suite"
# Every claim of OIDC Core §5.1: the suite warns of one that is asked for and is not there.
PERSON: Mapping[str, Any] = {
    "username": USERNAME,
    "password": PASSWORD,
    "name": "Suzanne Uite",
    "given_name": "Suzanne",
    "family_name": "Uite",
    "middle_name": "Olive",
    "nickname": "Sue",
    "profile": "https://people.example/suite",
    "picture": "https://people.example/suite.png",
    "website": "https://suite.example/",
    "gender": "female",
    "birthdate": "1987-10-16",
    "zoneinfo": "Europe/Berlin",
    "locale": "en-US",
    "email": "suite@example.org",
    "email_verified": True,
    "phone_number": "+49 30 901820",
    "phone_number_verified": True,
    "address": {
        "formatted": "Rathausstr. 15\n10178 Berlin\nGermany",
        "street_address": "Rathausstr. 15",
        "locality": "Berlin",
        "region": "Berlin",
        "postal_code": "10178",
        "country": "Germany",
    },
}
SCOPE = "openid profile email address phone offline_access"


class Op:
    def __init__(self, served: Served, certificate: Certificate, clock: Clock | None = None) -> None:
        self.served, self.clock = served, clock
        self.trusted = ssl.create_default_context(cafile=certificate.certificate)
        self.http = httpx2.Client(verify=self.trusted)

    def close(self) -> None:
        """Before the server stops: it waits for whoever has a connection."""
        self.http.close()

    @property
    def issuer(self) -> str:
        return self.served.url

    def now(self) -> datetime:
        return datetime.now(UTC) if self.clock is None else self.clock.now()

    def later(self, span: str) -> None:
        assert self.clock is not None, "a module that waits is marked `later`"
        self.clock.advance(span)


def client(folder: Folder, **more: Any) -> dict[str, Any]:
    """A client as an operator writes it down. Certification is without PKCE."""
    return {
        "client_id": folder.alias,
        "client_name": f"The suite's {folder.alias}",
        "client_secret": SECRET,
        "redirect_uris": [folder.url("callback")],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": SCOPE,
        "policy": {"require_pkce": False},
        **more,
    }


def clients(station: Station, jwks: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    def named(alias: str) -> Folder:
        return Folder(station, alias)

    yield client(named("first"), jwks=jwks)
    yield client(named("second"))
    yield client(named("post"), token_endpoint_auth_method="client_secret_post")
    yield {
        name: value
        for name, value in client(named("keys"), token_endpoint_auth_method="private_key_jwt", jwks=jwks).items()
        if name != "client_secret"
    }
    for alias, channel in (("logout", None), ("back", "backchannel"), ("front", "frontchannel")):
        folder = named(alias)
        more: dict[str, Any] = {"post_logout_redirect_uris": [folder.url("post_logout_redirect")]}
        if channel is not None:
            more[f"{channel}_logout_uri"] = folder.url(f"{channel}_logout")
            more[f"{channel}_logout_session_required"] = True
        yield client(folder, **more)


def prepared(folder: Path, station: Station, certificate: Certificate, jwks: Mapping[str, Any]) -> Served:
    """Migrated, and filled by an apply file; not yet running."""
    port = free_port()
    settings = environment(
        MINTMARK_ISSUER=f"https://localhost:{port}",
        MINTMARK_DATABASE_URL=f"sqlite:///{folder / 'mintmark.db'}",
        MINTMARK_SEALING_KEYS=sealing.generate(),
        MINTMARK_TLS_CERTIFICATE=str(certificate.certificate),
        MINTMARK_TLS_KEY=str(certificate.key),
        MINTMARK_OUTBOUND_ALLOW="127.0.0.0/8",
        MINTMARK_OUTBOUND_CA=str(certificate.certificate),
        MINTMARK_LOG_FORMAT="json",
        MINTMARK_PASSWORD_HASH_MEMORY="64",  # what a hash costs is tried where hashes are tried
        MINTMARK_PASSWORD_HASH_TIME_COST="1",
    )
    served = Served(f"https://localhost:{port}", port, folder, settings)
    migrate.migrate(settings["MINTMARK_DATABASE_URL"])
    document = {"clients": list(clients(station, jwks)), "users": [PERSON]}
    (folder / "apply.json").write_text(json.dumps(document))
    served.command("apply", "apply.json")
    return served


@contextmanager
def process(served: Served, certificate: Certificate) -> Iterator[Op]:
    with running(served), closing(Op(served, certificate)) as found:
        yield found


@contextmanager
def thread(served: Served, certificate: Certificate) -> Iterator[Op]:
    settings = Settings.load(served.environment, None)
    clock = Clock()
    listening = serve.listen(settings.model_copy(update={"port": served.port}), both=False)
    up = threading.Event()
    config = serve._config(app.build(settings, clock=clock.now), settings)
    server = Listening(config, up.set)
    loop = uvloop.new_event_loop()

    def run() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(server.serve(listening))
        finally:
            loop.close()

    running_thread = threading.Thread(target=run, name="op", daemon=True)
    running_thread.start()
    assert up.wait(PATIENCE), "the server did not start"
    try:
        with closing(Op(served, certificate, clock)) as found:
            yield found
    finally:
        server.should_exit = True
        running_thread.join(PATIENCE)


class Listening(uvicorn.Server):
    """Says when it is ready."""

    def __init__(self, config: uvicorn.Config, is_up: Callable[[], None]) -> None:
        super().__init__(config)
        self._is_up = is_up

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._is_up()
