"""Public keys of others, as JWKs, and what they signed (RFC 7517, RFC 7518 §6, RFC 8725 §3).

A key is taken for what it was published for and nothing else. A key that comes along with a token proves nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from mintmark.keys import algorithms, compact, from_jwk
from mintmark.keys.compact import Claims

MOST_KEYS: Final = 50  # in one set
MOST_TRIES: Final = 5  # signatures that are tried for one token: a large curve takes half a millisecond
RSA_BITS: Final = range(algorithms.RSA_BITS, 8192 + 1)
EXPONENT_BITS: Final = 64  # a longer one makes every verification as slow as a signature
LONGEST_NUMBER: Final = 1400  # characters: a little more than 8192 bits
LONGEST_NAME: Final = 1000  # characters of a `kid`, an `alg`, a `use`

ALGS: Final = tuple(algorithms.ALGORITHMS)  # what others may sign with: all of them by a private key

# The members that make a key (RFC 7518 §6.2.1, §6.3.1; RFC 8037 §2), and those that nobody shows.
_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {"EC": ("crv", "x", "y"), "RSA": ("n", "e"), "OKP": ("crv", "x")}
_CURVES: Final[Mapping[str, tuple[str, ...]]] = {"EC": ("P-256", "P-384", "P-521"), "OKP": ("Ed25519",)}
_SECRET: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
# A key that the token brings along, or a change of what is signed (RFC 7515 §4.1, RFC 7797 §3, RFC 8725 §3.10).
_REFUSED: Final = frozenset({"jwk", "jku", "x5u", "crit", "b64", "zip", "enc"})
_SEALING: Final = frozenset({"encrypt", "wrapKey", "deriveKey", "deriveBits"})


class WrongKeys(ValueError):
    """A JWK Set that is none, or a key that may not stand in one. The message names no value of a key."""


class Unreadable(ValueError):
    """Not a signed token of the kind that is read. The message is for operators."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key and what its owner said of it; None: nothing."""

    kid: str | None
    alg: str | None
    use: str | None
    ops: frozenset[str] | None
    public: algorithms.PublicKey = field(repr=False)

    def verifier(self, alg: str) -> algorithms.Verify | None:
        """None: the key is not for signatures with `alg`."""
        if self.use not in (None, "sig") or self.alg not in (None, alg):
            return None
        if self.ops is not None and "verify" not in self.ops:
            return None
        try:
            return algorithms.ALGORITHMS[alg].verifier(self.public)
        except algorithms.WrongKey:
            return None

    def is_for_encryption(self, alg: str) -> bool:
        """Whether its owner lets it be used so; whether its kind fits `alg` is another question."""
        allowed = self.ops is None or not self.ops.isdisjoint(_SEALING)
        return self.use in (None, "enc") and self.alg in (None, alg) and allowed


@dataclass(frozen=True, slots=True)
class Unproved:
    """A signed token, well formed, of which nothing is proved yet: `claims` say whom to ask for keys, and no more."""

    alg: str
    kid: str | None
    typ: str | None
    claims: Claims
    _signed: bytes = field(repr=False)
    _signature: bytes = field(repr=False)

    def is_proved_by(self, keys: Sequence[PublicKey]) -> bool:
        """Whether one of them made the signature: the one that `kid` names, else any that fits."""
        verifiers = [fits for key in self._named(keys) if (fits := key.verifier(self.alg)) is not None]
        return any(verify(self._signed, self._signature) for verify in verifiers[:MOST_TRIES])

    def _named(self, keys: Sequence[PublicKey]) -> Sequence[PublicKey]:
        if self.kid is None:
            return keys
        return [key for key in keys if key.kid == self.kid] or [key for key in keys if key.kid is None]


def verify(
    token: str, keys: Sequence[PublicKey], *, algs: Collection[str], typ: Collection[str | None]
) -> Claims | None:
    """The claims of a token that one of the keys signed. None for whatever else it is. Says nothing about time."""
    try:
        found = read(token, algs=algs, typ=typ)
    except Unreadable:
        return None
    return found.claims if found.is_proved_by(keys) else None


def read(token: str, *, algs: Collection[str], typ: Collection[str | None], longest: int = compact.LONGEST) -> Unproved:
    """A compact JWS whose header says one of `algs` and one of `typ` (None: it may say none). Raises Unreadable."""
    if len(token) > longest or not compact.FORM.fullmatch(token):
        raise Unreadable("it is no signed token in compact form")
    signed, _, signature = token.rpartition(".")
    first, _, second = signed.partition(".")
    header, claims = compact.read(compact.decode(first)), compact.read(compact.decode(second))
    octets = compact.decode(signature)
    if header is None or claims is None or octets is None:
        raise Unreadable("one of its three parts is not base64url, or no JSON object whose members stand once each")
    return _headed(header, claims, (signed.encode("ascii"), octets), algs, typ)


def _headed(
    header: Claims, claims: Claims, parts: tuple[bytes, bytes], algs: Collection[str], typ: Collection[str | None]
) -> Unproved:
    refused = sorted(_REFUSED & header.keys())
    if refused:
        raise Unreadable(f"its header holds {refused[0]}")
    alg, kid, written = header.get("alg"), header.get("kid"), header.get("typ")
    if not isinstance(alg, str) or alg not in algs or alg not in algorithms.ALGORITHMS:
        raise Unreadable(f"its alg is not {' or '.join(algs)}")
    if not (kid is None or _is_name(kid)) or ("kid" in header and kid is None):
        raise Unreadable("its kid is no text")
    if "typ" in header:
        if not isinstance(written, str) or not compact.typ_fits(written, [one for one in typ if one is not None]):
            raise Unreadable("its typ is another one")
    elif None not in typ:
        raise Unreadable("it has no typ")
    return Unproved(alg, kid, written, claims, *parts)


def read_keys(document: object) -> tuple[PublicKey, ...]:
    """Every key of a JWK Set; those of an unknown kind are passed over (RFC 7517 §5). Raises WrongKeys."""
    found = []
    for number, jwk in enumerate(_listed(document)):
        try:
            key = _read(jwk)
        except WrongKeys as error:
            raise WrongKeys(f"keys[{number}] {error}") from None
        found += [] if key is None else [key]
    return tuple(found)


def usable_keys(document: object) -> tuple[PublicKey, ...]:
    """Those that `read_keys` would take; the others are passed over: they were fetched, and nobody can be told.

    Raises WrongKeys for what is no JWK Set.
    """
    found = []
    for jwk in _listed(document):
        try:
            key = _read(jwk)
        except WrongKeys:
            continue
        found += [] if key is None else [key]
    return tuple(found)


def parse_keys(octets: bytes) -> tuple[PublicKey, ...]:
    """The usable keys of a JWK Set as it was fetched. Raises WrongKeys."""
    return usable_keys(compact.read(octets))


def _listed(document: object) -> list[object]:
    keys = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(keys, list):
        raise WrongKeys("is no JWK Set (RFC 7517 §5)")
    if len(keys) > MOST_KEYS:
        raise WrongKeys(f"holds more than {MOST_KEYS} keys")
    return keys


def _read(jwk: object) -> PublicKey | None:
    if not isinstance(jwk, Mapping) or not _is_name(jwk.get("kty")):
        raise WrongKeys("is no JWK (RFC 7517 §4)")
    kty = jwk["kty"]
    if kty == "oct" or not _SECRET.isdisjoint(jwk):
        raise WrongKeys("is not a public key")
    if kty not in _MEMBERS or (kty in _CURVES and jwk.get("crv") not in _CURVES[kty]):
        return None
    for name in ("kid", "alg", "use"):
        if not (name not in jwk or _is_name(jwk[name])):
            raise WrongKeys(f"has a {name} that is no text, or too long")
    public = _public(kty, jwk)
    return PublicKey(jwk.get("kid"), jwk.get("alg"), jwk.get("use"), _operations(jwk), public)


def _public(kty: str, jwk: Mapping[str, Any]) -> algorithms.PublicKey:
    """Of the required members alone. Raises WrongKeys for a weak key, and for a point that is not on its curve."""
    required = {name: jwk.get(name) for name in _MEMBERS[kty]}
    numbers = [value for name, value in required.items() if name != "crv"]
    if not all(map(_is_number, numbers)):
        raise WrongKeys("lacks a number, or has one that is not base64url")
    try:
        public = from_jwk.read({"kty": kty, **required})
    except ValueError as error:
        raise WrongKeys(str(error)) from None
    if not isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey):
        raise WrongKeys("is no public key of its kind")
    if isinstance(public, rsa.RSAPublicKey):
        exponent = public.public_numbers().e
        if public.key_size not in RSA_BITS:
            raise WrongKeys(f"is an RSA key of less than {RSA_BITS[0]} or more than {RSA_BITS[-1]} bits")
        if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > EXPONENT_BITS:
            raise WrongKeys("is an RSA key whose exponent is even, 1 or huge")
    return public


def _operations(jwk: Mapping[str, Any]) -> frozenset[str] | None:
    """RFC 7517 §4.3: each stands once."""
    if "key_ops" not in jwk:
        return None
    ops = jwk["key_ops"]
    if not isinstance(ops, list) or not all(map(_is_name, ops)) or len(set(ops)) != len(ops):
        raise WrongKeys("has key_ops that are no list of different names")
    return frozenset(ops)


def _is_number(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_NUMBER and value.isascii() and bool(compact.decode(value))


def _is_name(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_NAME
