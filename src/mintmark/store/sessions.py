"""Browser sessions: the secret is in the browser, its digest here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from mintmark.protocol import acr, ids
from mintmark.protocol.session import Session
from mintmark.store import configuration, listing, people, schema
from mintmark.store.changes import Change, Insert, Require, Run, Update, Values
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.people import Person
from mintmark.store.times import at, ms

_TABLE, _PEOPLE = schema.sessions, schema.people
COLUMNS = (
    _TABLE.c.id, _TABLE.c.person_id, _TABLE.c.created_at, _TABLE.c.authenticated_at, _TABLE.c.last_used_at,
    _TABLE.c.idle_expires_at, _TABLE.c.expires_at, _TABLE.c.ended_at, _TABLE.c.acr, _TABLE.c.amr, _TABLE.c.proved,
)  # fmt: skip
STANDS = (  # of a session and its person: neither is disabled, nor were all ended
    _PEOPLE.c.disabled_at.is_(None),
    _TABLE.c.created_at > _PEOPLE.c.sessions_ended_before,
    _TABLE.c.created_at > configuration.ENDED_BEFORE,
)
_FIND = Read(
    select(_TABLE.c.secret_digest, *COLUMNS, *people.HOLDER_COLUMNS)
    .join(_PEOPLE, _PEOPLE.c.id == _TABLE.c.person_id)
    .where(_TABLE.c.secret_digest == bindparam("digest"), *STANDS),
    key="digest",
)
_LIVE_OF = Read(
    select(*COLUMNS, _TABLE.c.address, _TABLE.c.user_agent)
    .join(_PEOPLE, _PEOPLE.c.id == _TABLE.c.person_id)
    .where(_TABLE.c.person_id == bindparam("person_id"), _TABLE.c.ended_at.is_(None),
           _TABLE.c.expires_at > bindparam("now"), _TABLE.c.idle_expires_at > bindparam("now"),
           _TABLE.c.created_at > _PEOPLE.c.sessions_ended_before, _TABLE.c.created_at > configuration.ENDED_BEFORE)
    .order_by(_TABLE.c.created_at)
)  # fmt: skip
_END_ALL_OF = (
    update(_TABLE)
    .where(_TABLE.c.person_id == bindparam("key_person"), _TABLE.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), end_reason=bindparam("reason"), untold_at=bindparam("now"))
)
_END_OTHERS_OF = (
    update(_TABLE)
    .where(_TABLE.c.person_id == bindparam("key_person"), _TABLE.c.id != bindparam("kept"), _TABLE.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), end_reason=bindparam("reason"), untold_at=bindparam("now"))
)
_AGENTS = Read(
    select(_TABLE.c.id, _TABLE.c.user_agent).where(
        _TABLE.c.id.in_(listing.IDS), _TABLE.c.person_id == bindparam("person_id")
    )
)
# By the end of their lifetime, never by idling: the tokens of a session that idles live (contract, "Policy").
_RUN_OUT = Read(
    select(_TABLE.c.id, _TABLE.c.person_id)
    .where(_TABLE.c.ended_at.is_(None), _TABLE.c.expires_at <= bindparam("now"))
    .order_by(_TABLE.c.expires_at, _TABLE.c.id)
    .limit(bindparam("limit"))
)
_OUTRUN = Read(
    select(_TABLE.c.id, _TABLE.c.person_id)
    .where(_TABLE.c.ended_at.is_(None), _TABLE.c.expires_at > bindparam("now"), _TABLE.c.id < bindparam("before"),
           _TABLE.c.created_at <= configuration.ENDED_BEFORE)
    .limit(bindparam("limit"))
)  # fmt: skip
_UNTOLD = Read(
    select(_TABLE.c.id, _TABLE.c.person_id, _TABLE.c.untold_at)
    .where(_TABLE.c.untold_at.is_not(None))
    .order_by(_TABLE.c.untold_at, _TABLE.c.id)
    .limit(bindparam("limit"))
)


class Ended(NamedTuple):
    """A session whose end is still to be told."""

    id: str
    person_id: str
    untold_at: int  # ms


@dataclass(frozen=True, slots=True)
class Seen:
    """A session and from where it was made, as a person sees it."""

    session: Session
    address: str
    user_agent: str


async def find(store: Executor, secret_digest: bytes) -> tuple[Session, Person] | None:
    """The session of this secret and its person; None too where the person is disabled, or all were ended."""
    rows = await store.fetch(_FIND, digest=secret_digest)
    if not rows:
        return None
    row = rows[0][1:]
    return session(row[: len(COLUMNS)]), people.signed_in(row[len(COLUMNS) :])


async def live_of(store: Executor, person_id: str, now: datetime) -> list[Seen]:
    """Oldest first."""
    rows = await store.fetch(_LIVE_OF, person_id=person_id, now=ms(now))
    return [Seen(session(row[:-2]), row[-2], row[-1]) for row in rows]


def add(session: Session, secret_digest: bytes, address: str, user_agent: str) -> Change:
    return Insert(
        _TABLE,
        {
            "id": session.id,
            "secret_digest": secret_digest,
            "person_id": session.person_id,
            "created_at": ms(session.created_at),
            "authenticated_at": ms(session.authenticated_at),
            "last_used_at": ms(session.last_used_at),
            "idle_expires_at": ms(session.idle_expires_at),
            "expires_at": ms(session.expires_at),
            "ended_at": None,
            "end_reason": None,
            "address": address,
            "user_agent": user_agent[:300],
            "acr": session.acr,
            "amr": " ".join(session.amr),
            "proved": None if session.proved is None else acr.written(session.proved),
        },
    )


def prove_again(session: Session, secret_digest: bytes) -> Change:
    """The same person proved themselves anew: the session keeps its sid and changes its secret."""
    values: Values = {
        "secret_digest": secret_digest,
        "authenticated_at": ms(session.authenticated_at),
        "last_used_at": ms(session.last_used_at),
        "idle_expires_at": ms(session.idle_expires_at),
        "acr": session.acr,
        "amr": " ".join(session.amr),
        "proved": None if session.proved is None else acr.written(session.proved),
    }
    return Update(_TABLE, {"id": session.id, "ended_at": None}, values)


def touch(session_id: str, now: datetime, idle_expires_at: datetime) -> Change:
    values: Values = {"last_used_at": ms(now), "idle_expires_at": ms(idle_expires_at)}
    return Update(_TABLE, {"id": session_id, "ended_at": None}, values)


def end(session_id: str, reason: str, now: datetime) -> Change:
    """Who took part in it is told afterwards (`logouts`)."""
    values: Values = {"ended_at": ms(now), "end_reason": reason, "untold_at": ms(now)}
    return Update(_TABLE, {"id": session_id, "ended_at": None}, values)


def end_all_of(person_id: str, reason: str, now: datetime) -> Change:
    return Run(_END_ALL_OF, {"key_person": person_id, "reason": reason, "now": ms(now)})


def end_others_of(person_id: str, kept: str, reason: str, now: datetime) -> Change:
    """All but the one that is kept."""
    return Run(_END_OTHERS_OF, {"key_person": person_id, "kept": kept, "reason": reason, "now": ms(now)})


async def agents(store: Executor, person_id: str, session_ids: Sequence[str]) -> Mapping[str, str]:
    """The browsers of a person's sessions, as they named themselves, as far as the sessions are still known."""
    if not session_ids:
        return {}
    return dict(await store.fetch(_AGENTS, person_id=person_id, **listing.named(session_ids)))


async def run_out(store: Executor, now: datetime, limit: int) -> list[tuple[str, str]]:
    """Ids of sessions whose lifetime is over and which nobody ended, each with its person's."""
    return [(row[0], row[1]) for row in await store.fetch(_RUN_OUT, now=ms(now), limit=limit)]


async def outrun(store: Executor, ended_before: int, now: datetime, limit: int) -> list[tuple[str, str]]:
    """Those that are over because everything up to the watermark (ms) is, while their row says nothing of it."""
    before = ids.uuid7(at(ended_before + 1), bytes(10))  # an id tells when its row was made
    rows = await store.fetch(_OUTRUN, now=ms(now), before=before, limit=limit)
    return [(row[0], row[1]) for row in rows]


async def untold(store: Executor, limit: int) -> list[Ended]:
    """Those whose end is still to be told, the longest ended first."""
    return [Ended(*row) for row in await store.fetch(_UNTOLD, limit=limit)]


def told(ended: Ended) -> Change:
    """Once: of two nodes that tell at the same time, one does."""
    return Update(_TABLE, {"id": ended.id, "untold_at": ended.untold_at}, {"untold_at": None})


def stands(session_id: str) -> Require:
    return Require(_TABLE, {"id": session_id, "ended_at": None})


def session(row: Row) -> Session:
    """From COLUMNS."""
    id, person_id, created, authenticated, used, idle, expires, ended, level, amr, proved = row
    return Session(
        id, person_id, at(created), at(authenticated), at(used), at(idle), at(expires), at(ended), level,
        tuple(amr.split()), None if proved is None else acr.read(proved),
    )  # fmt: skip
