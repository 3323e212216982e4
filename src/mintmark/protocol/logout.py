"""Logout: what is asked at the end-session endpoint, and what is said to clients that took part in a session.

OIDC RP-Initiated Logout §2, §3, Back-Channel Logout §2.4, Front-Channel Logout §3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mintmark import languages
from mintmark.protocol import ids
from mintmark.protocol.client import Client
from mintmark.protocol.errors import InvalidRequest
from mintmark.protocol.params import Params
from mintmark.protocol.return_address import ReturnAddress, encoded

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TOKEN_LIFETIME = timedelta(minutes=2)  # as recommended: it is made when it is sent


@dataclass(frozen=True, slots=True)
class Hint:
    """What an ID token of ours says of whom is meant, expired or not."""

    client_id: str
    session_id: str | None  # None: it names no session


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    client: Client | None  # None: nobody is named whom we know
    hint: Hint | None  # None: none that we signed for that client
    return_address: ReturnAddress | None  # None: the person stays here
    state: str | None
    ui_locales: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """The person answers first: nothing shows that it is they who want it, or that it is this session."""


@dataclass(frozen=True, slots=True)
class End:
    session_id: str


def hint_of(claims: Mapping[str, Any] | None) -> Hint | None:
    """Of an ID token's claims whose signature and issuer were checked; None for another's or a forged one."""
    if claims is None:
        return None
    audience, session_id = claims.get("aud"), claims.get("sid")
    if not isinstance(audience, str):
        return None
    return Hint(audience, session_id if isinstance(session_id, str) else None)


def client_id_of(params: Params, hint: Hint | None) -> str | None:
    """Who asks: the hint's client, or the one that is named. Raises InvalidRequest where the two are not one."""
    named = params.get("client_id")
    if named is not None and hint is not None and named != hint.client_id:
        raise InvalidRequest(
            "client_id is not the client to which the ID token was issued",
            check="logout client_id",
            expected=hint.client_id,
            got=named,
        )
    return hint.client_id if hint is not None else named


def read(params: Params, client: Client | None, hint: Hint | None) -> LogoutRequest:
    """Raises UntrustedRequest for an address that the client has not registered.

    `logout_hint` and `ui_locales` are never an error. An address without a client that we know leads nowhere.
    """
    sent = params.get("post_logout_redirect_uri")
    address = None
    if sent is not None and client is not None:
        address = ReturnAddress.after_logout(sent, client.post_logout_redirect_uris)
    return LogoutRequest(
        client,
        None if client is None else hint,
        address,
        params.get("state"),
        languages.named(params.get("ui_locales")),
    )


def next_step(request: LogoutRequest, session_id: str | None) -> Ask | End:
    """session_id: of this browser; None: nobody is signed in here.

    A hint speaks for its own session only. Where no other one is signed in here, its client may end it from anywhere:
    from its server, which has no cookies, and once more after it is over.
    """
    hinted = None if request.hint is None else request.hint.session_id
    if hinted is None or session_id not in (None, hinted):
        return Ask()
    return End(hinted)


def onward(request: LogoutRequest) -> str | None:
    """Where the browser goes afterwards; None: nowhere (OIDC RP-Initiated Logout §3)."""
    if request.return_address is None:
        return None
    if request.state is None:
        return request.return_address.uri
    return request.return_address.with_query([("state", request.state)])


def back_channel(client: Client) -> str | None:
    """Where it wants to be told by us; None: not so."""
    return _address(client, "backchannel_logout_uri")


def front_channel(client: Client, issuer: str, session_id: str) -> str | None:
    """What a frame in the person's browser loads, with issuer and session; None: it does not want that."""
    address = _address(client, "frontchannel_logout_uri")
    if address is None:
        return None
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}{encoded([('iss', issuer), ('sid', session_id)])}"


def hears(client: Client) -> bool:
    """Whether it is told of a session's end at all."""
    return _address(client, "backchannel_logout_uri", "frontchannel_logout_uri") is not None


def _address(client: Client, *names: str) -> str | None:
    return next((str(client.document[name]) for name in names if client.document.get(name)), None)


def token_claims(
    *, issuer: str, client_id: str, subject: str, session_id: str, jti: str, now: datetime
) -> dict[str, object]:
    """Of a logout token: never a nonce, so that it is no ID token (OIDC Back-Channel Logout §2.4)."""
    return {
        "iss": issuer,
        "sub": subject,
        "aud": client_id,
        "iat": ids.ms(now) // 1000,
        "exp": ids.ms(now + TOKEN_LIFETIME) // 1000,
        "jti": jti,
        "sid": session_id,
        "events": {EVENT: {}},
    }
