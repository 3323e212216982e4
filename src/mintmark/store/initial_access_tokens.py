"""The tokens that operators hand out for registering clients (RFC 7591 §1.2): each so often, and until it ends."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, or_, select, update

from mintmark.store import schema_openid
from mintmark.store.changes import Change, Insert, Run, Values
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.times import at, ms

_TABLE = schema_openid.initial_access_tokens
_COLUMNS = (
    _TABLE.c.id, _TABLE.c.name, _TABLE.c.uses_left, _TABLE.c.created_at, _TABLE.c.expires_at, _TABLE.c.ended_at,
)  # fmt: skip
_BY_DIGEST = Read(select(*_COLUMNS).where(_TABLE.c.digest == bindparam("digest")))
_FIND = Read(select(*_COLUMNS).where(_TABLE.c.id == bindparam("id")))
_PAGE = Read(select(*_COLUMNS).where(_TABLE.c.id > bindparam("after")).order_by(_TABLE.c.id).limit(bindparam("limit")))
_LIVE = (
    _TABLE.c.id == bindparam("key_id"),
    _TABLE.c.ended_at.is_(None),
    or_(_TABLE.c.expires_at.is_(None), _TABLE.c.expires_at > bindparam("now")),
    or_(_TABLE.c.uses_left.is_(None), _TABLE.c.uses_left > 0),
)
# NULL less one is NULL: as often as they like.
_SPEND = update(_TABLE).where(*_LIVE).values(uses_left=_TABLE.c.uses_left - 1)
_END = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("key_id"), _TABLE.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class InitialAccessToken:
    """Without the token, of which only a digest is kept."""

    id: str
    name: str
    uses_left: int | None  # None: as often as they like
    created_at: datetime
    expires_at: datetime | None  # None: no end
    ended_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        over = self.expires_at is not None and self.expires_at <= now
        return self.ended_at is None and not over and self.uses_left != 0


async def find_by_digest(store: Executor, digest: bytes) -> InitialAccessToken | None:
    rows = await store.fetch(_BY_DIGEST, digest=digest)
    return _read(rows[0]) if rows else None


async def find(store: Executor, id: str) -> InitialAccessToken | None:
    rows = await store.fetch(_FIND, id=id)
    return _read(rows[0]) if rows else None


async def page(store: Executor, *, after: str | None, limit: int) -> list[InitialAccessToken]:
    """In the order in which they were made, those that ended as well."""
    return [_read(row) for row in await store.fetch(_PAGE, after=after or "", limit=limit)]


def add(made: InitialAccessToken, digest: bytes) -> Change:
    values: Values = {
        "id": made.id, "name": made.name, "digest": digest, "uses_left": made.uses_left,
        "created_at": ms(made.created_at), "expires_at": ms(made.expires_at), "ended_at": None,
    }  # fmt: skip
    return Insert(_TABLE, values)


def spend(id: str, now: datetime) -> Change:
    """One use, in the commit of what it is for. Conflict where none is left, or it ended: of several, one is last."""
    return Run(_SPEND, {"key_id": id, "now": ms(now)}, rows=1)


def end(id: str, now: datetime) -> Change:
    """Conflict where it ended before."""
    return Run(_END, {"key_id": id, "now": ms(now)}, rows=1)


def _read(row: Row) -> InitialAccessToken:
    id, name, uses_left, created_at, expires_at, ended_at = row
    return InitialAccessToken(id, name, uses_left, at(created_at), at(expires_at), at(ended_at))
