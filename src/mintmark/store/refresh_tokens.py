"""Refresh tokens, by digest: each spent one names its heir."""

from datetime import datetime

from sqlalchemy import bindparam, select

from mintmark.protocol.authorization import Standing
from mintmark.protocol.refresh_token import RefreshToken
from mintmark.store import authorizations, schema
from mintmark.store.changes import Change, Insert, Require, Update, Values
from mintmark.store.executor import Executor, Read
from mintmark.store.times import at, ms

_TABLE = schema.refresh_tokens
_HEIR = _TABLE.alias("heir")
_COLUMNS = (
    _TABLE.c.digest, _TABLE.c.created_at, _TABLE.c.expires_at, _TABLE.c.spent_at, _TABLE.c.heir_key_id,
    _HEIR.c.spent_at,
)  # fmt: skip
_FIND = Read(
    select(*_COLUMNS, *authorizations.STANDING_COLUMNS)
    .select_from(
        authorizations.with_holder(
            _TABLE.join(schema.authorizations, schema.authorizations.c.id == _TABLE.c.authorization_id)
        ).outerjoin(_HEIR, _HEIR.c.digest == _TABLE.c.heir_digest)
    )
    .where(_TABLE.c.digest == bindparam("digest")),
    key="digest",
)


async def find(store: Executor, digest: bytes) -> tuple[RefreshToken, Standing] | None:
    rows = await store.fetch(_FIND, digest=digest)
    if not rows:
        return None
    digest, created, expires, spent, heir_key_id, heir_spent = rows[0][: len(_COLUMNS)]
    token = RefreshToken(digest, at(created), at(expires), at(spent), heir_key_id, heir_spent is not None)
    return token, authorizations.read_standing(rows[0][len(_COLUMNS) :])


def add(digest: bytes, authorization_id: str, now: datetime, expires_at: datetime) -> Change:
    values: Values = {
        "digest": digest, "authorization_id": authorization_id, "created_at": ms(now),
        "expires_at": ms(expires_at), "spent_at": None, "heir_digest": None, "heir_key_id": None,
    }  # fmt: skip
    return Insert(_TABLE, values)


def spend(digest: bytes, heir_digest: bytes, heir_key_id: str, now: datetime) -> Change:
    """Of two at once, one is first; the other finds the same heir."""
    values: Values = {"spent_at": ms(now), "heir_digest": heir_digest, "heir_key_id": heir_key_id}
    return Update(_TABLE, {"digest": digest, "spent_at": None}, values)


def prolong(digest: bytes, expires_at: datetime) -> Change:
    """`rotation: keep`: the same token, good for another idle span."""
    return Update(_TABLE, {"digest": digest, "spent_at": None}, {"expires_at": ms(expires_at)})


def heir_is_unused(heir_digest: bytes) -> Require:
    """The guard of handing the same heir out again."""
    return Require(_TABLE, {"digest": heir_digest, "spent_at": None})
