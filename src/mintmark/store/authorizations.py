"""Authorizations, and how they stand: with the person and the session that they hang on, in one statement."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

import orjson
from sqlalchemy import FromClause, Join, bindparam, or_, select, update

from mintmark.protocol.authorization import Authorization, SessionState, Standing
from mintmark.store import people, schema
from mintmark.store import sessions as sessions_
from mintmark.store.changes import Change, Insert, Require, Run, Update, Values
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.times import at, ms

_TABLE, _PEOPLE, _SESSIONS = schema.authorizations, schema.people, schema.sessions
REMEMBERED: Final = 1_024  # rows and what they say, of those that were read last; no name of a person is in them
COLUMNS = (
    _TABLE.c.id, _TABLE.c.person_id, _TABLE.c.client_id, _TABLE.c.session_id, _TABLE.c.scope, _TABLE.c.resources,
    _TABLE.c.ends_with_session, _TABLE.c.authenticated_at, _TABLE.c.acr, _TABLE.c.amr, _TABLE.c.created_at,
    _TABLE.c.expires_at, _TABLE.c.ended_at, _TABLE.c.claims,
)  # fmt: skip
_SESSION = (_SESSIONS.c.created_at, _SESSIONS.c.expires_at, _SESSIONS.c.ended_at)
STANDING_COLUMNS = (*COLUMNS, *people.HOLDER_COLUMNS, *_SESSION)


def with_holder(source: FromClause) -> Join:
    """A source that holds authorizations, and beside each its person and session.

    One row of joins: SQLite reads through a whole table to make what stands in brackets.
    """
    people_too = source.outerjoin(_PEOPLE, _PEOPLE.c.id == _TABLE.c.person_id)
    return people_too.outerjoin(_SESSIONS, _SESSIONS.c.id == _TABLE.c.session_id)


_STANDING = Read(
    select(_TABLE.c.id, *STANDING_COLUMNS[1:]).select_from(with_holder(_TABLE)).where(_TABLE.c.id == bindparam("id")),
    key="id",
)
_LIVE_OF = Read(
    select(*COLUMNS)
    .select_from(_TABLE.join(_PEOPLE, _PEOPLE.c.id == _TABLE.c.person_id))
    .where(_TABLE.c.person_id == bindparam("person_id"), _TABLE.c.ended_at.is_(None),
           _TABLE.c.expires_at > bindparam("now"), _TABLE.c.created_at > _PEOPLE.c.ended_before)
    .order_by(_TABLE.c.created_at.desc())
)  # fmt: skip
_OUTLIVING = (
    select(*STANDING_COLUMNS)
    .select_from(with_holder(_TABLE))
    .where(_TABLE.c.ends_with_session == 0, _TABLE.c.ended_at.is_(None), _TABLE.c.session_id.is_not(None))
    .order_by(_TABLE.c.id)
)
_OUTLIVING_SESSION = Read(_OUTLIVING.where(_TABLE.c.session_id == bindparam("session_id")))
_OUTLIVING_SESSIONS_OF = Read(_OUTLIVING.where(_TABLE.c.person_id == bindparam("person_id")))
_END_UNENDED = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("key_id"), _TABLE.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), end_reason=bindparam("reason"))
)
_END_BY_SESSION = (
    update(_TABLE)
    .where(_TABLE.c.session_id == bindparam("key_session"), _TABLE.c.ends_with_session == 1,
           _TABLE.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), end_reason=bindparam("reason"))
)  # fmt: skip
_END_ALL_BY_SESSION = (
    update(_TABLE)
    .where(_TABLE.c.session_id == bindparam("key_session"), _TABLE.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), end_reason=bindparam("reason"))
)
_END_BY_OTHER_SESSIONS = (
    update(_TABLE)
    .where(_TABLE.c.person_id == bindparam("key_person"), _TABLE.c.session_id != bindparam("kept"),
           _TABLE.c.ended_at.is_(None), _TABLE.c.ends_with_session == 1)
    .values(ended_at=bindparam("now"), end_reason=bindparam("reason"))
)  # fmt: skip
_END_ALL_BUT_BY_SESSION = (
    update(_TABLE)
    .where(_TABLE.c.person_id == bindparam("key_person"), _TABLE.c.ended_at.is_(None),
           or_(_TABLE.c.session_id.is_(None), _TABLE.c.session_id != bindparam("kept")))
    .values(ended_at=bindparam("now"), end_reason=bindparam("reason"))
)  # fmt: skip
_END_BY_PERSON = (
    update(_TABLE)
    .where(_TABLE.c.person_id == bindparam("key_person"), _TABLE.c.ended_at.is_(None),
           _TABLE.c.ends_with_session >= bindparam("at_least"))
    .values(ended_at=bindparam("now"), end_reason=bindparam("reason"))
)  # fmt: skip
_END_BY_PERSON_AND_CLIENT = (
    update(_TABLE)
    .where(_TABLE.c.person_id == bindparam("key_person"), _TABLE.c.client_id == bindparam("key_client"),
           _TABLE.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), end_reason=bindparam("reason"))
)  # fmt: skip
_UNENDED_OF_CLIENT = Read(
    select(_TABLE.c.id)
    .where(_TABLE.c.client_id == bindparam("client_id"), _TABLE.c.id > bindparam("after"), _TABLE.c.ended_at.is_(None))
    .order_by(_TABLE.c.id)
    .limit(bindparam("limit"))
)
_END_SOME_OF_CLIENT = (
    update(_TABLE)
    .where(_TABLE.c.client_id == bindparam("key_client"), _TABLE.c.id.between(bindparam("first"), bindparam("last")),
           _TABLE.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), end_reason=bindparam("reason"))
)  # fmt: skip


async def standing(store: Executor, id: str) -> Standing | None:
    rows = await store.fetch(_STANDING, id=id)
    return read_standing(rows[0]) if rows else None


async def live_of(store: Executor, person_id: str, now: datetime) -> list[Authorization]:
    """Newest first."""
    return [authorization(row) for row in await store.fetch(_LIVE_OF, person_id=person_id, now=ms(now))]


async def outliving_session(store: Executor, session_id: str) -> list[Standing]:
    """Those that its end does not end, unless policy says so by now."""
    return [read_standing(row) for row in await store.fetch(_OUTLIVING_SESSION, session_id=session_id)]


async def outliving_sessions_of(store: Executor, person_id: str) -> list[Standing]:
    return [read_standing(row) for row in await store.fetch(_OUTLIVING_SESSIONS_OF, person_id=person_id)]


def add(authorization: Authorization) -> Change:
    return Insert(
        _TABLE,
        {
            "id": authorization.id,
            "person_id": authorization.person_id,
            "client_id": authorization.client_id,
            "session_id": authorization.session_id,
            "scope": " ".join(authorization.scope),
            "resources": orjson.dumps(list(authorization.resources)).decode(),
            "ends_with_session": int(authorization.ends_with_session),
            "authenticated_at": ms(authorization.authenticated_at),
            "acr": authorization.acr,
            "amr": " ".join(authorization.amr),
            "created_at": ms(authorization.created_at),
            "expires_at": ms(authorization.expires_at),
            "ended_at": None,
            "end_reason": None,
            "claims": authorization.claims,
        },
    )


def end(id: str, reason: str, now: datetime) -> Change:
    """Fails where it is over already."""
    return Update(_TABLE, {"id": id, "ended_at": None}, {"ended_at": ms(now), "end_reason": reason})


def end_unended(id: str, reason: str, now: datetime) -> Change:
    """Nothing where it is over already."""
    return Run(_END_UNENDED, {"key_id": id, "reason": reason, "now": ms(now)})


def end_by_session(session_id: str, reason: str, now: datetime, *, everything: bool = False) -> Change:
    """Those that end with their session; `everything`: those with offline_access too."""
    statement = _END_ALL_BY_SESSION if everything else _END_BY_SESSION
    return Run(statement, {"key_session": session_id, "reason": reason, "now": ms(now)})


def end_by_person(person_id: str, reason: str, now: datetime, *, everything: bool) -> Change:
    parameters: Values = {"key_person": person_id, "reason": reason, "now": ms(now), "at_least": 0 if everything else 1}
    return Run(_END_BY_PERSON, parameters)


def end_by_other_sessions(person_id: str, kept: str, reason: str, now: datetime, *, everything: bool = False) -> Change:
    """Those that end with a session of the person, which is not the one that is kept; `everything`: whatever did not
    begin in that one, with a session or without."""
    statement = _END_ALL_BUT_BY_SESSION if everything else _END_BY_OTHER_SESSIONS
    return Run(statement, {"key_person": person_id, "kept": kept, "reason": reason, "now": ms(now)})


def end_by_person_and_client(person_id: str, client_id: str, reason: str, now: datetime) -> Change:
    """All that a person gave to a client."""
    parameters: Values = {"key_person": person_id, "key_client": client_id, "reason": reason, "now": ms(now)}
    return Run(_END_BY_PERSON_AND_CLIENT, parameters)


async def unended_of_client(store: Executor, client_id: str, after: str, limit: int) -> list[str]:
    """Ids, oldest first: a client may have a million, which are ended some at a time."""
    rows = await store.fetch(_UNENDED_OF_CLIENT, client_id=client_id, after=after, limit=limit)
    return [row[0] for row in rows]


def end_some_of_client(client_id: str, first: str, last: str, reason: str, now: datetime) -> Change:
    keys: dict[str, str | int] = {"key_client": client_id, "first": first, "last": last}
    return Run(_END_SOME_OF_CLIENT, {**keys, "reason": reason, "now": ms(now)})


def guards(standing: Standing) -> Sequence[Require]:
    """What handing something out relies on: authorization, person, and the session where it ends with that."""
    found, holder = standing.authorization, standing.holder
    relied = [Require(_TABLE, {"id": found.id, "ended_at": None})]
    if holder is not None:
        relied.append(people.stands(holder))
    if found.ends_with_session and found.session_id is not None:
        relied.append(sessions_.stands(found.session_id))
    return relied


@lru_cache(REMEMBERED)  # what a chain is shown with does not change from one refresh to the next
def authorization(row: Row) -> Authorization:
    """From COLUMNS."""
    id, person, client, session, scope, resources, ends, authenticated, acr, amr, created, expires, ended, claims = row
    return Authorization(
        id=id,
        person_id=person,
        client_id=client,
        session_id=session,
        scope=tuple(scope.split()),
        resources=tuple(orjson.loads(resources)),
        ends_with_session=bool(ends),
        authenticated_at=at(authenticated),
        acr=acr,
        amr=tuple(amr.split()),
        created_at=at(created),
        expires_at=at(expires),
        ended_at=at(ended),
        claims=claims,
    )


def read_standing(row: Row) -> Standing:
    """From STANDING_COLUMNS."""
    middle = len(COLUMNS)
    holder, session = row[middle:-3], row[-3:]
    return Standing(
        authorization(row[:middle]),
        None if holder[0] is None else people.holder(holder),
        None if session[0] is None else _session(*session),
    )


@lru_cache(REMEMBERED)
def _session(created: int, expires: int, ended: int | None) -> SessionState:
    return SessionState(at(created), at(expires), at(ended))
