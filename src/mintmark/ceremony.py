"""What authenticators answer, read and verified (WebAuthn Level 3 §7); the only room with the webauthn library.

It is imported with the first passkey: it would lengthen every start by 0.3 s. For the same reason, and for the
signature, whoever calls `registered` and `asserted` does so in a thread.
"""

from binascii import a2b_base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from mintmark.protocol import passkey_options
from mintmark.protocol.challenge import Challenge, Kind
from mintmark.protocol.passkey import Seen, known_transports, rp_id
from mintmark.server import Server

LONGEST = 32 << 10  # characters of an answer, an attestation with its certificates included
LEAST_RSA = 2048  # bits
_P256, _ED25519 = 1, 6  # COSE curves
# Key types of COSE, each with the one algorithm that we ask it for.
_TYPES = {1: -8, 2: -7, 3: -257}


class NotVerified(ValueError):
    """The answer proves nothing. Its text is ours, and holds nothing of what was sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser sent, in its parts; nothing of it is verified yet."""

    credential_id: bytes
    challenge: bytes
    user_handle: bytes | None  # None: the authenticator did not say whose the credential is
    document: Mapping[str, Any]  # Any: JSON


@dataclass(frozen=True, slots=True)
class New:
    """A credential that was made for us."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    aaguid: str
    transports: tuple[str, ...]
    discoverable: bool
    backup_eligible: bool
    backed_up: bool


# ── challenges


def challenge(server: Server, kind: Kind, browser_digest: bytes, person_id: str | None, now: datetime) -> bytes:
    """A new one, for this browser and for nothing else. Nothing is written."""
    made = Challenge.made(kind, browser_digest, person_id, nonce=server.random(16), now=now)
    return made.written(server.registry.mac("csrf", made.bound()))


def challenged(
    server: Server, given: bytes, kind: Kind, browser_digest: bytes, person_id: str | None, now: datetime
) -> Challenge | None:
    """What was asked, if it was asked here, of them, for that, and lately. Whether it is spent the store knows."""
    found = Challenge.read(given, kind, browser_digest, person_id)
    if found is None or not server.registry.is_mac("csrf", found[0].bound(), found[1]):
        return None
    return None if found[0].is_over(now) else found[0]


# ── answers


def read(text: str) -> Answer:
    """A PublicKeyCredential as JSON (WebAuthn Level 3 §5.1). Raises NotVerified."""
    try:
        document: Any = orjson.loads(text) if len(text) <= LONGEST else None
        response = document["response"]
        client = orjson.loads(_decoded(response["clientDataJSON"]))
        handle = response.get("userHandle")
        return Answer(
            _decoded(document["rawId"]),
            _decoded(client["challenge"]),
            None if handle is None else _decoded(handle),
            document,
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise NotVerified("not the JSON of a credential") from None


def registered(given: Answer, *, rp_id: str, origin: str) -> New:
    """Raises NotVerified. The challenge is looked at elsewhere: here it is the one that was sent."""
    import webauthn
    from webauthn.helpers.cose import COSEAlgorithmIdentifier
    from webauthn.helpers.structs import CredentialDeviceType

    try:
        found = webauthn.verify_registration_response(
            credential=dict(given.document),
            expected_challenge=given.challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(one) for one in passkey_options.ALGORITHMS],
        )
        _must_be_ours(given)
        _must_be_sound(found.credential_public_key)
        response, results = given.document["response"], given.document.get("clientExtensionResults") or {}
        return New(
            found.credential_id,
            found.credential_public_key,
            found.sign_count,
            found.aaguid,
            known_transports(response.get("transports")),
            (results.get("credProps") or {}).get("rk") is True,
            found.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
            found.credential_backed_up,
        )
    except Exception as error:  # noqa: BLE001  a stranger's bytes: whatever they break in the library proves nothing
        raise NotVerified(_why(error)) from None


def asserted(given: Answer, *, public_key: bytes, rp_id: str, origin: str, user_verification: bool) -> Seen:
    """Raises NotVerified. The challenge, and what the counter tells, are looked at elsewhere."""
    import webauthn
    from webauthn.helpers.structs import CredentialDeviceType

    try:
        found = webauthn.verify_authentication_response(
            credential=dict(given.document),
            expected_challenge=given.challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=user_verification,
        )
        _must_be_ours(given)
        return Seen(
            found.new_sign_count,
            found.user_verified,
            found.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
            found.credential_backed_up,
        )
    except Exception as error:  # noqa: BLE001  a stranger's bytes: whatever they break in the library proves nothing
        raise NotVerified(_why(error)) from None


def is_signed(given: Answer, public_key: bytes) -> bool:
    """Whether the credential made this answer, to whomever."""
    from webauthn.helpers import (
        decode_credential_public_key,
        decoded_public_key_to_cryptography,
        parse_authentication_credential_json,
        verify_signature,
    )

    try:
        response = parse_authentication_credential_json(dict(given.document)).response
        key = decode_credential_public_key(public_key)
        verify_signature(
            public_key=decoded_public_key_to_cryptography(key),
            signature_alg=key.alg,
            signature=response.signature,
            data=response.authenticator_data + sha256(response.client_data_json).digest(),
        )
    except Exception:  # noqa: BLE001  as above
        return False
    return True


def available(server: Server) -> str | None:
    """The RP id. None: this issuer has no passkeys."""
    return rp_id(server.issuer)


def _must_be_ours(given: Answer) -> None:
    """No frame of another site's page has asked for it (WebAuthn Level 3 §5.8.1)."""
    client = orjson.loads(_decoded(given.document["response"]["clientDataJSON"]))
    if client.get("crossOrigin", False) is not False or "topOrigin" in client:
        raise ValueError("asked from within another site's page")


def _must_be_sound(public_key: bytes) -> None:
    """A key of the type of its algorithm, on the algorithm's curve, long enough: no other will ever verify."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography

    found = decode_credential_public_key(public_key)
    if _TYPES.get(int(found.kty)) != int(found.alg):
        raise ValueError("a key of another type than its algorithm's")
    curve = getattr(found, "crv", None)
    if curve is not None and int(curve) not in (_P256, _ED25519):
        raise ValueError("a key on another curve than its algorithm's")
    key = decoded_public_key_to_cryptography(found)
    if isinstance(key, RSAPublicKey) and (key.key_size < LEAST_RSA or key.public_numbers().e < 3):
        raise ValueError("a key that is too weak")


def _decoded(text: str) -> bytes:
    return a2b_base64(text.replace("-", "+").replace("_", "/") + "==")


def _why(error: Exception) -> str:
    """Up to where the library repeats what was sent."""
    return str(error).partition('"')[0].strip()[:100] or type(error).__name__
