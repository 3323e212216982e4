"""Signatures that outlive their keys: made by ours, and read with nothing but public keys (RFC 7515, RFC 7517)."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping
from typing import Any, Final

from mintmark.keys import algorithms, from_jwk

ALG: Final = "ES256"  # the one that every server has
_LONGEST: Final = 4_096  # characters; ours are a tenth of that

Claims = Mapping[str, Any]  # Any: JSON


class PublicKeys:
    """Keys by their kid. What is no ES256 key of ours is passed over."""

    def __init__(self, jwks: Iterable[Mapping[str, Any]]) -> None:
        self._verify: dict[str, algorithms.Verify] = {}
        for jwk in jwks:
            found = _read(jwk)
            if found is not None:
                self._verify[found[0]] = found[1]

    def __len__(self) -> int:
        return len(self._verify)

    def __contains__(self, kid: object) -> bool:
        return kid in self._verify

    def claims(self, token: str, typ: str) -> Claims | None:
        """Of what one of the keys has signed as `typ`; None of anything else."""
        header, payload, signature = _parts(token)
        if header is None or payload is None or signature is None:
            return None
        if header.get("alg") != ALG or header.get("typ") != typ or header.keys() != {"alg", "kid", "typ"}:
            return None
        verify = self._verify.get(str(header["kid"]))
        signed = token.rpartition(".")[0]
        return payload if verify is not None and verify(signed.encode("ascii"), signature) else None


def read_jwks(text: str | bytes) -> PublicKeys:
    """A JWKS, as `/.well-known/jwks.json` has it. Raises ValueError where it is none, or has no key for seals."""
    try:
        document = json.loads(text)
        found = PublicKeys(document["keys"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ValueError("it is no JWKS") from None
    if not len(found):
        raise ValueError(f"it has no {ALG} key")
    return found


def _read(jwk: Mapping[str, Any]) -> tuple[str, algorithms.Verify] | None:
    if jwk.get("alg") != ALG:
        return None
    try:
        key = from_jwk.read(jwk)
        kid = f"{ALG}.{algorithms.thumbprint(algorithms.members(key))}"  # so that no key goes by the name of another
        return (kid, algorithms.ALGORITHMS[ALG].verifier(key)) if kid == jwk.get("kid") else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _parts(token: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None, bytes | None]:
    pieces = token.split(".") if len(token) <= _LONGEST and token.isascii() else []
    if len(pieces) != 3:
        return None, None, None
    try:
        octets = [urlsafe_b64decode(piece + "=" * (-len(piece) % 4)) for piece in pieces]
        written = [algorithms.base64url(one) for one in octets]
        header, payload = json.loads(octets[0]), json.loads(octets[1])
    except (ValueError, RecursionError):
        return None, None, None
    if written != pieces or not isinstance(header, dict) or not isinstance(payload, dict):
        return None, None, None
    return header, payload, octets[2]
