"""Authorization codes, by digest."""

from datetime import datetime

from sqlalchemy import bindparam, select

from mintmark.protocol.authorization import Standing
from mintmark.protocol.code import Code
from mintmark.store import authorizations, schema
from mintmark.store.changes import Change, Insert, Update
from mintmark.store.executor import Executor, Read
from mintmark.store.times import at, ms

_TABLE = schema.codes
_COLUMNS = (
    _TABLE.c.digest, _TABLE.c.authorization_id, _TABLE.c.client_id, _TABLE.c.redirect_uri, _TABLE.c.code_challenge,
    _TABLE.c.nonce, _TABLE.c.created_at, _TABLE.c.expires_at, _TABLE.c.spent_at,
)  # fmt: skip
_FIND = Read(
    select(*_COLUMNS, *authorizations.STANDING_COLUMNS)
    .select_from(
        authorizations.with_holder(
            _TABLE.join(schema.authorizations, schema.authorizations.c.id == _TABLE.c.authorization_id)
        )
    )
    .where(_TABLE.c.digest == bindparam("digest")),
    key="digest",
)


async def find(store: Executor, digest: bytes) -> tuple[Code, Standing] | None:
    rows = await store.fetch(_FIND, digest=digest)
    if not rows:
        return None
    digest, authorization_id, client, address, challenge, nonce, created, expires, spent = rows[0][: len(_COLUMNS)]
    code = Code(digest, authorization_id, client, address, challenge, nonce, at(created), at(expires), at(spent))
    return code, authorizations.read_standing(rows[0][len(_COLUMNS) :])


def add(code: Code) -> Change:
    return Insert(
        _TABLE,
        {
            "digest": code.digest,
            "authorization_id": code.authorization_id,
            "client_id": code.client_id,
            "redirect_uri": code.redirect_uri,
            "code_challenge": code.code_challenge,
            "nonce": code.nonce,
            "created_at": ms(code.created_at),
            "expires_at": ms(code.expires_at),
            "spent_at": None,
        },
    )


def spend(digest: bytes, now: datetime) -> Change:
    """Of two at once, one is first."""
    return Update(_TABLE, {"digest": digest, "spent_at": None}, {"spent_at": ms(now)})
