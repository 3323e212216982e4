"""The table of signature algorithms: RFC 7518 §3.3-3.5, RFC 8037 §3.1, RFC 9864 §2.2; public keys as RFC 7517 JWKs."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey
Sign = Callable[[bytes], bytes]
Verify = Callable[[bytes, bytes], bool]  # (message, signature)

RSA_BITS: Final = 2048


class WrongKey(ValueError):
    """The key is not of the kind that its algorithm signs with."""


@dataclass(frozen=True, slots=True)
class Ecdsa:
    """RFC 7518 §3.4: one curve, one hash, and r and s side by side instead of DER."""

    name: str
    curve: type[ec.EllipticCurve]
    crv: str
    hash: type[hashes.HashAlgorithm]
    half_hash: str
    slow: bool

    def generate(self) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(self.curve())

    def signer(self, private: PrivateKey) -> Sign:
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, self.curve):
            raise WrongKey(f"{self.name} needs a key on {self.crv}")
        size, (digest, algorithm), sign_der = _size(private.curve), self._hashing(), private.sign

        def sign(message: bytes) -> bytes:
            r, s = decode_dss_signature(sign_der(digest(message).digest(), algorithm))
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")

        return sign

    def verifier(self, public: PublicKey) -> Verify:
        if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, self.curve):
            raise WrongKey(f"{self.name} needs a key on {self.crv}")
        key, size, (digest, algorithm) = public, _size(public.curve), self._hashing()

        def verify(message: bytes, signature: bytes) -> bool:
            if len(signature) != 2 * size:
                return False
            r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
            return _stands(lambda: key.verify(encode_dss_signature(r, s), digest(message).digest(), algorithm))

        return verify

    def _hashing(self) -> tuple[Callable[[bytes], Any], ec.ECDSA]:  # Any: hashlib gives its objects no public name
        """What hashes, and what takes its digest: where cryptography hashes, it asks abstract classes on each call."""
        return getattr(hashlib, self.half_hash), ec.ECDSA(Prehashed(self.hash()))


@dataclass(frozen=True, slots=True)
class Rsa:
    """RFC 7518 §3.3 (PKCS #1 v1.5) and §3.5 (PSS: the salt as long as the hash, MGF1 with the same hash)."""

    name: str
    pss: bool
    hash: type[hashes.HashAlgorithm]
    half_hash: str
    slow: bool = True

    def generate(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)

    def signer(self, private: PrivateKey) -> Sign:
        if not isinstance(private, rsa.RSAPrivateKey) or private.key_size < RSA_BITS:
            raise WrongKey(f"{self.name} needs an RSA key of at least {RSA_BITS} bits")
        key, scheme, algorithm = private, self._padding(), self.hash()
        return lambda message: key.sign(message, scheme, algorithm)

    def verifier(self, public: PublicKey) -> Verify:
        if not isinstance(public, rsa.RSAPublicKey) or public.key_size < RSA_BITS:
            raise WrongKey(f"{self.name} needs an RSA key of at least {RSA_BITS} bits")
        key, scheme, algorithm = public, self._padding(), self.hash()
        return lambda message, signature: _stands(lambda: key.verify(signature, message, scheme, algorithm))

    def _padding(self) -> padding.AsymmetricPadding:
        if self.pss:
            return padding.PSS(padding.MGF1(self.hash()), salt_length=self.hash().digest_size)
        return padding.PKCS1v15()


@dataclass(frozen=True, slots=True)
class Edwards:
    """Ed25519 under its two names: `EdDSA` (RFC 8037 §3.1) and the fully specified `Ed25519` (RFC 9864 §2.2)."""

    name: str
    half_hash: str = "sha512"  # the hash inside Ed25519
    slow: bool = False

    def generate(self) -> ed25519.Ed25519PrivateKey:
        return ed25519.Ed25519PrivateKey.generate()

    def signer(self, private: PrivateKey) -> Sign:
        if not isinstance(private, ed25519.Ed25519PrivateKey):
            raise WrongKey(f"{self.name} needs an Ed25519 key")
        return private.sign

    def verifier(self, public: PublicKey) -> Verify:
        if not isinstance(public, ed25519.Ed25519PublicKey):
            raise WrongKey(f"{self.name} needs an Ed25519 key")
        key = public
        return lambda message, signature: _stands(lambda: key.verify(signature, message))


Algorithm = Ecdsa | Rsa | Edwards

# In the order in which JWKS and metadata name them.
ALGORITHMS: Final[Mapping[str, Algorithm]] = MappingProxyType(
    {
        algorithm.name: algorithm
        for algorithm in (
            Ecdsa("ES256", ec.SECP256R1, "P-256", hashes.SHA256, "sha256", slow=False),
            Rsa("RS256", False, hashes.SHA256, "sha256"),
            Rsa("PS256", True, hashes.SHA256, "sha256"),
            Edwards("EdDSA"),
            Edwards("Ed25519"),
            Ecdsa("ES384", ec.SECP384R1, "P-384", hashes.SHA384, "sha384", slow=True),
            Ecdsa("ES512", ec.SECP521R1, "P-521", hashes.SHA512, "sha512", slow=True),
            Rsa("RS384", False, hashes.SHA384, "sha384"),
            Rsa("RS512", False, hashes.SHA512, "sha512"),
        )
    }
)


def generate(alg: str) -> PrivateKey:
    """A new private key for `alg`. RSA takes tens of milliseconds."""
    return ALGORITHMS[alg].generate()


def to_der(private: PrivateKey) -> bytes:
    """PKCS #8, unencrypted: what the sealer seals."""
    return private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def from_der(alg: str, der: bytes) -> PrivateKey:
    """A key that `to_der` wrote and nobody could change. Raises WrongKey when it is not one for `alg`."""
    # To prove the primes of an RSA key anew takes as long as eighty signatures, while everybody waits; the seal that
    # was just opened says already that these are the bytes that were made here.
    private = serialization.load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(private, PrivateKey):
        raise WrongKey(f"{alg} cannot use a key of this kind")
    ALGORITHMS[alg].signer(private)
    return private


def public_jwk(alg: str, private: PrivateKey) -> dict[str, str]:
    """The public half only, with `kid`, `alg` and `use`."""
    key = members(private.public_key())
    return {**key, "kid": kid(alg, private), "alg": alg, "use": "sig"}


def kid(alg: str, private: PrivateKey) -> str:
    # The thumbprint leaves `alg` out: one RSA key under RS256 and PS256 would be two keys of one name.
    return f"{alg}.{thumbprint(members(private.public_key()))}"


def members(public: PublicKey) -> dict[str, str]:
    """The members that make the key (RFC 7518 §6, RFC 8037 §2), in the order of their names."""
    if isinstance(public, ec.EllipticCurvePublicKey):
        size, point = _size(public.curve), public.public_numbers()
        crv = {32: "P-256", 48: "P-384", 66: "P-521"}[size]
        return {"crv": crv, "kty": "EC", "x": _number(point.x, size), "y": _number(point.y, size)}
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return {"e": _number(numbers.e), "kty": "RSA", "n": _number(numbers.n)}
    return {"crv": "Ed25519", "kty": "OKP", "x": base64url(public.public_bytes_raw())}


def thumbprint(key: Mapping[str, str]) -> str:
    """RFC 7638 §3 with SHA-256; `key` holds the required members only."""
    canonical = json.dumps(key, sort_keys=True, separators=(",", ":"))
    return base64url(hashlib.sha256(canonical.encode()).digest())


def base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def _number(number: int, size: int | None = None) -> str:
    # Coordinates keep their leading zeros, RSA's numbers have none (RFC 7518 §6.2.1.2, §6.3.1.1).
    return base64url(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


def _size(curve: ec.EllipticCurve) -> int:
    return (curve.key_size + 7) // 8


def _stands(check: Callable[[], None]) -> bool:
    try:
        check()
    except (InvalidSignature, ValueError):
        return False
    return True
