"""Initial access tokens as an operator asks for them: how often each is good, and until when (RFC 7591 §1.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mintmark.protocol import client_secret
from mintmark.protocol.client_metadata import MetadataRefused

MEMBERS = ("name", "uses", "expires_at")
MOST_USES = 1_000_000


@dataclass(frozen=True, slots=True)
class Wanted:
    name: str
    uses: int | None  # None: as often as they like
    expires_at: datetime | None  # None: no end


def read(sent: Mapping[str, object], now: datetime) -> Wanted:
    """One use and no end where nothing else is said; `uses` null: any number. Raises MetadataRefused."""
    for member in sent:
        if member not in MEMBERS:
            raise MetadataRefused(member, "is no member of an initial access token: it has a name, uses and an end")
    uses, until = sent.get("uses", 1), sent.get("expires_at")
    if uses is not None and (isinstance(uses, bool) or not isinstance(uses, int) or not 1 <= uses <= MOST_USES):
        raise MetadataRefused("uses", f"must be a whole number from 1 to {MOST_USES}, or null for any number")
    name = client_secret.check_name(sent.get("name"), ())
    return Wanted(name, uses, None if until is None else client_secret.read_expiry(until, now))
