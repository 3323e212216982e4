"""What is signed, and perhaps encrypted, for one client as it registered: ID tokens, UserInfo and introspection answers
(OIDC Core §10; OIDC Registration §2; RFC 9701 §6)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mintmark import client_keys, keyring
from mintmark.keys import encryption, jwt
from mintmark.keys.foreign import PublicKey
from mintmark.keys.ring import SigningKey
from mintmark.protocol import jose
from mintmark.protocol.client import Client
from mintmark.protocol.errors import InvalidRequest, UnauthorizedClient
from mintmark.server import Server
from mintmark.wire.answer import to_json

What = Literal["id_token", "userinfo", "introspection"]
JWT = "JWT"


@dataclass(frozen=True, slots=True)
class Envelope:
    """How something is written for one client: whatever can be refused was refused when this was made."""

    typ: str
    alg: str | None  # None: nobody signs it; `none`: it is a token that nobody signs
    signer: SigningKey | None
    key: PublicKey | None  # None: everybody may read it
    key_alg: str
    enc: str

    async def close(self, claims: Mapping[str, object]) -> str:
        content = self._written(claims)
        if self.key is None:
            return content
        # It costs up to a millisecond, and the first one a third of a second more: not on the loop.
        nested = self.alg is not None
        return await asyncio.to_thread(
            encryption.encrypt, content.encode(), self.key, alg=self.key_alg, enc=self.enc, nested=nested
        )

    def _written(self, claims: Mapping[str, object]) -> str:
        if self.signer is not None:
            return jwt.sign(self.signer, self.typ, claims)
        return jwt.unsigned(claims) if self.alg == jose.UNSIGNED else to_json(claims).decode()


def is_encrypted(client: Client, what: What) -> bool:
    """Whether the client registered that."""
    return _registered(client, what, "encrypted_response_alg") is not None


def signing_alg(client: Client, what: What) -> str | None:
    """None: it registered none."""
    return _registered(client, what, "signed_response_alg")


async def of(server: Server, client: Client, what: What, alg: str | None, now: datetime, *, typ: str = JWT) -> Envelope:
    """alg: what it is signed with; None: it is not, and only encrypted (OIDC Core §5.3.2). typ: of what is signed.

    Raises InvalidRequest where it is to be encrypted and the client has no key for that, and UnauthorizedClient for an
    unsigned token that the settings do not allow.
    """
    signer = None
    if alg == jose.UNSIGNED:
        _may_be_unsigned(server, client, what)
    elif alg is not None:
        signer = (await keyring.with_key(server, alg, now)).signer(alg, now)
    key_alg = _registered(client, what, "encrypted_response_alg")
    enc = _registered(client, what, "encrypted_response_enc") or jose.DEFAULT_CONTENT_ENCRYPTION
    key = None if key_alg is None else await _key(server, client, what, key_alg, now)
    return Envelope(typ, alg, signer, key, key_alg or "", enc)


async def _key(server: Server, client: Client, what: What, alg: str, now: datetime) -> PublicKey:
    key = await client_keys.to_encrypt(server, client, alg, now)
    if key is None:
        raise InvalidRequest(
            f"the client registered that its {what} is encrypted, but no key of it is for {alg}",
            check="encryption key",
            expected=f"a public key for {alg} in the client's jwks, or at its jwks_uri",
            got=alg,
        )
    return key


def _may_be_unsigned(server: Server, client: Client, what: What) -> None:
    """It was allowed when the client registered it; the operator may think otherwise by now."""
    if what != "id_token" or not server.settings.allow_unsigned_id_tokens:
        raise UnauthorizedClient(
            "the client registered unsigned ID tokens, which are not issued here",
            check="unsigned id_token",
            expected="another id_token_signed_response_alg",
            got=client.id,
        )


def _registered(client: Client, what: What, member: str) -> str | None:
    value = client.document.get(f"{what}_{member}")
    return value if isinstance(value, str) else None
