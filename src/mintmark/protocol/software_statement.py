"""What a software statement says, once its signature is proved: how long, and in the place of what (RFC 7591 §2.3)."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from mintmark.protocol.errors import InvalidSoftwareStatement

CLOCK = timedelta(seconds=10)  # how far its issuer's clock may be from ours
# Of the token itself, and of no client (RFC 7519 §4.1).
ABOUT_ITSELF = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})
# What no statement decides: it speaks of the software, and each instance of that has a registration of its own.
NEVER = frozenset({"software_statement", "client_id", "client_secret"})


def check_time(claims: Mapping[str, object], now: datetime, *, audience: str) -> None:
    """It may have no end; it is for anybody, or for us. Raises InvalidSoftwareStatement."""
    expires, begins = _moment(claims, "exp"), _moment(claims, "nbf")
    if (expires is not None and expires <= now - CLOCK) or (begins is not None and begins > now + CLOCK):
        raise _invalid("software_statement is over, or not good yet")
    named = claims.get("aud", audience)
    if audience not in (named if isinstance(named, list) else [named]):
        raise _invalid("software_statement is for another server")


def overrides(sent: Mapping[str, object], claims: Mapping[str, object]) -> dict[str, object]:
    """What the client says, and in its place what the statement says (RFC 7591 §3.1.1)."""
    said = {name: value for name, value in claims.items() if name not in ABOUT_ITSELF | NEVER}
    return {**sent, **said}


def _moment(claims: Mapping[str, object], name: str) -> datetime | None:
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise _invalid(f"{name} in software_statement is no time")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):  # a year that no calendar has
        raise _invalid(f"{name} in software_statement is no time") from None


def _invalid(description: str) -> InvalidSoftwareStatement:
    return InvalidSoftwareStatement(
        description, check="software statement claims", expected="a statement for now and us"
    )
