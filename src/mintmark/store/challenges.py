"""Challenges that were answered: each of them once."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import bindparam, select

from mintmark.protocol.challenge import Challenge
from mintmark.store import schema
from mintmark.store.changes import Change, Insert
from mintmark.store.executor import Executor, Read
from mintmark.store.times import ms

_TABLE = schema.challenges
_FIND = Read(select(_TABLE.c.id).where(_TABLE.c.id == bindparam("id")))
# Another node's clock may be behind: to it the challenge is still good when ours has deleted the row.
_LONGER = 60_000  # milliseconds


async def is_spent(store: Executor, written: bytes) -> bool:
    """written: the challenge as the browser got it."""
    return bool(await store.fetch(_FIND, id=sha256(written).digest()))


def spend(challenge: Challenge, written: bytes, now: datetime) -> Change:
    """In the commit of what it is for. Conflict where it was spent: of several at once, one is first."""
    return Insert(
        _TABLE,
        {
            "id": sha256(written).digest(),
            "kind": challenge.kind,
            "browser_digest": challenge.browser_digest,
            "person_id": challenge.person_id,
            "expires_at": challenge.expires_ms + _LONGER,
            "spent_at": ms(now),
        },
    )
