"""A browser session: who signed in, when, and how strongly (OIDC Core §2, RFC 8176)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mintmark.protocol import acr as levels
from mintmark.protocol.acr import Means, Proof

ONE_FACTOR = levels.ONE
TWO_FACTORS = levels.TWO
PHISHING_RESISTANT = levels.RESISTANT
PASSWORD = Means("password", frozenset({"knowledge"}), begins=True)
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
    proved: tuple[Proof, ...] | None = None  # None: it is older than proofs; `proofs` knows what was proved

    def is_live(self, now: datetime) -> bool:
        return self.ended_at is None and now < self.idle_expires_at and now < self.expires_at

    def wants_touch(self, now: datetime) -> bool:
        return now - self.last_used_at >= TOUCHED_EVERY

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """Factor by factor, when it was last proved. Before there were others, it was the password."""
        return (Proof(PASSWORD, self.authenticated_at, self.amr),) if self.proved is None else self.proved
