"""An authorization code: single use, short-lived, bound to client, address and challenge (RFC 6749 §4.1.2)."""

from dataclasses import dataclass
from datetime import datetime

from mintmark.protocol import pkce
from mintmark.protocol.errors import InvalidGrant
from mintmark.protocol.params import Params

PREFIX = "mmc_"


@dataclass(frozen=True, slots=True)
class Code:
    digest: bytes
    authorization_id: str
    client_id: str
    redirect_uri: str
    code_challenge: str | None
    nonce: str | None
    created_at: datetime
    expires_at: datetime
    spent_at: datetime | None


def check(code: Code, params: Params, client_id: str, now: datetime) -> None:
    """Everything but single use: a wrong client, verifier or address does not burn the code."""
    if code.client_id != client_id:
        raise InvalidGrant(
            "the code was not issued to this client", check="code client", expected=code.client_id, got=client_id
        )
    redirect_uri = params.get("redirect_uri")
    if redirect_uri is None and code.code_challenge is None:
        raise InvalidGrant(
            "redirect_uri is missing: it may be left out only with PKCE",
            check="code redirect_uri",
            expected=code.redirect_uri,
        )
    if redirect_uri is not None and redirect_uri != code.redirect_uri:
        raise InvalidGrant(
            "redirect_uri is not the one of the authorization request",
            check="code redirect_uri",
            expected=code.redirect_uri,
            got=redirect_uri,
        )
    pkce.check(params.get("code_verifier"), code.code_challenge)
    if code.spent_at is None and now >= code.expires_at:
        raise InvalidGrant(
            "the code has expired",
            check="code expiry",
            expected=f"redeemed before {code.expires_at:%Y-%m-%dT%H:%M:%SZ}",
            got=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        )
