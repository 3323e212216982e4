"""Recovery codes of people, as keyed digests. Those that were spent stay until new ones are made."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select

from mintmark.store import schema_people
from mintmark.store.changes import Change, Insert, Run, Update
from mintmark.store.executor import Executor, Read
from mintmark.store.times import at, ms

_TABLE = schema_people.recovery_codes
_COUNTED = Read(
    select(func.count(), func.count(_TABLE.c.spent_at), func.max(_TABLE.c.created_at)).where(
        _TABLE.c.person_id == bindparam("person_id")
    )
)
_FIND = Read(
    select(_TABLE.c.spent_at).where(
        _TABLE.c.digest == bindparam("digest"), _TABLE.c.person_id == bindparam("person_id")
    )
)
_FORGET = delete(_TABLE).where(_TABLE.c.person_id == bindparam("key_person"))


class Counted(NamedTuple):
    """What somebody has of them."""

    made: int = 0
    spent: int = 0
    made_at: datetime | None = None  # None: none were ever made

    @property
    def left(self) -> int:
        return self.made - self.spent


async def count(store: Executor, person_id: str) -> Counted:
    made, spent, made_at = (await store.fetch(_COUNTED, person_id=person_id))[0]
    return Counted(made, spent, at(made_at))


async def is_good(store: Executor, person_id: str, digest: bytes) -> bool | None:
    """False: it was used already. None: that person never had it."""
    rows = await store.fetch(_FIND, digest=digest, person_id=person_id)
    return rows[0][0] is None if rows else None


def spend(person_id: str, digest: bytes, now: datetime) -> Change:
    """Conflict for every use but the first."""
    return Update(_TABLE, {"digest": digest, "person_id": person_id, "spent_at": None}, {"spent_at": ms(now)})


def replace(person_id: str, before: Counted, digests: Sequence[bytes], now: datetime) -> list[Change]:
    """New ones in place of all that there were. Conflict where others replaced them since `before` was read."""
    added = [
        Insert(_TABLE, {"digest": digest, "person_id": person_id, "created_at": ms(now), "spent_at": None})
        for digest in digests
    ]
    return [Run(_FORGET, {"key_person": person_id}, rows=before.made), *added]
