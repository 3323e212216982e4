"""A software authenticator: keys in memory, and the answers that a browser would send (WebAuthn Level 3 §6)."""

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40
AAGUID = bytes.fromhex("ea9b8d664d011d213ce4b6b48cb575d4")


def text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def plain(value: str) -> bytes:
    return base64.urlsafe_b64decode(value + "==")


@dataclass
class Authenticator:
    """One credential for one place. What an attacker would change is a field, or an argument."""

    origin: str
    flags: int = UP | UV
    aaguid: bytes = AAGUID
    count: int = 0  # 0: it does not count, as those that are kept on several devices
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: os.urandom(16))
    handle: bytes = b""
    cose: dict[int, Any] | None = None  # instead of the key's own

    def create(self, options: dict[str, Any], **changed: Any) -> str:
        """What `navigator.credentials.create` gives."""
        self.handle = plain(options["user"]["id"])
        flags = changed.get("flags", self.flags) | AT
        credential = (
            len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(self.public() if self.cose is None else self.cose)
        )
        data = self.data(options["rp"]["id"], flags) + self.aaguid + credential
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": text(self.client("webauthn.create", options["challenge"], changed)),
            "attestationObject": text(made),
            "transports": ["internal", "hybrid"],
        }
        return self.answer(response, clientExtensionResults={"credProps": {"rk": True}})

    def get(self, options: dict[str, Any], **changed: Any) -> str:
        """What `navigator.credentials.get` gives. None leaves a member of the response out."""
        if self.count:
            self.count += 1
        data = self.data(changed.pop("rp_id", options["rpId"]), changed.pop("flags", self.flags))
        client = self.client(changed.pop("type", "webauthn.get"), options["challenge"], changed)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        members = {
            "clientDataJSON": text(client),
            "authenticatorData": text(data),
            "signature": text(signature),
            "userHandle": text(self.handle),
            **changed,
        }
        return self.answer({name: value for name, value in members.items() if value is not None})

    def answer(self, response: dict[str, Any], **more: Any) -> str:
        id = text(self.id)
        return json.dumps({"id": id, "rawId": id, "type": "public-key", "response": response, **more})

    def client(self, type: str, challenge: str, changed: dict[str, Any]) -> bytes:
        told = {"type": type, "challenge": challenge, "origin": changed.pop("origin", self.origin)}
        return json.dumps({**told, "crossOrigin": changed.pop("cross_origin", False)}).encode()

    def data(self, rp_id: str, flags: int) -> bytes:
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def public(self) -> dict[int, Any]:
        numbers = self.key.public_key().public_numbers()
        return {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
