"""How a CLIENT proves itself: one file per token_endpoint_auth_method, and one entry here."""

import hmac
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final, Protocol

from mintmark.client_auth import client_secret_basic, client_secret_post, none, private_key_jwt
from mintmark.events import ClientRefused
from mintmark.protocol.client import Client
from mintmark.protocol.credentials import Credentials
from mintmark.protocol.errors import InvalidClient, InvalidRequest, TooManyAttempts
from mintmark.protocol.params import Params
from mintmark.server import Server
from mintmark.wire.asked import Asked

BESIDE: Final = frozenset({"client_id", "client_secret", "client_assertion", "client_assertion_type"})
UNKNOWN, DISABLED = "unknown client", "client disabled"


class Method(Protocol):
    """A file of this room."""

    def read(self, asked: Asked, params: Params, /) -> Credentials | None:
        """What was sent in this way; None: nothing. Raises InvalidClient for what is malformed."""


class Proving(Method, Protocol):
    """A file of this room that proves by itself what it read; the others are proved by comparing secrets."""

    async def prove(
        self,
        server: Server,
        asked: Asked,
        client: Client,
        credentials: Credentials,
        spent: set[bytes],
        now: datetime,
        /,
    ) -> None:
        """Raises InvalidClient."""


METHODS: Final[Mapping[str, Method]] = {
    "client_secret_basic": client_secret_basic,
    "client_secret_post": client_secret_post,
    "private_key_jwt": private_key_jwt,
    "none": none,
}
PROVING: Final[Mapping[str, Proving]] = {"private_key_jwt": private_key_jwt}


async def authenticate(
    server: Server, asked: Asked, params: Params, now: datetime, spent: set[bytes] | None = None
) -> Client:
    """The client, proved. The same 401 for an unknown one, a disabled one and a wrong secret (RFC 6749 §5.2).

    spent: where a door may decide again, what this request has shown so far that is good once; None: it decides once.
    """
    place = _place(asked, params)
    again = None if place is None else await _again(server, asked, place, now)
    if again is not None:
        return again
    try:
        credentials = _read(asked, params)
    except InvalidClient as error:
        raise refused(asked, params, error.check, error.expected, error.got) from error
    if credentials is None:
        raise refused(asked, params, "client authentication", "credentials of a client")
    key = _failures(credentials.client_id, asked)
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
    if client is not None and client.disabled_at is None and credentials.way:
        try:
            once = set() if spent is None else spent
            await PROVING[credentials.way].prove(server, asked, client, credentials, once, now)
        except InvalidClient as error:
            _failed(server, asked, client, key, error.check, now)
            raise refused(asked, params, error.check, error.expected, error.got) from error
        return client
    proof = _proof(server, client, credentials, now)
    why = _why_not(client, proof, sent=bool(credentials.secrets))
    if client is None or why is not None:
        _failed(server, asked, client, key, why or UNKNOWN, now)
        raise _told(asked, params, client, credentials, why or UNKNOWN)
    if place is not None and proof is not None:
        server.registry.remembered.keep(place, (client.id, proof))
    return client


def _place(asked: Asked, params: Params) -> tuple[str, bytes] | None:
    """Where it is remembered what an Authorization header came to: under its digest, for it holds a secret.

    None: it does not stand alone, and is looked through each time.
    """
    header = asked.header(b"authorization")
    if header is None or asked.count(b"authorization") > 1 or not params.sent_none(BESIDE):
        return None
    return "authorization", sha256(header.encode("latin-1")).digest()


async def _again(server: Server, asked: Asked, place: tuple[str, bytes], now: datetime) -> Client | None:
    """The client that has shown this header before, if everything that is asked of it holds now.

    Only what the header says is remembered. None: it is read from the beginning, and refused there if it must be.
    """
    kept: tuple[str, bytes] | None = server.registry.remembered.get(place)
    if kept is None:
        return None
    client_id, proof = kept
    if server.client_failures.allow(_failures(client_id, asked), now) is not None:
        return None
    client = await server.registry.client(client_id)
    live = client is not None and _is_live(proof, client, now)
    return client if _why_not(client, proof if live else None, sent=True) is None else None


def _failures(client_id: str, asked: Asked) -> str:
    """Under what they are counted."""
    return f"{client_id[:200]}\n{asked.address}"


def _failed(server: Server, asked: Asked, client: Client | None, key: str, why: str, now: datetime) -> None:
    server.client_failures.fail(key, now)
    server.see(ClientRefused(client_id=None if client is None else client.id, why=why), asked, now)


def refused(asked: Asked, params: Params, check: str, expected: str = "", got: object = None) -> InvalidClient:
    """Byte for byte the same, whatever was wrong: only operators are told what it was.

    A challenge answers an Authorization header, or nothing at all.
    """
    nothing = not (params.sent("client_id") or params.sent("client_secret") or params.sent("client_assertion"))
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
    if client.auth_method in PROVING:
        return refused(asked, params, "client method", client.auth_method)
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


def _why_not(client: Client | None, proof: bytes | None, *, sent: bool) -> str | None:
    """proof: what a right secret is kept as. sent: whether there was any, right or wrong."""
    if client is None:
        return UNKNOWN
    if client.disabled_at is not None:
        return DISABLED
    if client.is_public:
        return None if not sent else "a public client has no secret"
    if client.auth_method in PROVING:
        return "a secret, or nothing, instead of an assertion"
    return "wrong or missing secret" if proof is None else None


def _proof(server: Server, client: Client | None, credentials: Credentials, now: datetime) -> bytes | None:
    """What a secret that was sent is kept as, if it is a live one; an unknown client costs a digest as well."""
    right = None
    for secret in credentials.secrets:
        given = server.registry.mac("client_secret", secret.encode())
        if client is not None and _is_live(given, client, now):
            right = given
    return right


def _is_live(given: bytes, client: Client, now: datetime) -> bool:
    """Compares, in constant time, with every live secret."""
    right = False
    for one in client.secrets:
        if one.expires_at is None or now < one.expires_at:
            right |= hmac.compare_digest(given, one.digest)
    return right
