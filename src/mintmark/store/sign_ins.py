"""Sign-ins under way: what somebody in this browser has proved so far, until the session begins."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from mintmark.protocol import acr
from mintmark.protocol.acr import Proof
from mintmark.store import schema
from mintmark.store.changes import Change, Insert, Update
from mintmark.store.executor import Executor, Read
from mintmark.store.times import at, ms

_TABLE = schema.sign_ins
_FIND = Read(
    select(
        _TABLE.c.id, _TABLE.c.browser_digest, _TABLE.c.person_id, _TABLE.c.proved, _TABLE.c.person_state,
        _TABLE.c.expires_at, _TABLE.c.ended_at,
    ).where(_TABLE.c.id == bindparam("id"))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SignIn:
    id: str  # a secret of the page
    browser_digest: bytes
    person_id: str
    proofs: tuple[Proof, ...]
    person_state: int  # of the account when it began
    expires_at: datetime
    ended_at: datetime | None


async def find(store: Executor, id: str) -> SignIn | None:
    rows = await store.fetch(_FIND, id=id)
    if not rows:
        return None
    id, browser, person_id, proved, state, expires, ended = rows[0]
    return SignIn(id, browser, person_id, acr.read(proved), state, at(expires), at(ended))


def add(sign_in: SignIn, now: datetime) -> Change:
    return Insert(
        _TABLE,
        {
            "id": sign_in.id,
            "browser_digest": sign_in.browser_digest,
            "person_id": sign_in.person_id,
            "proved": acr.written(sign_in.proofs),
            "person_state": sign_in.person_state,
            "created_at": ms(now),
            "expires_at": ms(sign_in.expires_at),
            "ended_at": None,
        },
    )


def advance(sign_in: SignIn, proofs: tuple[Proof, ...]) -> Change:
    """Once for each step: of two at the same time, one goes on."""
    return Update(_TABLE, _as_read(sign_in), {"proved": acr.written(proofs)})


def end(sign_in: SignIn, now: datetime) -> Change:
    """Once: one sign-in begins one session."""
    return Update(_TABLE, _as_read(sign_in), {"ended_at": ms(now)})


def _as_read(sign_in: SignIn) -> dict[str, str | None]:
    return {"id": sign_in.id, "ended_at": None, "proved": acr.written(sign_in.proofs)}
