"""HMAC-SHA-256, written out (RFC 2104 §2): the library's way costs half as much again, twice a refresh."""

from hashlib import sha256
from typing import Final

_BLOCK: Final = 64  # bytes
_INNER, _OUTER = (bytes(octet ^ pad for octet in range(256)) for pad in (0x36, 0x5C))


def digest(key: bytes, message: bytes) -> bytes:
    block = (key if len(key) <= _BLOCK else sha256(key).digest()).ljust(_BLOCK, b"\0")
    return sha256(block.translate(_OUTER) + sha256(block.translate(_INNER) + message).digest()).digest()
