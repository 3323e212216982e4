"""The registration door: a client registers itself (RFC 7591 §3, OIDC Registration §3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mintmark import refused
from mintmark.endpoints import bearer, registering
from mintmark.events import ClientRegistered
from mintmark.protocol import client as clients_
from mintmark.protocol import ids, registration
from mintmark.protocol.errors import InvalidToken, NoCredentials, OAuthError
from mintmark.protocol.registration import Registered
from mintmark.server import Server, decided
from mintmark.store import initial_access_tokens, registrations
from mintmark.store.changes import Change
from mintmark.store.initial_access_tokens import InitialAccessToken
from mintmark.wire import refusals
from mintmark.wire.answer import Answer, json_answer
from mintmark.wire.asked import Asked


async def register(server: Server, asked: Asked) -> Answer:
    """POST. 201 with everything that is registered, and how the client manages it."""
    try:
        return await _register(server, asked)
    except (InvalidToken, NoCredentials) as error:
        return challenged(server, asked, error)


def challenged(server: Server, asked: Asked, error: OAuthError) -> Answer:
    """401, as at every resource that takes a bearer token (RFC 6750 §3, RFC 7592 §2)."""
    refused.tell(server, asked, error, server.clock())
    return refusals.as_bearer(error, asked.request_id, named=not isinstance(error, NoCredentials))


async def _register(server: Server, asked: Asked) -> Answer:
    now = server.clock()
    await server.registry.current()
    if await _initial(server, asked, now) is None:
        await registering.count(server, asked, now)
    client_id = ids.uuid7(now, server.random(10))
    document = await registering.members(server, client_id, registering.body(asked), now)
    made = _make(server, client_id, document, now)

    async def commit() -> None:
        initial = await _initial(server, asked, now)  # anew: another client may have had its last use meanwhile
        changes = made.changes(None if initial is None else initial.id)
        if initial is not None:
            changes.append(initial_access_tokens.spend(initial.id, now))
        event = ClientRegistered(client_id=client_id, initial=None if initial is None else initial.name)
        await server.commit(changes, [event], asked, now)

    await decided(commit)
    await registering.want_logo(server, client_id, document)
    return json_answer(registration.answer(made.told, document), 201)


async def _initial(server: Server, asked: Asked, now: datetime) -> InitialAccessToken | None:
    """The token that was sent, still good; None: none was, and none is needed. Raises NoCredentials, InvalidToken."""
    if server.settings.registration == "open" and asked.header(b"authorization") is None:
        return None
    token = bearer.read(asked)
    found = await initial_access_tokens.find_by_digest(server.store, ids.digest(token))
    if found is None or not found.is_live(now):
        raise InvalidToken(
            "the initial access token is not one that is good here",
            check="initial access token",
            expected="one that has uses left and has not ended",
            got=None if found is None else found.name,
        )
    return found


@dataclass(frozen=True, slots=True)
class _Made:
    told: Registered
    document: Mapping[str, object]
    policy: Mapping[str, object]
    secret: Change | None
    now: datetime

    def changes(self, registered_with: str | None) -> list[Change]:
        told = self.told
        text, policy = clients_.written(self.document), clients_.written(self.policy)
        digest = ids.digest(told.access_token)
        made = registrations.add(told.client_id, text, policy, digest, registered_with, self.now)
        return [made] if self.secret is None else [made, self.secret]


def _make(server: Server, client_id: str, document: Mapping[str, object], now: datetime) -> _Made:
    access_token = ids.secret(registration.PREFIX, server.random(32))
    secret, row = None, None
    if registration.needs_secret(document):
        secret, row = registering.new_secret(server, client_id, now)
    told = Registered(client_id, now, access_token, registering.address(server, client_id), secret)
    return _Made(told, document, registering.policy(server), row, now)
