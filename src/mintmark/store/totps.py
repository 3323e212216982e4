"""Authenticator apps of people; their seeds are sealed. A code is spent by moving on the step of the last one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select

from mintmark.keys.sealing import Sealer
from mintmark.protocol import totp
from mintmark.store import schema_people
from mintmark.store.changes import Change, Insert, Run, Update
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.times import at, ms

_TABLE = schema_people.totps
_COLUMNS = (
    _TABLE.c.id, _TABLE.c.person_id, _TABLE.c.name, _TABLE.c.seed, _TABLE.c.last_step, _TABLE.c.created_at,
    _TABLE.c.confirmed_at, _TABLE.c.last_used_at,
)  # fmt: skip
_OF_PERSON = Read(select(*_COLUMNS).where(_TABLE.c.person_id == bindparam("person_id")).order_by(_TABLE.c.id))
_CONFIRMED = Read(
    select(func.count()).where(_TABLE.c.person_id == bindparam("person_id"), _TABLE.c.confirmed_at.is_not(None))
)
_SEEDS = Read(
    select(_TABLE.c.id, _TABLE.c.seed)
    .where(_TABLE.c.id > bindparam("after"))
    .order_by(_TABLE.c.id)
    .limit(bindparam("limit"))
)
_REMOVE = delete(_TABLE).where(_TABLE.c.id == bindparam("key_id"), _TABLE.c.person_id == bindparam("key_person"))
_FORGET_PENDING = delete(_TABLE).where(_TABLE.c.person_id == bindparam("key_person"), _TABLE.c.confirmed_at.is_(None))
PAGE = 500  # seeds looked at together


@dataclass(frozen=True, slots=True)
class Totp:
    id: str
    person_id: str
    name: str
    seed: bytes = field(repr=False)  # sealed, bound to `bound_to(id)`
    last_step: int  # no code of this step, or of an earlier one, is good any more
    created_at: datetime
    confirmed_at: datetime | None  # None: pending, and good for nothing yet
    last_used_at: datetime | None

    def is_pending(self, now: datetime) -> bool:
        """Whether its first code is still waited for."""
        return self.confirmed_at is None and now < self.created_at + totp.PENDING


def bound_to(id: str) -> str:
    """What the seal is bound to: this very row."""
    return f"totps.seed:{id}"


async def of_person(store: Executor, person_id: str) -> list[Totp]:
    """Oldest first; pending ones too."""
    return [_read(row) for row in await store.fetch(_OF_PERSON, person_id=person_id)]


async def count(store: Executor, person_id: str) -> int:
    """Of those that are confirmed."""
    return int((await store.fetch(_CONFIRMED, person_id=person_id))[0][0])


def _read(row: Row) -> Totp:
    id, person_id, name, seed, last_step, created, confirmed, used = row
    return Totp(id, person_id, name, bytes(seed), last_step, at(created), at(confirmed), at(used))


def add(id: str, person_id: str, name: str, sealed: bytes, now: datetime) -> list[Change]:
    """A pending one, in place of any that was: there is one at a time."""
    return [
        Run(_FORGET_PENDING, {"key_person": person_id}),
        Insert(
            _TABLE,
            {
                "id": id, "person_id": person_id, "name": name, "seed": sealed, "last_step": totp.NEVER,
                "created_at": ms(now), "confirmed_at": None, "last_used_at": None,
            },
        ),
    ]  # fmt: skip


def confirm(one: Totp, step: int, now: datetime) -> Change:
    """Its first code was shown. Conflict where another was quicker, or it was replaced."""
    guard = {"id": one.id, "person_id": one.person_id, "confirmed_at": None, "last_step": one.last_step}
    return Update(_TABLE, guard, {"confirmed_at": ms(now), "last_step": step, "last_used_at": ms(now)})


def use(one: Totp, step: int, now: datetime) -> Change:
    """Spends the code of that step, and of every earlier one. Conflict where one was spent since it was read."""
    guard = {"id": one.id, "confirmed_at": ms(one.confirmed_at), "last_step": one.last_step}
    return Update(_TABLE, guard, {"last_step": step, "last_used_at": ms(now)})


def remove(id: str, person_id: str) -> Change:
    """Conflict where that person has no such app."""
    return Run(_REMOVE, {"key_id": id, "key_person": person_id}, rows=1)


def forget_pending(person_id: str) -> Change:
    return Run(_FORGET_PENDING, {"key_person": person_id})


async def seeds(store: Executor) -> AsyncIterator[list[tuple[str, bytes]]]:
    """Every id with its sealed seed, some at a time."""
    after = ""
    while rows := await store.fetch(_SEEDS, after=after, limit=PAGE):
        yield [(id, bytes(seed)) for id, seed in rows]
        after = rows[-1][0]


def resealed(some: list[tuple[str, bytes]], sealer: Sealer) -> list[Change]:
    """Those that are not sealed under the first sealing key, sealed under it."""
    return [
        Update(_TABLE, {"id": id, "seed": blob}, {"seed": sealer.seal(opened, bound_to=bound_to(id))})
        for id, blob in some
        if not sealer.sealed_by_first(blob)
        for opened in [sealer.open(blob, bound_to=bound_to(id))]
    ]
