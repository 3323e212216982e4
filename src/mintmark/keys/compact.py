"""The compact form of a JWS, read strictly (RFC 7515 §3.1, RFC 8725 §3): one spelling of a token, one of its values."""

import binascii
import re
from collections.abc import Collection
from typing import Any, Final

from mintmark.protocol import strict_json

LONGEST: Final = 16 * 1024  # characters; we sign nothing near that long

Claims = dict[str, Any]  # Any: JSON, each claim has its own form

FORM: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)


def typ_fits(written: str, typ: Collection[str]) -> bool:
    """A media type: case does not count, and "application/" may be left out (RFC 7515 §4.1.9)."""
    return written.lower().removeprefix("application/") in {name.lower() for name in typ}


def read(octets: bytes | None) -> Claims | None:
    """A JSON object. None for whatever else it is, and for an object in which a member stands twice."""
    if octets is None:
        return None
    try:
        document = strict_json.parse(octets.decode("utf-8"))
    except (ValueError, RecursionError):  # RecursionError: thousands of brackets
        return None
    return document if isinstance(document, dict) else None


_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_PLAIN: Final = bytes.maketrans(b"-_", b"+/")


def encode(octets: bytes) -> bytes:
    """base64url without padding (RFC 7515 §2)."""
    return binascii.b2a_base64(octets, newline=False).translate(_URL_SAFE, b"=")


def decode(segment: str) -> bytes | None:
    written = segment.encode("ascii")
    try:
        octets = binascii.a2b_base64(written.translate(_PLAIN) + b"=" * (-len(written) % 4))
    except binascii.Error:
        return None
    # Loose bits at the end would give one token many spellings (RFC 4648 §3.5), and what is no letter is passed over.
    return octets if encode(octets) == written else None
