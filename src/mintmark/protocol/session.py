"""A browser session: who signed in, when, and how strongly (OIDC Core §2, RFC 8176)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

ONE_FACTOR = "urn:mintmark:acr:1"
TWO_FACTORS = "urn:mintmark:acr:2"
PHISHING_RESISTANT = "urn:mintmark:acr:phr"
OFFERED = frozenset({ONE_FACTOR})  # what a person can prove themselves by today
TOUCHED_EVERY = timedelta(minutes=1)  # last use is written at most this often: reading a page costs no write


@dataclass(frozen=True, slots=True)
class Session:
    id: str  # sid
    person_id: str
    created_at: datetime
    authenticated_at: datetime
    last_used_at: datetime
    idle_expires_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    acr: str
    amr: tuple[str, ...]

    def is_live(self, now: datetime) -> bool:
        return self.ended_at is None and now < self.idle_expires_at and now < self.expires_at

    def wants_touch(self, now: datetime) -> bool:
        return now - self.last_used_at >= TOUCHED_EVERY
