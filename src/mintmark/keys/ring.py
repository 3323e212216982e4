"""The signing keys of one issuer and the JWKS they make (RFC 7517 §5). It never changes: a new one is swapped in."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from mintmark.keys import algorithms, rotation
from mintmark.protocol.memory import Memory

MOST_VERIFIED = 2_000  # tokens; each takes two or three kilobytes


class NoSigningKey(LookupError):
    """No key of this algorithm has been made yet: `rotation.plan` makes it, once the algorithm is wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey(rotation.KeyFacts):
    """A private key with the instants of its life. Made by `SigningKey.read` or `SigningKey.of`."""

    private: algorithms.PrivateKey = field(repr=False, compare=False)
    public_jwk: Mapping[str, str] = field(repr=False, compare=False)
    sign: algorithms.Sign = field(repr=False, compare=False)  # the bare signature over bytes; tokens: `jwt.sign`
    verify: algorithms.Verify = field(repr=False, compare=False)
    # The header of each typ, encoded: a handful, chosen by our code, so that signing a token encodes claims only.
    headers: dict[str, bytes] = field(default_factory=dict, init=False, repr=False, compare=False)

    @staticmethod
    def read(facts: rotation.KeyFacts, der: bytes) -> "SigningKey":
        """From the opened seal. Raises ValueError when it is not the key that the facts are about."""
        return SigningKey.of(facts, algorithms.from_der(facts.alg, der))

    @staticmethod
    def of(facts: rotation.KeyFacts, private: algorithms.PrivateKey) -> "SigningKey":
        if algorithms.kid(facts.alg, private) != facts.kid:
            raise ValueError(f"the private key stored as {facts.kid} is another one")
        algorithm = algorithms.ALGORITHMS[facts.alg]
        return SigningKey(
            kid=facts.kid,
            alg=facts.alg,
            published_at=facts.published_at,
            signs_from=facts.signs_from,
            signs_until=facts.signs_until,
            leaves_at=facts.leaves_at,
            removed_at=facts.removed_at,
            private=private,
            public_jwk=MappingProxyType(algorithms.public_jwk(facts.alg, private)),
            sign=algorithm.signer(private),
            verify=algorithm.verifier(private.public_key()),
        )


class Ring:
    """All published keys. Which one signs is a matter of the clock; what is published is not: the JWKS is made once."""

    __slots__ = ("_by_alg", "_by_kid", "algs", "etag", "jwks_body", "keys", "verified")

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        order = list(algorithms.ALGORITHMS)
        published = [key for key in keys if key.removed_at is None]
        # In the same order on every node, so that they agree on the ETag.
        self.keys = tuple(sorted(published, key=lambda key: (order.index(key.alg), key.signs_from, key.kid)))
        self._by_kid = {key.kid: key for key in self.keys}
        self.algs = tuple(dict.fromkeys(key.alg for key in self.keys))
        self._by_alg = {alg: tuple(key for key in self.keys if key.alg == alg) for alg in self.algs}
        # Tokens whose signature was found good, with their typ and claims: gone with the ring, as its keys are.
        self.verified: Memory[str, tuple[str, dict[str, Any]]] = Memory(MOST_VERIFIED)
        self.jwks_body = _jwks(self.keys)
        self.etag = f'"{algorithms.base64url(hashlib.sha256(self.jwks_body).digest()[:16])}"'

    def signer(self, alg: str, now: datetime) -> SigningKey:
        """The one key that signs with `alg` at `now`. Raises NoSigningKey."""
        key = rotation.signing(self._by_alg.get(alg, ()), now)
        if key is None:
            raise NoSigningKey(f"there is no signing key for {alg}")
        return key

    def find(self, kid: str) -> SigningKey | None:
        """A published key: it may have stopped signing, or not have begun."""
        return self._by_kid.get(kid)


def _jwks(keys: Sequence[SigningKey]) -> bytes:
    return json.dumps({"keys": [dict(key.public_jwk) for key in keys]}, separators=(",", ":")).encode()
