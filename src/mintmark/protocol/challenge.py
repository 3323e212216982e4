"""What a browser has to answer with a passkey, once and soon (WebAuthn Level 3 §13.4.3).

A challenge carries its end and our seal on what it is for, so that nothing is written for pages that nobody answers;
what was answered is written down, and then it is spent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Self

from mintmark.protocol import ids

Kind = Literal["register", "sign in", "prove"]

LASTS = timedelta(minutes=5)
_NONCE, _END, _SEAL = 16, 8, 32  # bytes


@dataclass(frozen=True, slots=True)
class Challenge:
    """One that was made here, or that claims to be: `bound` is what the seal must be of."""

    kind: Kind
    browser_digest: bytes
    person_id: str | None  # who must answer; None: the answer says who they are
    nonce: bytes
    expires_ms: int  # since the epoch

    @classmethod
    def made(
        cls, kind: Kind, browser_digest: bytes, person_id: str | None, *, nonce: bytes, now: datetime
    ) -> "Challenge":
        """nonce: sixteen random bytes."""
        return cls(kind, browser_digest, person_id, nonce, ids.ms(now + LASTS))

    @classmethod
    def read(cls, given: bytes, kind: Kind, browser_digest: bytes, person_id: str | None) -> tuple[Self, bytes] | None:
        """As it must have been made to be answered here, and the seal that it brings. None: it is none of ours."""
        if len(given) != _NONCE + _END + _SEAL:
            return None
        end = int.from_bytes(given[_NONCE : _NONCE + _END], "big")
        return cls(kind, browser_digest, person_id, given[:_NONCE], end), given[_NONCE + _END :]

    def bound(self) -> bytes:
        """All that it is good for."""
        where = f"{self.nonce.hex()} {self.expires_ms} {self.browser_digest.hex()}"
        return f"challenge {self.kind} {where} {self.person_id or ''}".encode()

    def written(self, seal: bytes) -> bytes:
        """As the browser gets it."""
        return self.nonce + self.expires_ms.to_bytes(_END, "big") + seal

    def is_over(self, now: datetime) -> bool:
        return ids.ms(now) >= self.expires_ms
