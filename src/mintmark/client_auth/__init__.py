"""How a CLIENT proves itself: one file per token_endpoint_auth_method, and one entry here."""

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

from mintmark.client_auth import client_secret_basic, client_secret_post, none
from mintmark.events import ClientRefused
from mintmark.protocol.client import Client
from mintmark.protocol.credentials import Credentials
from mintmark.protocol.errors import InvalidClient, InvalidRequest, TooManyAttempts
from mintmark.protocol.params import Params
from mintmark.server import Server
from mintmark.wire.asked import Asked

UNKNOWN, DISABLED = "unknown client", "client disabled"


class Method(Protocol):
    """A file of this room."""

    def read(self, asked: Asked, params: Params, /) -> Credentials | None:
        """What was sent in this way; None: nothing. Raises InvalidClient for what is malformed."""


METHODS: Final[Mapping[str, Method]] = {
    "client_secret_basic": client_secret_basic,
    "client_secret_post": client_secret_post,
    "none": none,
}


async def authenticate(server: Server, asked: Asked, params: Params, now: datetime) -> Client:
    """The client, proved. The same 401 for an unknown one, a disabled one and a wrong secret (RFC 6749 §5.2)."""
    try:
        credentials = _read(asked, params)
    except InvalidClient as error:
        raise refused(asked, params, error.check, error.expected, error.got) from error
    if credentials is None:
        raise refused(asked, params, "client authentication", "credentials of a client")
    key = f"{credentials.client_id[:200]}\n{asked.address}"
    wait = server.client_failures.allow(key, now)
    if wait is not None:
        raise TooManyAttempts(
            "too many failed authentications of this client: wait",
            wait,
            check="client throttle",
            expected="fewer failures",
            got=f"wait {wait} s",
        )
    client = await server.registry.client(credentials.client_id)
    why = _why_not(server, client, credentials, now)
    if client is None or why is not None:
        server.client_failures.fail(key, now)
        server.see(ClientRefused(client_id=None if client is None else client.id, why=why or "unknown"), asked, now)
        raise _told(asked, params, client, credentials, why or UNKNOWN)
    return client


def refused(asked: Asked, params: Params, check: str, expected: str = "", got: object = None) -> InvalidClient:
    """Byte for byte the same, whatever was wrong: only operators are told what it was.

    A challenge answers an Authorization header, or nothing at all.
    """
    nothing = not (params.sent("client_id") or params.sent("client_secret"))
    challenge = nothing or asked.header(b"authorization") is not None
    return InvalidClient("client authentication failed", challenge=challenge, check=check, expected=expected, got=got)


def _told(asked: Asked, params: Params, client: Client | None, credentials: Credentials, why: str) -> InvalidClient:
    if client is None:
        return refused(asked, params, "unknown client", "the client_id of a client", credentials.client_id)
    if why == DISABLED:
        return refused(asked, params, "disabled client", "a client that is enabled", client.id)
    sent = credentials.secrets[0] if credentials.secrets else None
    if client.is_public:
        return refused(asked, params, "secret of a public client", "no client_secret", sent)
    return refused(
        asked, params, "client secret", f"one of its {len(client.secrets)} secrets that have not ended", sent
    )


def _read(asked: Asked, params: Params) -> Credentials | None:
    found = [given for method in METHODS.values() if (given := method.read(asked, params)) is not None]
    if len(found) > 1:
        raise InvalidRequest(
            "the client authenticates in more than one way (RFC 6749 §2.3)", check="two credentials", expected="one way"
        )
    if not found:
        return None
    named = params.get("client_id")
    if named is not None and named != found[0].client_id:
        raise InvalidClient(
            "client_id is not the one that authenticates",
            check="client_id beside credentials",
            expected="the client_id of the Authorization header",
            got=named,
        )
    return found[0]


def _why_not(server: Server, client: Client | None, credentials: Credentials, now: datetime) -> str | None:
    right = _has_secret(server, client, credentials, now)
    if client is None:
        return UNKNOWN
    if client.disabled_at is not None:
        return DISABLED
    if client.is_public:
        return None if not credentials.secrets else "a public client has no secret"
    return None if right else "wrong or missing secret"


def _has_secret(server: Server, client: Client | None, credentials: Credentials, now: datetime) -> bool:
    """Compares, in constant time, with every live secret; an unknown client costs a digest as well."""
    live = () if client is None else client.secrets
    right = False
    for secret in credentials.secrets:
        given = server.registry.mac("client_secret", secret.encode())
        for one in live:
            if one.expires_at is None or now < one.expires_at:
                right |= hmac.compare_digest(given, one.digest)
    return right
