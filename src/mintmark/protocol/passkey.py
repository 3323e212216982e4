"""Passkeys as rules: what a counter tells, which authenticators are let in (WebAuthn Level 3 §6, §7)."""

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import ip_address
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

MOST = 12  # of one person: the page that lists them stays under 60 kB, all in
LONGEST_NAME = 60  # characters
TRANSPORTS: Final = frozenset({"ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"})

# What widespread ones are called by whoever made them; any other is a passkey.
_MAKERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4": "Google Password Manager",
        "fbfc3007-154e-4ecc-8c0b-6e020557d7bd": "iCloud Keychain",
        "dd4ec289-e01d-41c9-bb89-70fa845d4bf2": "iCloud Keychain",
        "adce0002-35bc-c60a-648b-0b25f1f05503": "Chrome on Mac",
        "08987058-cadc-4b81-b6e1-30de50dcbe96": "Windows Hello",
        "9ddd1817-af5a-4672-a2b9-3e3dd95000a9": "Windows Hello",
        "6028b017-b1d4-4c02-b4b3-afcdafc96bb2": "Windows Hello",
        "53414d53-554e-4700-0000-000000000000": "Samsung Pass",
        "bada5566-a7aa-401f-bd96-45619a55120d": "1Password",
        "d548826e-79b4-db40-a3d8-11116f7e8349": "Bitwarden",
        "531126d6-e717-415c-9320-3d9aa6981239": "Dashlane",
        "fdb141b2-5d84-443e-8a35-4698c205a502": "KeePassXC",
    }
)


@dataclass(frozen=True, slots=True)
class Passkey:
    """A public key credential of a person (WebAuthn Level 3 §4, "credential record")."""

    id: str
    person_id: str
    credential_id: bytes
    public_key: bytes  # COSE
    sign_count: int
    name: str  # the person's own word for it
    aaguid: str  # what kind of authenticator it says it is
    transports: tuple[str, ...]
    discoverable: bool  # it says by itself whose it is; otherwise it comes after another factor only
    backup_eligible: bool  # it may be copied to other devices of the person
    backed_up: bool  # it is
    created_at: datetime
    last_used_at: datetime | None = None  # None: never


@dataclass(frozen=True, slots=True)
class Seen:
    """What an authenticator said in an assertion whose signature is right (WebAuthn Level 3 §6.1)."""

    sign_count: int
    user_verified: bool  # it knows that this is its owner: by a PIN, a finger, a face
    backup_eligible: bool
    backed_up: bool


def rp_id(issuer: str) -> str | None:
    """The issuer's host, whatever its port and path (WebAuthn Level 3 §5.1.3). None: an address has no passkeys."""
    host = urlsplit(issuer).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return host
    return None


def may_be_cloned(passkey: Passkey, seen: Seen) -> bool:
    """A counter that does not go on: somebody else has the key, too (WebAuthn Level 3 §6.1.1). Those at 0 count not."""
    return (seen.sign_count > 0 or passkey.sign_count > 0) and seen.sign_count <= passkey.sign_count


def is_another(passkey: Passkey, seen: Seen) -> bool:
    """Whether it may be copied was settled when it was made (WebAuthn Level 3 §7.2 step 18)."""
    return seen.backup_eligible != passkey.backup_eligible


def used(passkey: Passkey, seen: Seen, now: datetime) -> Passkey:
    """As it is after a right assertion."""
    return replace(passkey, sign_count=seen.sign_count, backed_up=seen.backed_up, last_used_at=now)


def amr(passkey: Passkey) -> tuple[str, ...]:
    """RFC 8176 §2: a key that may be copied is held in software; whoever used it was there."""
    return ("swk" if passkey.backup_eligible else "hwk", "user")


def is_allowed(aaguid: str, allowed: Collection[str]) -> bool:
    """Among the authenticators that the operator lets in; where none is named, any."""
    return not allowed or aaguid in allowed


def read_name(text: str) -> str:
    """What a person calls it, in one line and without what only a machine sees. "": nothing is left."""
    return _shown(text)[:LONGEST_NAME].strip()


def suggested_name(aaguid: str) -> str:
    """Until the person has a better one."""
    return _MAKERS.get(aaguid, "Passkey")


def known_transports(given: object) -> tuple[str, ...]:
    """Of what a browser told; what is not known is left out (WebAuthn Level 3 §5.8.4)."""
    told = given if isinstance(given, list) else []
    return tuple(sorted({one for one in told if isinstance(one, str)} & TRANSPORTS))


def _shown(text: str) -> str:
    """Without controls, marks that turn the direction of writing, and half characters."""
    return " ".join("".join(" " if unicodedata.category(one)[0] == "C" else one for one in text).split())
