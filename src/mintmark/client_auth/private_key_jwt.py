"""A signed assertion in the form, by a key that the client alone has (RFC 7523 §2.2, OIDC Core §9)."""

from collections.abc import Collection
from datetime import datetime

from mintmark import client_keys
from mintmark.client_keys import NotProved
from mintmark.keys import foreign
from mintmark.keys.foreign import Unproved, Unreadable
from mintmark.protocol import client_assertion
from mintmark.protocol.client import Client
from mintmark.protocol.credentials import Credentials
from mintmark.protocol.params import Params
from mintmark.server import Server
from mintmark.store import assertions
from mintmark.store.changes import Conflict
from mintmark.wire.asked import Asked

ALGS = foreign.ALGS


def read(asked: Asked, params: Params) -> Credentials | None:
    token, kind = params.get("client_assertion"), params.get("client_assertion_type")
    if token is None and kind is None:
        return None
    if token is None or kind != client_assertion.TYPE:
        raise client_assertion.unproved("assertion type", client_assertion.TYPE, kind)
    try:
        found = foreign.read(token, algs=ALGS, typ=client_assertion.TYPS)
    except Unreadable as error:
        raise client_assertion.unproved("assertion form", f"a signed JWT: {error}") from error
    return Credentials(client_assertion.client_id(found.claims), way="private_key_jwt", assertion=found)


async def prove(
    server: Server, asked: Asked, client: Client, credentials: Credentials, spent: set[bytes], now: datetime
) -> None:
    """Raises InvalidClient. What is good is written down as shown before anybody is told so.

    spent: what this very request has shown before, where it decides again.
    """
    token = credentials.assertion
    if not isinstance(token, Unproved) or client.auth_method != "private_key_jwt":
        raise client_assertion.unproved("assertion method", client.auth_method)
    algs = algs_of(client)
    if token.alg not in algs:
        raise client_assertion.unproved("assertion alg", " ".join(algs), token.alg)
    shown = client_assertion.read(token.claims, _audiences(server, asked, client, now), now)
    try:
        await client_keys.prove(server, client, token, now)
    except NotProved as error:
        raise client_assertion.unproved(
            "assertion signature", f"a signature by one of the client's keys: {error.why}"
        ) from error
    digest = assertions.digest(client.id, shown.jti)
    if digest in spent:
        return
    try:
        await server.commit([assertions.spend(digest, shown.expires_at)], [], asked, now)
    except Conflict as error:
        raise client_assertion.unproved("assertion replay", "a jti that was not used before") from error
    spent.add(digest)


def algs_of(client: Client) -> Collection[str]:
    """What it registered, and nothing else (OIDC Registration §2: token_endpoint_auth_signing_alg)."""
    alg = client.document.get("token_endpoint_auth_signing_alg")
    return ALGS if alg is None else (str(alg),)


def _audiences(server: Server, asked: Asked, client: Client, now: datetime) -> tuple[str, ...]:
    """The issuer; for clients whose policy lets them, the token endpoint and the door at hand, as older libraries say.

    Both are ours alone, and made of the issuer (RFC 7523 §3).
    """
    if server.registry.limits(client, (), (), now, offline=False).require_issuer_audience:
        return (server.issuer,)
    door = asked.path.removeprefix(server.path)
    return (server.issuer, f"{server.issuer}/token", f"{server.issuer}{door}")
