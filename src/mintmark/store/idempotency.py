"""What a POST with an Idempotency-Key was answered, and what was deleted: so that the same, asked again, does nothing.

The answer lies sealed in one row, its secret members in another that expires much sooner.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import bindparam, select

from mintmark.store import schema
from mintmark.store.changes import Change, Insert, Update, Values
from mintmark.store.executor import Executor, Read
from mintmark.store.times import at, ms

KEPT = timedelta(hours=24)
SECRETS_KEPT = timedelta(minutes=10)
DELETED = 204
_TABLE = schema.idempotency
_FIND = Read(
    select(_TABLE.c.body_digest, _TABLE.c.status, _TABLE.c.answer, _TABLE.c.created_at, _TABLE.c.expires_at).where(
        _TABLE.c.id == bindparam("id")
    )
)


@dataclass(frozen=True, slots=True)
class Kept:
    body_digest: bytes
    status: int
    answer: bytes  # sealed, bound to `bound_to(id)`
    created_at: datetime
    expires_at: datetime


def id_of(*words: str) -> bytes:
    """Of whatever is to be found again: caller, path and key."""
    return sha256("\0".join(words).encode("utf-8", "surrogatepass")).digest()


def secrets_of(id: bytes) -> bytes:
    """The id of the row with the secret members of that answer."""
    return sha256(b"secrets\0" + id).digest()


def bound_to(id: bytes) -> str:
    return f"idempotency.answer:{id.hex()}"


async def find(store: Executor, id: bytes) -> Kept | None:
    """Expired or not: it may not have been deleted yet."""
    rows = await store.fetch(_FIND, id=id)
    if not rows:
        return None
    digest, status, answer, created, expires = rows[0]
    return Kept(digest, status or 0, answer or b"", at(created), at(expires))


def keep(
    id: bytes, before: Kept | None, *, body_digest: bytes, status: int, answer: bytes, now: datetime, span: timedelta
) -> Change:
    """before: what stands there, expired. Conflict where another was first."""
    values: Values = {
        "body_digest": body_digest, "status": status, "answer": answer, "created_at": ms(now),
        "expires_at": ms(now + span),
    }  # fmt: skip
    if before is None:
        return Insert(_TABLE, {"id": id, **values})
    return Update(_TABLE, {"id": id, "created_at": ms(before.created_at)}, values)


async def deleted(store: Executor, kind: str, name: str, now: datetime) -> bool:
    """Whether something of that name was deleted lately."""
    found = await find(store, id_of("deleted", kind, name))
    return found is not None and now < found.expires_at


async def remember_deleted(store: Executor, kind: str, name: str, now: datetime) -> Change:
    id = id_of("deleted", kind, name)
    before = await find(store, id)
    return keep(id, before, body_digest=b"", status=DELETED, answer=b"", now=now, span=KEPT)
