"""Rotation that survives a lost answer, and finds reuse (RFC 6749 §6, RFC 9700 §4.14.2)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from mintmark.protocol import hmac_sha256, ids

PREFIX = "mmr_"
AUTHORIZATION = 16  # bytes: its id
HEAD = AUTHORIZATION + 6  # bytes: that, and the milliseconds of its making
_HEAD_LETTERS = 32  # they hold the head, and two bytes more


class RefreshToken(NamedTuple):
    digest: bytes
    created_at: datetime
    expires_at: datetime
    spent_at: datetime | None  # None: it is the live end of its chain
    heir_key_id: str | None
    heir_is_used: bool  # the heir was itself presented with success


class Heir(NamedTuple):
    """The token that comes after another, and the key of its row."""

    text: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Fresh:
    """Nobody used it before."""


@dataclass(frozen=True, slots=True)
class HeirAgain:
    """The answer of its first use was lost: the same heir is handed out again."""

    key_id: str
    spent_at: datetime


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
        return HeirAgain(token.heir_key_id, token.spent_at)
    return Reused()


def make(authorization_id: str, created_ms: int, secret: bytes) -> str:
    """The token's text. `secret`: 256 bits; what stands before them is none."""
    head = bytes.fromhex(authorization_id.replace("-", "")) + created_ms.to_bytes(HEAD - AUTHORIZATION, "big")
    return _written(head, secret)


def digest(token: str) -> bytes:
    """What is stored of it, and the key of its row: the head, and the digest of the whole.

    The tokens of an authorization lie side by side in the order of their making: a refresh touches one place of the
    table, and a list of the newest needs no index.
    """
    try:
        head = urlsafe_b64decode(token[len(PREFIX) : len(PREFIX) + _HEAD_LETTERS])[:HEAD]
    except ValueError:  # whatever it is, it is unknown
        head = b""
    return head + ids.digest(token)


def shown(digest: bytes) -> str:
    """What operators call it by: it tells it from all others, and no way leads back to the secret."""
    return digest[HEAD : HEAD + 16].hex()


def heir(key: bytes, presented: str, its_digest: bytes, spent_ms: int) -> Heir:
    """Derived, so that a retry gets the same one and nothing secret is stored. its_digest: `digest(presented)`."""
    secret = hmac_sha256.digest(key, b"heir\0" + its_digest[HEAD:] + presented.encode())
    head = its_digest[:AUTHORIZATION] + spent_ms.to_bytes(HEAD - AUTHORIZATION, "big")
    text = _written(head, secret)
    return Heir(text, head + ids.digest(text))


def _written(head: bytes, secret: bytes) -> str:
    return PREFIX + urlsafe_b64encode(head + secret).decode()
