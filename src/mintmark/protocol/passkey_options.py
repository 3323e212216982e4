"""What a browser is asked to do with a passkey, as JSON (WebAuthn Level 3 §5.1.8 to §5.1.10)."""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from mintmark.protocol.challenge import LASTS
from mintmark.protocol.passkey import Passkey, read_name

Options = Mapping[str, Any]  # Any: JSON

# EdDSA, ES256, RS256: the first that the authenticator has is taken (IANA COSE Algorithms).
ALGORITHMS = (-8, -7, -257)
_TIMEOUT = int(LASTS.total_seconds() * 1000)
LONGEST_HANDLE = 64  # bytes (WebAuthn Level 3 §5.4.3)


def encoded(value: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def handle(person_id: str) -> bytes:
    """The person as the authenticator keeps them: a random id, and nothing that says who they are."""
    written = person_id.encode()
    return written if len(written) <= LONGEST_HANDLE else sha256(written).digest()


def creation(
    challenge: bytes,
    *,
    rp_id: str,
    operator: str,
    person_id: str,
    username: str,
    display_name: str,
    known: Iterable[Passkey],
    attested: bool,
) -> Options:
    """For `navigator.credentials.create`. known: never made twice on one authenticator. attested: it says what it is.

    Neither user verification nor discoverability is demanded: a plain security key is a good second factor. What a key
    can do, its assertions show.
    """
    return {
        "rp": {"id": rp_id, "name": operator},
        "user": {
            "id": encoded(handle(person_id)),
            "name": read_name(username) or "?",
            "displayName": read_name(display_name),
        },
        "challenge": encoded(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in ALGORITHMS],
        "timeout": _TIMEOUT,
        "excludeCredentials": [_descriptor(one) for one in known],
        "authenticatorSelection": {
            "residentKey": "preferred",
            "requireResidentKey": False,
            "userVerification": "preferred",
        },
        "attestation": "direct" if attested else "none",
        "extensions": {"credProps": True},
    }


def request(challenge: bytes, *, rp_id: str, allowed: Iterable[Passkey] | None) -> Options:
    """For `navigator.credentials.get`. allowed: None, whoever they are; then the authenticator must know its owner."""
    return {
        "challenge": encoded(challenge),
        "timeout": _TIMEOUT,
        "rpId": rp_id,
        "allowCredentials": [_descriptor(one) for one in allowed or ()],
        "userVerification": "required" if allowed is None else "preferred",
    }


def _descriptor(passkey: Passkey) -> dict[str, object]:
    return {"type": "public-key", "id": encoded(passkey.credential_id), "transports": list(passkey.transports)}
