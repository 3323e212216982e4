"""All that is kept of a person, as one document: no secret, no digest of one, and nothing of anybody else."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

from mintmark.protocol import person_record
from mintmark.server import Server
from mintmark.store import consents, enrolled, listed_audit, listed_authorizations, listed_sessions, people
from mintmark.store.listed_audit import Entry, Wanted
from mintmark.store.listed_authorizations import ListedAuthorization
from mintmark.store.listed_sessions import ListedSession
from mintmark.store.people import Person

AT_ONCE = 200  # rows of a list that are read together
MOST = 10_000  # rows of a list that the document holds, the newest: it is made in memory

T = TypeVar("T")
Document = dict[str, Any]  # Any: JSON


async def of(server: Server, person_id: str, now: datetime) -> Document:
    """Times are RFC 3339, UTC. A list that had more than MOST rows says so in `not_whole`."""
    store, registry = server.store, server.registry
    person = await people.find(store, person_id)
    if person is None:
        return {}
    sessions, all_sessions = await _whole(
        lambda after: listed_sessions.page(
            store, after=after, limit=AT_ONCE, now=now, all_over=registry.ended_before, person_id=person_id, ended=True
        ),
        lambda one: one.session.id,
    )
    grants, all_grants = await _whole(
        lambda after: listed_authorizations.page(
            store, after=after, limit=AT_ONCE, now=now, all_over=registry.ended_before, person_id=person_id, ended=True
        ),
        lambda one: one.authorization.id,
    )
    events, all_events = await _whole(
        lambda after: listed_audit.page(store, Wanted(person_id=person_id), limit=AT_ONCE, after=after),
        lambda one: one.id,
    )
    whole = {"sessions": all_sessions, "apps": all_grants, "activity": all_events}
    given = await consents.of_person(store, person_id, MOST)
    return {
        "issuer": server.issuer,
        "made_at": when(now),
        "account": _account(person),
        **await _factors(server, person_id, now),
        "sessions": [_session(one) for one in sessions],
        "apps": [_grant(one) for one in grants],
        "allowed": [
            {"client_id": client_id, "changed_at": when(since), "scopes": consent.by_resource(server.issuer)}
            for client_id, since, consent in given
        ],
        "activity": [_event(one) for one in events],
        "not_whole": [name for name, is_whole in whole.items() if not is_whole],
    }


async def _whole(page: Callable[[str | None], Awaitable[Sequence[T]]], key: Callable[[T], str]) -> tuple[list[T], bool]:
    """All rows of a list, up to MOST, and whether that is all."""
    found: list[T] = []
    after: str | None = None
    while len(found) < MOST:
        some = await page(after)
        found += some
        if len(some) < AT_ONCE:
            return found, True
        after = key(some[-1])
    return found, False


def when(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _account(person: Person) -> Document:
    holder = person.holder
    return {
        "sub": holder.id,
        **person_record.of(holder).document(),
        "has_password": person.password_hash is not None,
        "created_at": when(person.created_at),
        "updated_at": when(person.updated_at),
        "deleted_after": when(holder.delete_after),
    }


async def _factors(server: Server, person_id: str, now: datetime) -> Document:
    store = server.store
    codes = await enrolled.codes(store, person_id)
    return {
        "passkeys": [_shown(one) for one in await enrolled.passkeys(store, person_id)],
        "authenticator_apps": [_shown(one) for one in await enrolled.apps(store, person_id)],
        "recovery_codes": _shown(codes) if codes.made else None,
        "trusted_browsers": [_shown(one) for one in await enrolled.browsers(store, person_id, now)],
        "links": [_shown(one) for one in await enrolled.links(store, person_id)],
    }


def _shown(one: Any) -> Document:  # Any: a row of `enrolled`, which holds nothing secret
    found = {field.name: getattr(one, field.name) for field in fields(one)}
    return {name: when(value) if isinstance(value, datetime) else value for name, value in found.items()}


def _session(one: ListedSession) -> Document:
    found = one.session
    return {
        "id": found.id,
        "created_at": when(found.created_at),
        "last_used_at": when(found.last_used_at),
        "expires_at": when(found.expires_at),
        "ended_at": when(one.ended_at),
        "end_reason": one.end_reason,
        "address": one.address,
        "user_agent": one.user_agent,
        "acr": found.acr,
        "amr": list(found.amr),
    }


def _grant(one: ListedAuthorization) -> Document:
    found = one.authorization
    return {
        "id": found.id,
        "client_id": found.client_id,
        "session_id": found.session_id,
        "scope": " ".join(found.scope),
        "resources": list(found.resources),
        "ends_with_session": found.ends_with_session,
        "created_at": when(found.created_at),
        "expires_at": when(found.expires_at),
        "ended_at": when(one.ended_at),
    }


def _event(one: Entry) -> Document:
    """Where an operator acted, neither who that was nor from where: that is theirs."""
    by_operator = one.actor is not None
    return {
        "at": when(one.at),
        "event": one.event,
        "outcome": one.outcome,
        "client_id": one.client_id,
        "session_id": one.session_id,
        "authorization_id": one.authorization_id,
        "by_operator": by_operator,
        "address": None if by_operator else one.address,
        "count": one.count,
        "detail": dict(one.detail),
    }
