"""What a client's public keys must be before anything relies on them (RFC 7517, RFC 7518 §6, RFC 8037 §2)."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

Key = Mapping[str, object]
PRIVATE = frozenset({"d", "k", "p", "q", "dp", "dq", "qi", "oth", "priv"})  # RFC 7518 §6.2.2, §6.3.2, §6.4; RFC 9964
SMALLEST_MODULUS = 2048  # bits (RFC 7518 §3.3)
LARGEST_MODULUS = 8192  # what verifying costs grows with it, and the key is a stranger's
LARGEST_EXPONENT = 1 << 32

_BASE64URL = re.compile(r"[A-Za-z0-9_-]{1,1400}")
_SIZES = MappingProxyType({"Ed25519": 32, "X25519": 32, "Ed448": 57, "X448": 56})  # bytes


@dataclass(frozen=True, slots=True)
class Curve:
    """y² = x³ - 3x + b over the field of the prime p (NIST SP 800-186 §3.2.1)."""

    p: int
    b: int
    size: int  # bytes of a coordinate

    def holds(self, x: int, y: int) -> bool:
        return x < self.p and y < self.p and (y * y - x * x * x + 3 * x - self.b) % self.p == 0


CURVES: Mapping[str, Curve] = MappingProxyType(
    {
        "P-256": Curve(
            2**256 - 2**224 + 2**192 + 2**96 - 1,
            0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
            32,
        ),
        "P-384": Curve(
            2**384 - 2**128 - 2**96 + 2**32 - 1,
            0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
            48,
        ),
        "P-521": Curve(
            2**521 - 1,
            0x0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00,
            66,
        ),
    }
)


def refused(key: Key) -> str | None:
    """Why it is no key to rely on; None: it may be. Of a kind that is not known, nothing is asked (RFC 7517 §5)."""
    if PRIVATE & key.keys():
        return "must hold public keys only"
    kind = key.get("kty")
    if not isinstance(kind, str):
        return "must have a kty"
    return _KINDS[kind](key) if kind in _KINDS else None


def _rsa(key: Key) -> str | None:
    n, e = _number(key, "n"), _number(key, "e")
    if n is None or e is None:
        return "must have n and e in base64url"
    if not SMALLEST_MODULUS <= n.bit_length() <= LARGEST_MODULUS or not n & 1:
        return f"must have an odd modulus of {SMALLEST_MODULUS} to {LARGEST_MODULUS} bits"
    if not 3 <= e < LARGEST_EXPONENT or not e & 1:
        return "must have an odd public exponent of 3 or more, below 2³²"
    return None


def _ec(key: Key) -> str | None:
    curve = CURVES.get(str(key.get("crv")))
    if curve is None:
        return None  # a curve that nothing here uses
    x, y = _octets(key, "x"), _octets(key, "y")
    if x is None or y is None or len(x) != curve.size or len(y) != curve.size:
        return f"must have x and y of {curve.size} bytes each, in base64url"
    return None if curve.holds(int.from_bytes(x), int.from_bytes(y)) else "is no point of its curve"


def _okp(key: Key) -> str | None:
    size = _SIZES.get(str(key.get("crv")))
    x = _octets(key, "x")
    return f"must have x of {size} bytes, in base64url" if size is not None and (x is None or len(x) != size) else None


_KINDS: Mapping[str, Callable[[Key], str | None]] = MappingProxyType({"RSA": _rsa, "EC": _ec, "OKP": _okp})


def _octets(key: Key, name: str) -> bytes | None:
    value = key.get(name)
    if not isinstance(value, str) or not _BASE64URL.fullmatch(value) or len(value) % 4 == 1:
        return None
    return urlsafe_b64decode(value + "=" * (-len(value) % 4))


def _number(key: Key, name: str) -> int | None:
    octets = _octets(key, name)
    return None if octets is None else int.from_bytes(octets)
