"""A whole server in process for tests, with its clock in the test's hand: `from tests.issuer import *` in a conftest.

`issuer` runs on both databases, `sqlite_issuer` on SQLite alone. It knows a resource (api), a confidential client
(web), a public one (spa), a resource server (api-server), an operator's client (operator) and a person (alice).
"""

import asyncio
import base64
import functools
import hashlib
import itertools
import json
import re
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import func, select

import mintmark.admin.api  # noqa: F401  read now: no test waits for it, or counts what others do meanwhile
from mintmark import app, ending, upkeep
from mintmark.journal import Log
from mintmark.keys import algorithms, sealing
from mintmark.protocol.catalogue import Resource
from mintmark.protocol.policy import Policy
from mintmark.server import Server
from mintmark.settings import Settings
from mintmark.store import clients, configuration, people, resources, schema, sessions
from mintmark.store.changes import Change
from mintmark.store.executor import Read
from tests import remembered
from tests.databases import Database

__all__ = ["issuer", "sqlite_issuer", "without_upkeep"]

remembered.remember()
API = "https://api.example"
SECRET = "a-secret-of-forty-three-characters-for-web00"
PASSWORD = "correct horse battery staple"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
CALLBACK = "https://web.example/cb"
SCOPE = "openid profile email offline_access api:read api:write"
CLIENTS: Mapping[str, dict[str, Any]] = {
    "web": {
        "client_name": "Harbour Notes",
        "redirect_uris": [CALLBACK, CALLBACK + "?tenant=1"],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials", "password"],
        "scope": SCOPE,
    },
    "spa": {
        "client_name": "Single Page",
        "redirect_uris": ["https://spa.example/cb", "http://127.0.0.1/callback", "com.example.app:/cb"],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "scope": SCOPE,
    },
    "other": {"redirect_uris": ["https://other.example/cb"], "scope": SCOPE,
              "grant_types": ["authorization_code", "refresh_token", "client_credentials"]},
    "api-server": {"grant_types": []},
    "operator": {"grant_types": ["client_credentials"], "scope": "admin:read admin:write"},
}  # fmt: skip
CLAIMS = {"name": "Alice Example", "given_name": "Alice", "family_name": "Example"}
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
ALICE = "id-of-alice"
# What a refused request may leave as it is: everything but throttles and the audit trail.
PROTOCOL = (
    schema.requests, schema.sessions, schema.consents, schema.authorizations, schema.codes, schema.refresh_tokens,
    schema.access_tokens, schema.revoked_tokens,
)  # fmt: skip


@dataclass
class Heard:
    """The log, which a test reads as well."""

    log: Log
    lines: list[dict[str, Any]]

    def info(self, event: str, **fields: Any) -> None:
        self.lines.append({"event": event, **fields})
        self.log.info(event, **fields)

    def warning(self, event: str, **fields: Any) -> None:
        self.lines.append({"event": event, **fields})
        self.log.warning(event, **fields)


@dataclass
class Issuer:
    """A running server and a client of it, as `http`. `browser()` is another one, with cookies of its own."""

    settings: Settings
    server: Server
    http: httpx2.AsyncClient
    application: Any
    moment: list[datetime]
    lines: list[dict[str, Any]]  # the log so far
    others: list[httpx2.AsyncClient] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.settings.issuer

    def later(self, **span: float) -> None:
        """Sets the clock forward."""
        self.moment[0] += timedelta(**span)

    def browser(self, address: str = "127.0.0.1") -> httpx2.AsyncClient:
        found = client_of(self.application, self.url, address)
        self.others.append(found)
        return found

    def refusals(self, *names: str) -> list[Any]:
        """What the log tells of refused requests: the named members of each line."""
        told = [line for line in self.lines if "request_refused" == line["event"]]
        return [tuple(line.get(name) for name in names) if len(names) > 1 else line.get(names[0]) for line in told]

    async def rows(self) -> dict[str, list[Any]]:
        """Everything that the protocol's tables hold, to be compared."""
        return {table.name: sorted(await self.server.store.fetch(Read(select(table))), key=str) for table in PROTOCOL}

    async def count(self, table: str) -> int:
        counted = select(func.count()).select_from(schema.metadata.tables[table])
        return int((await self.server.store.fetch(Read(counted)))[0][0])

    async def audited(self) -> list[str]:
        """The events of the audit trail, oldest first."""
        await self.server.journal.flush(self.server.store)
        events = select(schema.audit.c.event).order_by(schema.audit.c.at, schema.audit.c.id)
        return [row[0] for row in await self.server.store.fetch(Read(events))]

    async def person(self, id: str = ALICE) -> people.Person:
        """As they are stored."""
        found = await people.find(self.server.store, id)
        assert found is not None
        return found

    async def disable_person(self, id: str = ALICE) -> None:
        await self.server.store.commit([people.disable(id, self.server.clock())])

    async def enable_person(self, id: str = ALICE) -> None:
        await self.server.store.commit([people.enable(id, self.server.clock())])

    async def disable_client(self, id: str) -> None:
        await self.server.store.commit(clients.disable(id, self.server.clock()))
        await self.server.registry.renew()

    async def enable_client(self, id: str) -> None:
        await self.server.store.commit(clients.enable(id, self.server.clock()))
        await self.server.registry.renew()

    async def sids(self, person: str = ALICE) -> list[str]:
        """The sessions of a person that live, oldest first."""
        return [seen.session.id for seen in await sessions.live_of(self.server.store, person, self.server.clock())]

    async def end_session(self, id: str, person: str = ALICE) -> None:
        changes, _ = await ending.session(self.server, id, person, "ended by a test", self.server.clock())
        await self.server.store.commit(changes)

    async def set_policy(self, document: Mapping[str, Any], *, at: str = "server", name: str = "") -> None:
        """What an operator states for the server, a client, or a resource."""
        now, store, known = self.server.clock(), self.server.store, self.server.registry.catalogue.resources
        if at == "client":
            client = await self.server.registry.client(name)
            assert client is not None
            changes = clients.change(name, json.dumps(dict(client.document)), json.dumps(document), now)
        elif at == "resource":
            changes = resources.change(replace(known[name], policy=Policy.read(document, at="resource")), now)
        else:
            is_there = (at, name) in await resources.policies(store)
            write = resources.change_policy if is_there else resources.add_policy
            changes = write(at, name, Policy.read(document, at=at), now)  # type: ignore[arg-type]
        await store.commit(changes)
        await self.server.registry.renew()

    async def token(self, client: str = "web", **form: Any) -> httpx2.Response:
        """A POST to the token door, by a confidential client with its secret, by a public one with its name."""
        if CLIENTS[client].get("token_endpoint_auth_method") == "none":
            return await self.http.post("/token", data={"client_id": client, **form})
        return await self.http.post("/token", data=form, auth=(client, SECRET))

    async def code(self, client: str = "web", **changed: Any) -> str:
        """A code that nobody redeemed yet."""
        return (await self.authorize(client, **changed))["code"]

    async def redeem(self, code: str, client: str = "web", **changed: Any) -> httpx2.Response:
        """None leaves a parameter out."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CLIENTS[client]["redirect_uris"][0],
            "code_verifier": VERIFIER,
            **changed,
        }
        return await self.token(client, **{name: value for name, value in form.items() if value is not None})

    async def sign_in(
        self, browser: httpx2.AsyncClient | None = None, username: str = "alice", password: str = PASSWORD, **form: str
    ) -> httpx2.Response:
        """The sign-in page and its form, without a request under way."""
        browser = browser or self.http
        page = await browser.get("/login")
        if page.is_redirect:  # somebody is signed in: the page of a request is the only one that asks again
            return page
        return await browser.post(
            "/login", data={**hidden(page.text), "username": username, "password": password, **form}
        )

    async def introspect(self, token: str, client: str = "api-server") -> dict[str, Any]:
        answer = await self.http.post("/introspect", data={"token": token}, auth=(client, SECRET))
        assert 200 == answer.status_code, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def request(self, client: str = "web", **changed: Any) -> dict[str, Any]:
        """The parameters of an authorization request; None leaves one out."""
        found = {
            "response_type": "code",
            "client_id": client,
            "redirect_uri": CLIENTS[client]["redirect_uris"][0],
            "scope": SCOPE,
            "state": "the-state",
            "nonce": "the-nonce",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changed,
        }
        return {name: value for name, value in found.items() if value is not None}

    async def authorize(
        self, client: str = "web", *, browser: httpx2.AsyncClient | None = None, username: str = "alice", **changed: Any
    ) -> dict[str, str]:
        """Signs in and consents where asked, and returns what the client's redirect address got."""
        browser = browser or self.http
        answer = await browser.get("/authorize", params=self.request(client, **changed))
        return await self.go_on(browser, answer, username=username)

    async def go_on(
        self, browser: httpx2.AsyncClient, answer: httpx2.Response, *, username: str = "alice"
    ) -> dict[str, str]:
        for _ in range(12):
            if answer.is_redirect:
                location = answer.headers["location"]
                if not location.startswith(self.url):
                    parts = urlsplit(location)
                    return {name: values[0] for name, values in parse_qs(parts.query or parts.fragment).items()}
                answer = await browser.get(location)
            elif 'id="sign-in"' in answer.text:
                form: dict[str, Any] = {**hidden(answer.text), "username": username, "password": PASSWORD}
                answer = await browser.post("/login", data=form)
            elif 'id="consent"' in answer.text:
                form = {**hidden(answer.text), "scope": boxes(answer.text), "decision": "allow"}
                answer = await browser.post("/consent", data=form)
            else:
                raise AssertionError(f"{answer.status_code} {answer.text}")
        raise AssertionError("the sign-in does not end")

    async def tokens(self, client: str = "web", **changed: Any) -> dict[str, Any]:
        """A whole code flow: the answer of the token door."""
        got = await self.authorize(client, **changed)
        answer = await self.token(
            client,
            grant_type="authorization_code",
            code=got["code"],
            redirect_uri=changed.get("redirect_uri", CLIENTS[client]["redirect_uris"][0]),
            code_verifier=VERIFIER,
        )
        assert 200 == answer.status_code, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def refresh(self, token: str, client: str = "web", **form: Any) -> httpx2.Response:
        return await self.token(client, grant_type="refresh_token", refresh_token=token, **form)

    async def change_client(self, id: str, **members: Any) -> None:
        """Its document; None takes a member away."""
        client = await self.server.registry.client(id)
        assert client is not None
        document = {name: value for name, value in {**client.document, **members}.items() if value is not None}
        policy = json.dumps(client.policy.document())
        await self.server.store.commit(clients.change(id, json.dumps(document), policy, self.server.clock()))
        await self.server.registry.renew()

    async def add_resource(
        self, id: str, scopes: Collection[str], servers: tuple[str, ...] = ("api-server",), **policy: Any
    ) -> None:
        found = Resource(id, id, dict.fromkeys(scopes, ""), servers, Policy.read(policy, at="resource"))
        await self.server.store.commit(resources.add(found, self.server.clock()))
        await self.server.registry.renew()

    async def add_client(self, id: str, document: Mapping[str, Any], policy: Mapping[str, Any] | None = None) -> None:
        await add_client(self.server, id, document, policy)
        await self.server.registry.renew()

    async def add_person(self, username: str, **more: Any) -> str:
        return await add_person(self.server, username, **more)


def part(token: str, number: int) -> dict[str, Any]:
    text = token.split(".")[number]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def header(token: str) -> dict[str, Any]:
    """Of a JWT, as it stands."""
    return part(token, 0)


def claims(token: str) -> dict[str, Any]:
    """Of a JWT, unverified."""
    return part(token, 1)


def untraced(answer: httpx2.Response) -> tuple[int, bytes, str]:
    """All of a refusal but its trace id, which is of one form in its two places: the rest is the same byte for byte."""
    trace = answer.headers["x-trace-id"]
    assert re.fullmatch("[0-9a-f]{12}", trace)
    assert trace == answer.json()["trace_id"]
    return (
        answer.status_code,
        answer.content.replace(b'"trace_id":"%b"' % trace.encode(), b'"trace_id":""', 1),
        str(answer.headers).replace(f"'x-trace-id': '{trace}'", "'x-trace-id': ''", 1),
    )


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))


def boxes(page: str) -> list[str]:
    return [
        match[0] or match[1]
        for match in re.findall(r'name="scope"[^>]*?value="([^"]*)"|value="([^"]*)"[^>]*?name="scope"', page)
    ]


@functools.cache
def _rsa_key(number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=algorithms.RSA_BITS)


_NUMBERS = itertools.cycle(range(12))


def _next_rsa_key(_: algorithms.Rsa) -> rsa.RSAPrivateKey:
    """A real one, and in one server never the same twice; but the search for primes is not made in every test."""
    return _rsa_key(next(_NUMBERS))


def client_of(application: Any, url: str, address: str = "127.0.0.1") -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=application, client=(address, 4711))
    return httpx2.AsyncClient(transport=transport, base_url=url)


def client_changes(
    server: Server, id: str, document: Mapping[str, Any], policy: Mapping[str, Any] | None = None
) -> list[Change]:
    now = server.clock()
    found = clients.add(id, json.dumps(document), json.dumps(policy or {}), now)
    if document.get("token_endpoint_auth_method") == "none":
        return found
    digest = server.registry.mac("client_secret", SECRET.encode())
    return [*found, *clients.add_secret(f"{id}-1", id, "apply", digest, len(SECRET), now, None)]


async def add_client(
    server: Server, id: str, document: Mapping[str, Any], policy: Mapping[str, Any] | None = None
) -> None:
    await server.store.commit(configuration.moved_once(client_changes(server, id, document, policy)))


async def person_change(
    server: Server, username: str, *, groups: tuple[str, ...] = ("staff",), claims: Mapping[str, Any] = CLAIMS
) -> Change:
    email = f"{username}@example.org"
    record = people.Record(username, username, email, email, json.dumps(claims), '{"department": "R&D"}', groups)
    return people.add(f"id-of-{username}", record, await server.hashing.hash(PASSWORD), server.clock())


async def add_person(server: Server, username: str, **more: Any) -> str:
    await server.store.commit([await person_change(server, username, **more)])
    return f"id-of-{username}"


async def _fill(server: Server) -> None:
    """In one commit: every test waits for it."""
    scopes = {"api:read": "Read your notes", "api:write": ""}
    changes = resources.add(Resource(API, "Example API", scopes, ("api-server",), Policy()), server.clock())
    for id, document in CLIENTS.items():
        changes += client_changes(server, id, document)
    await server.store.commit(configuration.moved_once([*changes, await person_change(server, "alice")]))
    await server.registry.renew()


def _is_a_fault(line: Mapping[str, Any]) -> bool:
    """The admin API's tests break it on purpose."""
    return "upkeep_failed" == line["event"] or ("failed" == line["event"] and "/admin/api" not in line["door"])


async def start(database: Database, **environment: str) -> AsyncIterator[Issuer]:
    """Cheap hashes: what a hash costs is tried where hashes are tried."""
    settings = Settings.load(
        {
            "MINTMARK_ISSUER": "https://id.example",
            "MINTMARK_DATABASE_URL": database.url,
            "MINTMARK_SEALING_KEYS": sealing.generate(),
            "MINTMARK_LOG_FORMAT": "json",
            "MINTMARK_PASSWORD_HASH_MEMORY": "64",
            "MINTMARK_PASSWORD_HASH_TIME_COST": "1",
            **environment,
        }
    )
    moment = [NOON]
    algorithms.Rsa.generate = _next_rsa_key  # type: ignore[assignment, method-assign]
    application: Any = app.build(settings, clock=lambda: moment[0])
    to, back = asyncio.Queue[dict[str, Any]](), asyncio.Queue[dict[str, Any]]()
    await to.put({"type": "lifespan.startup"})
    running = asyncio.create_task(
        application({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, to.get, back.put)
    )
    started = await back.get()
    assert "lifespan.startup.complete" == started["type"], started
    server = application.app.state.server
    lines: list[dict[str, Any]] = []
    server.journal.log = Heard(server.journal.log, lines)
    await _fill(server)
    http = client_of(application, settings.issuer)
    found = Issuer(settings, server, http, application, moment, lines)
    yield found
    for one in [http, *found.others]:
        await one.aclose()
    await to.put({"type": "lifespan.shutdown"})
    await back.get()
    await running
    faults = [line for line in lines if _is_a_fault(line)]
    assert [] == faults, f"something broke on our side: {faults}"


@pytest.fixture
async def issuer(database: Database) -> AsyncIterator[Issuer]:
    async for one in start(database):
        yield one


@pytest.fixture
async def sqlite_issuer(sqlite_database: Database) -> AsyncIterator[Issuer]:
    async for one in start(sqlite_database):
        yield one


@pytest.fixture
def without_upkeep(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a test that counts what happens: what upkeep does, whose turn may come at any moment, is none of it."""
    monkeypatch.setattr(upkeep, "start", lambda server: ())
