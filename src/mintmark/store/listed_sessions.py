"""Sessions as an operator sees them, each with its person and the clients that it signed in to."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, bindparam, literal, select

from mintmark.protocol.session import Session
from mintmark.store import listing, schema, sessions
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.times import at, ms

_SESSIONS, _PEOPLE, _AUTHORIZATIONS = schema.sessions, schema.people, schema.authorizations
_SESSION_COLUMNS = (
    *sessions.COLUMNS, _SESSIONS.c.address, _SESSIONS.c.user_agent, _SESSIONS.c.end_reason, _PEOPLE.c.username,
    _PEOPLE.c.sessions_ended_before,
)  # fmt: skip
_WITH_PERSON = _SESSIONS.outerjoin(_PEOPLE, _PEOPLE.c.id == _SESSIONS.c.person_id)
_LIVE_SESSION = and_(
    _SESSIONS.c.ended_at.is_(None),
    _SESSIONS.c.expires_at > bindparam("now"),
    _PEOPLE.c.disabled_at.is_(None),
    _SESSIONS.c.created_at > _PEOPLE.c.sessions_ended_before,  # unknown where the person is gone: not live
    _SESSIONS.c.created_at > bindparam("all_over"),
)


@dataclass(frozen=True, slots=True)
class ListedSession:
    session: Session
    username: str | None  # None: the person was deleted
    address: str
    user_agent: str
    ended_at: datetime | None  # None: it goes on until it expires
    end_reason: str | None


def _sessions(person: bool, client: bool, ended: bool) -> Read:
    source: FromClause = _WITH_PERSON
    key: ColumnElement[Any] = _SESSIONS.c.id
    where: list[ColumnElement[bool]] = [] if ended else [_LIVE_SESSION]
    if person:
        where.append(_SESSIONS.c.person_id == bindparam("person_id"))
    if client and person:
        where.append(_had_client())
    elif client:  # along the client's authorizations, which may be few among many sessions
        source = _AUTHORIZATIONS.join(_SESSIONS, _SESSIONS.c.id == _AUTHORIZATIONS.c.session_id).outerjoin(
            _PEOPLE, _PEOPLE.c.id == _SESSIONS.c.person_id
        )
        key = _AUTHORIZATIONS.c.session_id
        where += [_AUTHORIZATIONS.c.client_id == bindparam("client_id"), _is_first_of_session()]
    return listing.paged(_SESSION_COLUMNS, source, key, *where)


def _had_client() -> ColumnElement[bool]:
    return (
        select(literal(1))
        .where(_AUTHORIZATIONS.c.session_id == _SESSIONS.c.id, _AUTHORIZATIONS.c.client_id == bindparam("client_id"))
        .correlate(_SESSIONS)
        .exists()
    )


def _is_first_of_session() -> ColumnElement[bool]:
    """So that a session with several authorizations of the client stands in the list once."""
    earlier = _AUTHORIZATIONS.alias("earlier")
    return ~(
        select(literal(1))
        .where(
            earlier.c.client_id == _AUTHORIZATIONS.c.client_id,
            earlier.c.session_id == _AUTHORIZATIONS.c.session_id,
            earlier.c.id < _AUTHORIZATIONS.c.id,
        )
        .correlate(_AUTHORIZATIONS)
        .exists()
    )


_SESSION_PAGES: Mapping[tuple[bool, ...], Read] = MappingProxyType(
    {wanted: _sessions(*wanted) for wanted in product((False, True), repeat=3)}
)
_SESSION = Read(select(*_SESSION_COLUMNS).select_from(_WITH_PERSON).where(_SESSIONS.c.id == bindparam("id")))
_CLIENTS_OF = Read(
    select(_AUTHORIZATIONS.c.session_id, _AUTHORIZATIONS.c.client_id)
    .where(_AUTHORIZATIONS.c.session_id.in_(listing.IDS))
    .distinct()
)
_UNENDED_OF_SESSION = Read(
    select(_AUTHORIZATIONS.c.id)
    .where(_AUTHORIZATIONS.c.session_id == bindparam("session_id"), _AUTHORIZATIONS.c.ended_at.is_(None))
    .limit(1)
)


async def page(
    store: Executor,
    *,
    after: str | None,
    limit: int,
    now: datetime,
    all_over: int,
    person_id: str | None = None,
    client_id: str | None = None,
    ended: bool = False,
) -> list[ListedSession]:
    """all_over: the watermark (ms) of everything. client_id: some authorization of the session was given to it.

    ended: those that are over as well.
    """
    read = _SESSION_PAGES[person_id is not None, client_id is not None, ended]
    rows = await store.fetch(
        read, after=after or listing.START, limit=limit, now=ms(now), all_over=all_over, person_id=person_id,
        client_id=client_id,
    )  # fmt: skip
    return [_session(row, all_over) for row in rows]


async def find(store: Executor, id: str, *, all_over: int) -> ListedSession | None:
    rows = await store.fetch(_SESSION, id=id)
    return _session(rows[0], all_over) if rows else None


async def clients_of(store: Executor, session_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """The clients that each of the sessions signed in to, in order of their names. One statement for a whole page."""
    found: dict[str, list[str]] = defaultdict(list)
    if session_ids:
        for session_id, client_id in await store.fetch(_CLIENTS_OF, **listing.named(session_ids)):
            found[session_id].append(client_id)
    return {one: sorted(found[one]) for one in session_ids}


async def has_unended_authorization(store: Executor, session_id: str) -> bool:
    return bool(await store.fetch(_UNENDED_OF_SESSION, session_id=session_id))


def _session(row: Row, all_over: int) -> ListedSession:
    *columns, address, user_agent, end_reason, username, sessions_over = row
    found = sessions.session(tuple(columns))
    if found.ended_at is not None:
        return ListedSession(found, username, address, user_agent, found.ended_at, end_reason)
    created = ms(found.created_at)
    over = [mark for mark in (sessions_over or 0, all_over) if created <= mark]
    return ListedSession(found, username, address, user_agent, at(min(over)) if over else None, None)
