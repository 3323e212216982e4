"""What is in the database before the faults begin: people who are signed in, clients, and refresh tokens."""

import itertools
import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta

from mintmark import app
from mintmark import browser as browsers
from mintmark.protocol import ids, refresh_token
from mintmark.protocol.authorization import Authorization
from mintmark.protocol.catalogue import Resource
from mintmark.protocol.code import Code
from mintmark.protocol.policy import Policy
from mintmark.protocol.session import ONE_FACTOR, Session
from mintmark.server import Server
from mintmark.settings import Settings
from mintmark.store import authorizations, people, refresh_tokens, resources, sessions
from mintmark.store.changes import Change
from tests.issuer import API, PASSWORD, SCOPE, add_client

PEOPLE = 10
CLIENTS = ("web", "other")
DOCUMENT = {
    "redirect_uris": ["https://web.example/cb"],
    "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    "scope": SCOPE,
}
DAY = timedelta(days=1)


@dataclass
class Chain:
    """An authorization, and the newest tokens that its client holds."""

    id: str  # the authorization's
    person_id: str
    client_id: str
    session_id: str
    token: str
    access_token: str = ""


@dataclass(frozen=True)
class Seeds:
    chains: list[Chain]
    browsers: list[str]  # the Cookie header of each person's browser

    @classmethod
    async def sow(cls, settings: Settings, *, chains: int) -> "Seeds":
        server = await app.open_server(settings)
        try:
            await clients(server)
            browsers = await signed_in(server)
            found = await authorized(server, [f"person-{n % PEOPLE}" for n in range(chains)])
        finally:
            await server.store.close()
        return cls(found, browsers)


async def clients(server: Server) -> None:
    scopes = {"api:read": "", "api:write": ""}
    await server.store.commit(
        resources.add(Resource(API, "Example API", scopes, ("api-server",), Policy()), server.clock())
    )
    await server.registry.renew()
    for client_id in CLIENTS:
        await add_client(server, client_id, DOCUMENT)
    await add_client(server, "api-server", {"grant_types": []})
    await server.registry.renew()


async def signed_in(server: Server) -> list[str]:
    """Everybody has one browser with a session in it; they all have the same password."""
    now, hashed = server.clock(), await server.hashing.hash(PASSWORD)
    changes: list[Change] = []
    cookies = []
    for n in range(PEOPLE):
        name = f"person-{n}"
        record = people.Record(name, name, None, None, json.dumps({"name": name}), "{}", ("staff",))
        secret = ids.secret(f"{browsers.PREFIX}browser-{n}{browsers.BETWEEN}", os.urandom(32))
        changes.append(people.add(name, record, hashed, now))
        changes.append(sessions.add(session(f"session-{n}", name, now), ids.digest(secret), "127.0.0.1", "tests"))
        cookies.append(f"{server.settings.cookie_name}={secret}")
    await server.store.commit(changes)
    return cookies


def session(id: str, person_id: str, now: datetime) -> Session:
    return Session(id, person_id, now, now, now, now + DAY, now + DAY, None, ONE_FACTOR, ("pwd",))


async def authorized(server: Server, persons: list[str], *, ends_with_session: bool = False) -> list[Chain]:
    """A chain for each name. ends_with_session: each hangs on a session of its own."""
    now = server.clock()
    found = []
    for number, (person, client) in enumerate(zip(persons, itertools.cycle(CLIENTS), strict=False)):
        changes: list[Change] = []
        id = ids.uuid7(now, os.urandom(10))
        token = refresh_token.make(id, ids.ms(now), os.urandom(32))
        session_id = f"session-{number % PEOPLE}"
        if ends_with_session:
            session_id = f"session-of-{id}"
            changes.append(sessions.add(session(session_id, person, now), os.urandom(32), "127.0.0.1", "tests"))
        changes.append(authorizations.add(authorization(id, person, client, session_id, now, ends_with_session)))
        changes.append(refresh_tokens.add(refresh_token.digest(token), id, now, now + 30 * DAY))
        await server.store.commit(changes)
        found.append(Chain(id, person, client, session_id, token))
    return found


def code(digest: bytes, chain: Chain, redirect_uri: str, challenge: str, now: datetime) -> Code:
    return Code(
        digest=digest,
        authorization_id=chain.id,
        client_id=chain.client_id,
        redirect_uri=redirect_uri,
        code_challenge=challenge,
        nonce=None,
        created_at=now,
        expires_at=now + timedelta(minutes=1),
        spent_at=None,
    )


def authorization(
    id: str, person: str, client: str, session_id: str, now: datetime, ends_with_session: bool
) -> Authorization:
    return Authorization(
        id=id,
        person_id=person,
        client_id=client,
        session_id=session_id,
        scope=tuple(SCOPE.split()),
        resources=(API,),
        ends_with_session=ends_with_session,
        authenticated_at=now,
        acr=ONE_FACTOR,
        amr=("pwd",),
        created_at=now,
        expires_at=now + 90 * DAY,
        ended_at=None,
    )
