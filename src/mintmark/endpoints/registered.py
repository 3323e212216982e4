"""Where a client manages its own registration: reads, replaces and deletes it (RFC 7592 §2).

Whoever has its registration access token may. An update hands out another one, and the one before is over.
"""

import hmac
from collections.abc import Mapping
from datetime import datetime

from mintmark import ending
from mintmark.endpoints import bearer, registering
from mintmark.endpoints.register import challenged
from mintmark.events import ClientDeleted, ClientUpdated
from mintmark.protocol import client as clients_
from mintmark.protocol import ids, registration
from mintmark.protocol.client import Client
from mintmark.protocol.errors import InvalidClientMetadata, InvalidToken, NoCredentials
from mintmark.protocol.registration import Registered
from mintmark.registry import SETTLED
from mintmark.server import Server, decided
from mintmark.store import clients, consents, registrations
from mintmark.store.changes import Change
from mintmark.store.registrations import Registration
from mintmark.wire.answer import Answer, empty, json_answer
from mintmark.wire.asked import Asked

NOBODY = bytes(32)  # what no token has as its digest
# What people were shown when they allowed it: whoever changes that asks them again.
SHOWN = ("client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri", "redirect_uris")


async def show(server: Server, asked: Asked) -> Answer:
    """GET. The token stays: whoever only looks must not lose it with an answer."""
    try:
        found, token = await _mine(server, asked)
    except (InvalidToken, NoCredentials) as error:
        return challenged(server, asked, error)
    return _told(server, found, token, found.client.document)


async def change(server: Server, asked: Asked) -> Answer:
    """PUT. Every member is replaced; what is left out has its default."""
    now = server.clock()
    try:
        found, _ = await _mine(server, asked)
        await registering.count(server, asked, now)
        await server.registry.current()
        sent = registering.body(asked)
        left = registration.check_update(found.client.id, sent)
        document = await registering.members(server, found.client.id, left, now)
        return await decided(lambda: _change(server, asked, sent, document, now))
    except (InvalidToken, NoCredentials) as error:
        return challenged(server, asked, error)


async def delete(server: Server, asked: Asked) -> Answer:
    """DELETE. 204 when nothing is good any more that was ever given to the client."""
    now = server.clock()
    try:
        found, _ = await _mine(server, asked)
    except (InvalidToken, NoCredentials) as error:
        return challenged(server, asked, error)
    client_id = found.client.id

    async def disable() -> None:
        mine, _ = await _mine(server, asked)
        await server.commit([registrations.stands(mine), *clients.disable(client_id, now)], [], asked, now)

    async def forget() -> None:
        gone = await ending.client_forgotten(server.store, client_id, now)
        event = ClientDeleted(client_id=client_id, reason="deleted by itself")
        await server.commit(gone, [event], asked, now)

    try:
        await decided(disable)
    except InvalidToken as error:  # it was deleted twice at once
        return challenged(server, asked, error)
    server.registry.forget()
    await server.wait(SETTLED)
    await ending.authorizations_of_client(server.store, client_id, "client deleted", now)
    await decided(forget)
    server.registry.forget()
    return empty(204)


async def _mine(server: Server, asked: Asked) -> tuple[Registration, str]:
    """The registration, and the token that opens it. The same refusal whether there is no such client, it does not
    manage itself, an operator disabled it, or the token is another's."""
    token = bearer.read(asked)
    client_id = asked.query().get("client_id") or ""
    found = await registrations.find(server.store, client_id) if len(client_id) <= 255 else None
    right = hmac.compare_digest(ids.digest(token), NOBODY if found is None else found.digest)
    if found is None or not right or found.client.disabled_at is not None:
        raise InvalidToken(
            "the registration access token is not one that is good here",
            check="registration access token",
            expected="the newest one of this client",
            got=client_id,
        )
    return found, token


async def _change(
    server: Server, asked: Asked, sent: Mapping[str, object], document: Mapping[str, object], now: datetime
) -> Answer:
    found, _ = await _mine(server, asked)
    client = await clients.find(server.store, found.client.id)
    if client is None:
        raise InvalidToken("the client is gone", check="registration access token")
    _check_secret(server, client, sent, now)
    secret, changes = _secrets(server, client, document, now)
    names = sorted(name for name in {*client.document, *document} if client.document.get(name) != document.get(name))
    token = ids.secret(registration.PREFIX, server.random(32))
    changes += registrations.change(found, clients_.written(document), ids.digest(token), now)
    if any(name.partition("#")[0] in SHOWN for name in names):
        changes.append(consents.forget_client(client.id))
    event = ClientUpdated(client_id=client.id, members=" ".join(names))
    await server.commit(changes, [event], asked, now)
    server.registry.forget()
    await registering.want_logo(server, client.id, document)
    return _told(server, found, token, document, secret)


def _check_secret(server: Server, client: Client, sent: Mapping[str, object], now: datetime) -> None:
    """It need not be sent, and must be the client's own where it is (RFC 7592 §2.2)."""
    secret = sent.get("client_secret")
    if secret is None:
        return
    given = server.registry.mac("client_secret", str(secret).encode("utf-8", "surrogatepass"))
    right = False
    for one in client.secrets:
        if one.expires_at is None or now < one.expires_at:
            right |= hmac.compare_digest(given, one.digest)
    if not right:
        raise InvalidClientMetadata(
            "client_secret is not one of this client: it is made here, and cannot be chosen",
            check="registration client_secret",
        )


def _secrets(
    server: Server, client: Client, document: Mapping[str, object], now: datetime
) -> tuple[str | None, list[Change]]:
    """Made where the client begins to prove itself by one, ended where it no longer does."""
    if registration.needs_secret(document):
        if client.secrets:
            return None, []
        secret, row = registering.new_secret(server, client.id, now)
        return secret, [row]
    return None, [change for one in client.secrets for change in clients.end_secret(client.id, one.name, now)[:1]]


def _told(
    server: Server, found: Registration, token: str, document: Mapping[str, object], secret: str | None = None
) -> Answer:
    address = registering.address(server, found.client.id)
    told = Registered(found.client.id, found.created_at, token, address, secret)
    return json_answer(registration.answer(told, document))
