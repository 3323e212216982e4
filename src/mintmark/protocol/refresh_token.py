"""Rotation that survives a lost answer, and finds reuse (RFC 6749 §6, RFC 9700 §4.14.2)."""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta

from mintmark.protocol import ids

PREFIX = "mmr_"


@dataclass(frozen=True, slots=True)
class RefreshToken:
    digest: bytes
    id: str
    created_at: datetime
    expires_at: datetime
    spent_at: datetime | None  # None: it is the live end of its chain
    heir_key_id: str | None
    heir_is_used: bool  # the heir was itself presented with success


@dataclass(frozen=True, slots=True)
class Fresh:
    """Nobody used it before."""


@dataclass(frozen=True, slots=True)
class HeirAgain:
    """The answer of its first use was lost: the same heir is handed out again."""

    key_id: str


@dataclass(frozen=True, slots=True)
class Reused:
    """Two parties hold it: the authorization ends."""


@dataclass(frozen=True, slots=True)
class Expired:
    pass


def use(token: RefreshToken, now: datetime, grace: timedelta) -> Fresh | HeirAgain | Reused | Expired:
    """What presenting it means. Only asked once standing, scope and resource are known to be right."""
    if token.spent_at is None:
        return Fresh() if now < token.expires_at else Expired()
    if token.heir_key_id is not None and not token.heir_is_used and now - token.spent_at <= grace:
        return HeirAgain(token.heir_key_id)
    return Reused()


def heir(key: bytes, presented: str) -> str:
    """The heir's secret: derived, so that a retry gets the same one and nothing secret is stored."""
    derived = hmac.digest(key, b"heir\0" + ids.digest(presented) + presented.encode(), "sha256")
    return PREFIX + urlsafe_b64encode(derived).rstrip(b"=").decode()
