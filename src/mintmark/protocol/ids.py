"""Identifiers that sort by time (RFC 9562 §5.7), and the secrets that we make."""

import re
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def ms(moment: datetime) -> int:
    """Milliseconds since the epoch, cut off."""
    return (moment - EPOCH) // MILLISECOND


def uuid7(now: datetime, random: bytes) -> str:
    """A UUIDv7 of the instant and of ten random bytes: its first 48 bits are milliseconds."""
    time, rest = f"{ms(now):012x}", random.hex()
    return f"{time[:8]}-{time[8:]}-7{rest[1:4]}-{'89ab'[random[2] >> 4 & 3]}{rest[5:8]}-{rest[8:20]}"


def issued_at_ms(uuid: str) -> int:
    """The milliseconds inside a UUIDv7; ValueError for anything else."""
    if not _UUID7.fullmatch(uuid):  # int() alone would take signs, spaces and underscores for digits
        raise ValueError("not a UUIDv7")
    return int(uuid[:8] + uuid[9:13], 16)


def secret(prefix: str, random: bytes) -> str:
    """A secret of ours: 256 random bits in base64url, after a prefix that tells scanners what it is."""
    return prefix + urlsafe_b64encode(random).rstrip(b"=").decode()


def digest(secret: str) -> bytes:
    """What is stored of a secret that we made.

    It has 256 random bits: there is nothing to guess, so a fast digest is enough.
    """
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()  # whatever was sent: it is unknown, not an error
