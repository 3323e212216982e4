"""Authorizations as an operator sees them: a person's grants to clients, each with its newest refresh tokens."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Select, and_, bindparam, func, literal, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from mintmark.protocol.authorization import Authorization, Standing
from mintmark.protocol.refresh_token import shown
from mintmark.store import authorizations, listing, schema
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.times import at, ms

_AUTHORIZATIONS, _TOKENS, _CLIENTS = schema.authorizations, schema.refresh_tokens, schema.clients
_PEOPLE, _SESSIONS = schema.people, schema.sessions
_AUTHORIZATION_COLUMNS = (*authorizations.STANDING_COLUMNS, _CLIENTS.c.ended_before)
_WITH_ALL = authorizations.with_holder(_AUTHORIZATIONS).outerjoin(
    _CLIENTS, _CLIENTS.c.id == _AUTHORIZATIONS.c.client_id
)
# What `Standing.over` decides, as far as a row can say it.
_LIVE_AUTHORIZATION = and_(
    _AUTHORIZATIONS.c.ended_at.is_(None),
    _AUTHORIZATIONS.c.expires_at > bindparam("now"),
    _PEOPLE.c.disabled_at.is_(None),
    _CLIENTS.c.disabled_at.is_(None),
    _AUTHORIZATIONS.c.created_at > _PEOPLE.c.ended_before,
    _AUTHORIZATIONS.c.created_at > _CLIENTS.c.ended_before,
    _AUTHORIZATIONS.c.created_at > bindparam("all_over"),
    or_(
        _AUTHORIZATIONS.c.ends_with_session == 0,
        _AUTHORIZATIONS.c.session_id.is_(None),
        and_(
            _SESSIONS.c.ended_at.is_(None),
            _SESSIONS.c.expires_at > bindparam("now"),
            _SESSIONS.c.created_at > _PEOPLE.c.sessions_ended_before,
            _AUTHORIZATIONS.c.created_at > _PEOPLE.c.sessions_ended_before,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class ListedAuthorization:
    authorization: Authorization
    ended_at: datetime | None  # None: it goes on until it expires


@dataclass(frozen=True, slots=True)
class ListedToken:
    """A refresh token, without anything that could be used as one."""

    id: str
    created_at: datetime
    expires_at: datetime
    spent_at: datetime | None


def _authorizations(session: bool, person: bool, client: bool, ended: bool) -> Read:
    where: list[ColumnElement[bool]] = [] if ended else [_LIVE_AUTHORIZATION]
    columns = (_AUTHORIZATIONS.c.session_id, _AUTHORIZATIONS.c.person_id, _AUTHORIZATIONS.c.client_id)
    named = [column for column, wanted in zip(columns, (session, person, client), strict=True) if wanted]
    for place, column in enumerate(named):
        # The narrowest of them leads; an index of the others would lead along a million rows of one client.
        compared: ColumnElement[Any] = column if place == 0 else literal("").concat(column)
        where.append(compared == bindparam(column.name))
    return listing.paged(_AUTHORIZATION_COLUMNS, _WITH_ALL, _AUTHORIZATIONS.c.id, *where)


_AUTHORIZATION_PAGES: Mapping[tuple[bool, ...], Read] = MappingProxyType(
    {wanted: _authorizations(*wanted) for wanted in product((False, True), repeat=4)}
)
_AUTHORIZATION = Read(
    select(*_AUTHORIZATION_COLUMNS).select_from(_WITH_ALL).where(_AUTHORIZATIONS.c.id == bindparam("id"))
)


class _Bytes(FunctionElement[bytes]):
    """Hexadecimal digits as bytes: each database has a word of its own for it."""

    type = LargeBinary()
    inherit_cache = True


@compiles(_Bytes, "sqlite")
def _unhex(element: _Bytes, compiler: SQLCompiler, **options: Any) -> str:  # Any: SQLAlchemy's own
    return f"unhex({compiler.process(element.clauses, **options)})"


@compiles(_Bytes, "postgresql")
def _decode(element: _Bytes, compiler: SQLCompiler, **options: Any) -> str:
    return f"decode({compiler.process(element.clauses, **options)}, 'hex')"


def _newest_tokens() -> Select[*tuple[Any, ...]]:
    """Of each authorization those not older than its n-th newest: a chain may be thousands of tokens long.

    The rows of an authorization lie between its id and its id with the latest time of all (`refresh_token.digest`).
    """
    digits = func.replace(_AUTHORIZATIONS.c.id, "-", "")
    first, last = _Bytes(digits), _Bytes(digits + "ff" * 7)
    newer = _TOKENS.alias("newer")
    nth = (
        select(newer.c.digest)
        .where(newer.c.digest.between(first, last))
        .order_by(newer.c.digest.desc())
        .limit(1)
        .offset(bindparam("passed_over"))
        .correlate(_AUTHORIZATIONS)
        .scalar_subquery()
    )
    since = select(_AUTHORIZATIONS.c.id, func.coalesce(nth, first).label("since"), last.label("until"))
    wanted = since.where(_AUTHORIZATIONS.c.id.in_(listing.IDS)).subquery()
    columns = (wanted.c.id, _TOKENS.c.digest, _TOKENS.c.created_at, _TOKENS.c.expires_at, _TOKENS.c.spent_at)
    joined = wanted.join(_TOKENS, _TOKENS.c.digest.between(wanted.c.since, wanted.c.until))
    return select(*columns).select_from(joined).order_by(_TOKENS.c.digest.desc())


_TOKENS_OF = Read(_newest_tokens())


async def page(
    store: Executor,
    *,
    after: str | None,
    limit: int,
    now: datetime,
    all_over: int,
    person_id: str | None = None,
    client_id: str | None = None,
    session_id: str | None = None,
    ended: bool = False,
) -> list[ListedAuthorization]:
    """all_over and ended: as in `listed_sessions.page`."""
    read = _AUTHORIZATION_PAGES[session_id is not None, person_id is not None, client_id is not None, ended]
    rows = await store.fetch(
        read, after=after or listing.START, limit=limit, now=ms(now), all_over=all_over, person_id=person_id,
        client_id=client_id, session_id=session_id,
    )  # fmt: skip
    return [_authorization(row, all_over) for row in rows]


async def find(store: Executor, id: str, *, all_over: int) -> ListedAuthorization | None:
    rows = await store.fetch(_AUTHORIZATION, id=id)
    return _authorization(rows[0], all_over) if rows else None


async def tokens_of(
    store: Executor, authorization_ids: Sequence[str], *, most: int
) -> Mapping[str, Sequence[ListedToken]]:
    """The newest refresh tokens of each, newest first. One statement for a whole page."""
    found: dict[str, list[ListedToken]] = defaultdict(list)
    if authorization_ids:
        rows = await store.fetch(_TOKENS_OF, passed_over=most - 1, **listing.named(authorization_ids))
        for authorization_id, digest, created, expires, spent in rows:
            found[authorization_id].append(ListedToken(shown(digest), at(created), at(expires), at(spent)))
    return {one: found[one] for one in authorization_ids}


def _authorization(row: Row, all_over: int) -> ListedAuthorization:
    standing = authorizations.read_standing(row[:-1])
    return ListedAuthorization(standing.authorization, _ended_at(standing, row[-1] or 0, all_over))


def _ended_at(standing: Standing, client_over: int, all_over: int) -> datetime | None:
    """When it ended: of itself, by a watermark, or with its session."""
    found, holder, session = standing.authorization, standing.holder, standing.session
    if found.ended_at is not None:
        return found.ended_at
    created = ms(found.created_at)
    marks = [client_over, all_over, 0 if holder is None else holder.ended_before]
    ends: list[datetime] = []
    if found.ends_with_session and session is not None:
        marks.append(0 if holder is None else holder.sessions_ended_before)
        ends += [] if session.ended_at is None else [session.ended_at]
    return min(ends + [at(mark) for mark in marks if created <= mark], default=None)
