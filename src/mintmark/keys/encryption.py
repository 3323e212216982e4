"""What only the holder of a key can read: JWE in compact form (RFC 7516 §3.1, RFC 7518 §4 and §5), nested JWTs within.

The library takes a third of a second to import, and an encryption up to a millisecond: whoever calls does so in a
thread of its own.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mintmark.keys.foreign import PublicKey
from mintmark.protocol import jose

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, RSAKey

_KINDS: Final[Mapping[str, type]] = MappingProxyType(
    {alg: rsa.RSAPublicKey if alg.startswith("RSA") else ec.EllipticCurvePublicKey for alg in jose.KEY_ENCRYPTION}
)


def choose(keys: Sequence[PublicKey], alg: str) -> PublicKey | None:
    """The key that its owner wants used: one that says `enc` first, then one that says nothing; None: there is none.

    Of several the first: whoever rotates puts the new one in front (OIDC Core §10.2.1).
    """
    fitting = [key for key in keys if isinstance(key.public, _KINDS[alg]) and key.is_for_encryption(alg)]
    return next((key for key in fitting if key.use == "enc"), fitting[0] if fitting else None)


def encrypt(content: bytes, key: PublicKey, *, alg: str, enc: str, nested: bool) -> str:
    """nested: the content is a signed token (RFC 7519 §5.2), and not claims as they are."""
    from joserfc import jwe

    header = {"alg": alg, "enc": enc}
    if nested:
        header["cty"] = "JWT"
    if key.kid is not None:
        header["kid"] = key.kid
    return jwe.encrypt_compact(header, content, _imported(key), algorithms=[alg, enc])


def _imported(key: PublicKey) -> "RSAKey | ECKey":
    from joserfc.jwk import ECKey, RSAKey

    if isinstance(key.public, rsa.RSAPublicKey):
        return RSAKey.import_key(key.public)
    if isinstance(key.public, ec.EllipticCurvePublicKey):
        return ECKey.import_key(key.public)
    raise ValueError("nothing is encrypted to a key of this kind")
