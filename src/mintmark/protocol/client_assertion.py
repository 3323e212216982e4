"""What a client's assertion must say of itself (RFC 7523 §3, OIDC Core §9; RFC 7521 §4.2).

Pure: whether a key of the client made the signature, and whether the assertion was shown before, is asked elsewhere.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mintmark.protocol.errors import InvalidClient

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TYPS: tuple[str | None, ...] = (None, "JWT", "client-authentication+jwt")  # None: the header may say none
LIFETIME = timedelta(hours=1)  # the longest that is left of one: until then its `jti` is remembered
AHEAD = timedelta(seconds=10)  # that the client's clock may be ahead of ours
LONGEST_JTI = 1000  # characters


@dataclass(frozen=True, slots=True)
class Assertion:
    """What is left to be remembered of one that is good: it was shown."""

    jti: str
    expires_at: datetime


def client_id(claims: Mapping[str, object]) -> str:
    """Who it says it is: `iss` and `sub` alike (OIDC Core §9). Nothing is proved by that."""
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not isinstance(issuer, str) or not issuer or issuer != subject:
        raise unproved("assertion issuer", "iss and sub that are both the client_id")
    return issuer


def read(claims: Mapping[str, object], audiences: Collection[str], now: datetime) -> Assertion:
    """Raises InvalidClient. audiences: the names for us that it may be made out to."""
    _check_audience(claims.get("aud"), audiences)
    expires_at = _instant(claims.get("exp"))
    if expires_at is None:
        raise unproved("assertion expiry", "exp, in seconds since 1970")
    if expires_at <= now:
        raise unproved("assertion expiry", "an exp that lies ahead", claims.get("exp"))
    if expires_at > now + LIFETIME + AHEAD:
        raise unproved("assertion expiry", "an exp at most an hour ahead", claims.get("exp"))
    for name in ("iat", "nbf"):
        if name in claims:
            _check_begun(name, claims[name], now)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
        raise unproved("assertion jti", f"a jti of 1 to {LONGEST_JTI} characters")
    return Assertion(jti, expires_at)


def _check_audience(aud: object, audiences: Collection[str]) -> None:
    """One name, alone: an assertion that others may show as well proves nothing (CVE-2025-27370)."""
    said = aud[0] if isinstance(aud, list) and len(aud) == 1 else aud
    if not isinstance(said, str) or said not in audiences:
        raise unproved("assertion audience", " or ".join(audiences), said if isinstance(said, str) else None)


def _check_begun(name: str, value: object, now: datetime) -> None:
    instant = _instant(value)
    if instant is None or instant > now + AHEAD:
        raise unproved("assertion begin", f"an {name} that is no more than 10 seconds ahead")


def _instant(value: object) -> datetime | None:
    """A NumericDate, fractions among them (RFC 7519 §2)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC) if math.isfinite(value) else None
    except (ValueError, OverflowError, OSError):  # a year that no calendar has
        return None


def unproved(check: str, expected: str, got: object = None) -> InvalidClient:
    """What is said of each that is not good; operators alone see what it was."""
    return InvalidClient("the client assertion is not one that is good here", check=check, expected=expected, got=got)
