"""Access tokens that have a row (opaque, one-use, counted), and JWTs that were revoked by themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Text, bindparam, select, update

from mintmark.protocol.authorization import Standing
from mintmark.store import authorizations, schema
from mintmark.store.changes import Change, Insert, Run, Update
from mintmark.store.executor import ASKED, Executor, Read
from mintmark.store.times import at, ms

_TABLE, _REVOKED, _AUTHORIZATIONS = schema.access_tokens, schema.revoked_tokens, schema.authorizations
_COLUMNS = (
    _TABLE.c.digest, _TABLE.c.claims, _TABLE.c.one_use, _TABLE.c.expires_at, _TABLE.c.spent_at, _TABLE.c.ended_at,
    _TABLE.c.authorization_id,
)  # fmt: skip
_FIND = Read(
    select(*_COLUMNS, *authorizations.STANDING_COLUMNS)
    .select_from(
        authorizations.with_holder(_TABLE.outerjoin(_AUTHORIZATIONS, _AUTHORIZATIONS.c.id == _TABLE.c.authorization_id))
    )
    .where(_TABLE.c.digest == bindparam("digest")),
    key="digest",
)
_JTI, _AUTHORIZATION = bindparam("jti", type_=Text), bindparam("authorization_id", type_=Text)
# Of a JWT: was it revoked, was its row (if it is a counted one) ended, and how does its authorization stand?
_JWT = Read(
    select(_JTI, _AUTHORIZATION, _REVOKED.c.id, _TABLE.c.ended_at, *authorizations.STANDING_COLUMNS).select_from(
        authorizations.with_holder(
            ASKED.outerjoin(_REVOKED, _REVOKED.c.id == _JTI)
            .outerjoin(_TABLE, _TABLE.c.id == _JTI)
            .outerjoin(_AUTHORIZATIONS, _AUTHORIZATIONS.c.id == _AUTHORIZATION)
        )
    ),
    key="jti",
    beside=("authorization_id",),
)
_SLOTS = Read(
    select(_TABLE.c.id, _TABLE.c.slot, _TABLE.c.expires_at).where(
        _TABLE.c.holder == bindparam("holder"), _TABLE.c.slot.is_not(None)
    )
)
_FREE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("key_id"), _TABLE.c.slot == bindparam("key_slot"))
    .values(slot=None, ended_at=bindparam("now"))
)


class StoredToken(NamedTuple):
    claims: Mapping[str, Any]  # what a JWT of it would say
    one_use: bool
    expires_at: datetime
    is_over: bool  # spent, or ended
    standing: Standing | None  # None: the client acts for itself, or the authorization's row is gone
    has_authorization: bool


async def find(store: Executor, digest: bytes) -> StoredToken | None:
    rows = await store.fetch(_FIND, digest=digest)
    if not rows:
        return None
    _, claims, one_use, expires, spent, ended, authorization_id = rows[0][: len(_COLUMNS)]
    rest = rows[0][len(_COLUMNS) :]
    standing = None if rest[0] is None else authorizations.read_standing(rest)
    over = spent is not None or ended is not None
    return StoredToken(orjson.loads(claims), bool(one_use), at(expires), over, standing, authorization_id is not None)


async def jwt_standing(store: Executor, jti: str, authorization_id: str | None) -> tuple[bool, Standing | None]:
    """Whether the JWT was ended by itself, and how the authorization that it came of stands."""
    row = (await store.fetch(_JWT, jti=jti, authorization_id=authorization_id))[0]
    _, _, revoked, ended = row[:4]
    standing = None if row[4] is None else authorizations.read_standing(row[4:])
    return revoked is not None or ended is not None, standing


@dataclass(frozen=True, slots=True)
class Slot:
    """A counted token and its place among those of its holder."""

    id: str
    number: int
    expires_at: datetime


async def slots(store: Executor, holder: str) -> list[Slot]:
    """The places taken among the counted tokens of a holder, oldest first. An expired token keeps its place."""
    rows = await store.fetch(_SLOTS, holder=holder)
    return [Slot(id, number, at(expires)) for id, number, expires in sorted(rows)]


def free(slot: Slot, now: datetime) -> Change:
    """Ends the token that has the place. Fails where somebody took the place meanwhile.

    A statement of its own: within one, PostgreSQL would see the place still taken when its next holder comes.
    """
    return Run(_FREE, {"key_id": slot.id, "key_slot": slot.number, "now": ms(now)}, rows=1)


def add(
    claims: Mapping[str, Any],
    *,
    digest: bytes | None,
    person_id: str | None,
    authorization_id: str | None,
    one_use: bool,
    place: tuple[str, int] | None,
    now: datetime,
    expires_at: datetime,
) -> Change:
    """digest None: a JWT, which has a row only to be counted. place: holder and slot; None: not counted."""
    return Insert(
        _TABLE,
        {
            "id": claims["jti"],
            "digest": digest,
            "client_id": claims["client_id"],
            "person_id": person_id,
            "authorization_id": authorization_id,
            "holder": None if place is None else place[0],
            "slot": None if place is None else place[1],
            "claims": orjson.dumps(claims).decode(),
            "one_use": int(one_use),
            "created_at": ms(now),
            "expires_at": ms(expires_at),
            "spent_at": None,
            "ended_at": None,
        },
    )


def spend(jti: str, now: datetime) -> Change:
    """Of fifty at once, one is told active."""
    return Update(_TABLE, {"id": jti, "spent_at": None, "ended_at": None}, {"spent_at": ms(now)})


def end(jti: str, now: datetime) -> Change:
    return Update(_TABLE, {"id": jti, "ended_at": None}, {"ended_at": ms(now)})


def revoke_jwt(jti: str, expires_at: datetime) -> Change:
    """Conflict where it was revoked before."""
    return Insert(_REVOKED, {"id": jti, "expires_at": ms(expires_at)})
