"""A key that a client alone has, for private_key_jwt: RSA, which every library takes without being told."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

KID = "of-the-client"


@dataclass(frozen=True)
class ClientKey:
    pem: Path  # PKCS#8

    @cached_property
    def jwks(self) -> dict[str, Any]:
        """What the client registers: the public half."""
        key = serialization.load_pem_private_key(self.pem.read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        found = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
        return {
            "keys": [{name: found[name] for name in ("kty", "n", "e")} | {"kid": KID, "use": "sig", "alg": "RS256"}]
        }


def make(folder: Path) -> ClientKey:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = folder / "client.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return ClientKey(pem)
