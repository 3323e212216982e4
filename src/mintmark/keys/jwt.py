"""Our own signed tokens, RFC 7515 compact form: a fast signer, and a strict reader for what comes back (RFC 8725 §3).

Only what this issuer signed is read here, so the reader refuses every header that the signer cannot have written.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final, TypeGuard

import orjson

from mintmark.keys import algorithms, compact
from mintmark.keys.compact import Claims
from mintmark.keys.ring import Ring, SigningKey

AHEAD: Final = 60  # seconds that another node's clock may be ahead of ours

_HEADER_MEMBERS: Final = frozenset({"alg", "kid", "typ"})


def sign(key: SigningKey, typ: str, claims: Mapping[str, object]) -> str:
    """`typ` is one of the few that our code knows. Raises ValueError for claims that JSON cannot hold (NaN)."""
    header = key.headers.get(typ)
    if header is None:
        header = key.headers[typ] = _header(key, typ)
    signed = header + compact.encode(_write(claims))
    return (signed + b"." + compact.encode(key.sign(signed))).decode("ascii")


def unsigned(claims: Mapping[str, object]) -> str:
    """RFC 7519 §6: proves nothing, and nothing here ever reads one. Only for who asked for it by name."""
    return (compact.encode(_write({"alg": "none"})) + b"." + compact.encode(_write(claims)) + b".").decode("ascii")


def is_slow(key: SigningKey) -> bool:
    """True: a signature takes hundreds of microseconds, so the caller may do better to sign off the event loop."""
    return algorithms.ALGORITHMS[key.alg].slow


def verify(
    ring: Ring, token: str, *, typ: Collection[str], issuer: str, now: datetime, check_exp: bool = True
) -> Claims | None:
    """The claims of a token that one of our published keys signed as one of `typ`. None for whatever else it is.

    Says nothing about liveness: whether the authorization behind it has ended is the caller's question.
    """
    if len(token) > compact.LONGEST:
        return None
    kept = ring.verified.get(token)
    if kept is not None and kept[0] in typ:
        claims: Claims | None = kept[1]
    else:
        claims = _signed_by_us(ring, token, typ)
    if claims is None or claims.get("iss") != issuer or not _timely(claims, now.timestamp(), check_exp=check_exp):
        return None
    return claims


def _signed_by_us(ring: Ring, token: str, typ: Collection[str]) -> Claims | None:
    """Who holds a token shows it again with each call: what one ring has found good stays good as long as the ring."""
    if not compact.FORM.fullmatch(token):
        return None
    signed, _, signature = token.rpartition(".")
    header, _, payload = signed.partition(".")
    known = _known(ring, header, typ)
    key = known[0] if known is not None else _key(ring, compact.read(compact.decode(header)), typ)
    signature_bytes = compact.decode(signature)
    if key is None or signature_bytes is None or not key.verify(signed.encode("ascii"), signature_bytes):
        return None
    claims = _read(compact.decode(payload))
    if claims is not None and known is not None:
        ring.verified.keep(token, (known[1], claims))
    return claims


def verify_hint(ring: Ring, token: str, *, issuer: str, now: datetime) -> Claims | None:
    """An ID token of ours, expired or not: `id_token_hint` only says who is meant (OIDC RP-Initiated Logout §2)."""
    return verify(ring, token, typ=("JWT",), issuer=issuer, now=now, check_exp=False)


def at_hash(alg: str, value: str) -> str:
    """at_hash and c_hash: the left half of the hash that belongs to `alg` (OIDC Core §3.1.3.6, §3.3.2.11)."""
    digest = getattr(hashlib, algorithms.ALGORITHMS[alg].half_hash)(value.encode("ascii")).digest()
    return algorithms.base64url(digest[: len(digest) // 2])


def _header(key: SigningKey, typ: str) -> bytes:
    return compact.encode(_write({"alg": key.alg, "kid": key.kid, "typ": typ})) + b"."


_strict: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def _write(claims: Mapping[str, object]) -> bytes:
    """The fast writer turns NaN into null, and knows no half surrogate pairs: those go to the strict one."""
    try:
        written = orjson.dumps(claims if type(claims) is dict else dict(claims))
    except TypeError:
        return _strict(dict(claims)).encode("ascii")
    return _strict(dict(claims)).encode("ascii") if b"null" in written else written


def _read(octets: bytes | None) -> Claims | None:
    """What comes out again as it stands there, letter by letter, is as `_write` makes it: no member stands in it twice.

    Whatever else is signed goes to the strict reader, which takes four times as long.
    """
    try:
        claims = orjson.loads(octets or b"")
    except ValueError:
        claims = None
    return claims if type(claims) is dict and orjson.dumps(claims) == octets else compact.read(octets)


def _known(ring: Ring, header: str, typ: Collection[str]) -> tuple[SigningKey, str] | None:
    """Key and typ whose header this is, letter by letter, as this process has written it: nothing left to check."""
    written = header.encode("ascii") + b"."
    for key in ring.keys:
        for name in typ:
            if key.headers.get(name) == written:
                return key, name
    return None


def _key(ring: Ring, header: Claims | None, typ: Collection[str]) -> SigningKey | None:
    # Exactly the members that we write. Whoever brings `crit`, `b64`, `zip`, or a key of their own (`jwk`, `jku`,
    # `x5u`) has no token of ours (RFC 7515 §4.1, RFC 8725 §3.10).
    if header is None or header.keys() != _HEADER_MEMBERS:
        return None
    if not all(isinstance(member, str) for member in header.values()) or not compact.typ_fits(header["typ"], typ):
        return None
    key = ring.find(header["kid"])
    return key if key is not None and key.alg == header["alg"] else None


def _timely(claims: Claims, now: float, *, check_exp: bool) -> bool:
    exp: object = claims.get("exp")
    if not _is_time(exp) or (check_exp and now >= exp):
        return False
    for name in ("iat", "nbf"):
        if name in claims and not (_is_time(claims[name]) and claims[name] <= now + AHEAD):
            return False
    return True


def _is_time(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
