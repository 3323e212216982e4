"""Ends: one verb for the person, the operator and sign-out alike. What was ended stays ended."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from mintmark.events import AuthorizationEnded, Event, SessionEnded
from mintmark.protocol.authorization import Authorization, Standing
from mintmark.registry import Registry
from mintmark.store import (
    audit_personal,
    authorizations,
    client_logos,
    clients,
    consents,
    enrolled,
    people,
    resources,
    sessions,
)
from mintmark.store.changes import Change
from mintmark.store.executor import Executor

PAGE = 500  # authorizations ended at a time


class Knowing(Protocol):
    """A server, or a command: who knows the policy of this moment."""

    @property
    def store(self) -> Executor: ...
    @property
    def registry(self) -> Registry: ...


async def session(
    knowing: Knowing,
    id: str,
    person_id: str,
    reason: str,
    now: datetime,
    *,
    actor: str | None = None,
    everything: bool = False,
) -> tuple[list[Change], list[Event]]:
    """The session and the authorizations that end with it; `everything`: those with offline_access too."""
    changes = [sessions.end(id, reason, now), authorizations.end_by_session(id, reason, now, everything=everything)]
    if not everything:
        outliving = await authorizations.outliving_session(knowing.store, id)
        changes += await _bound(knowing, outliving, reason, now)
    return changes, [SessionEnded(session_id=id, person_id=person_id, reason=reason, actor=actor)]


async def all_sessions(
    knowing: Knowing, person_id: str, reason: str, now: datetime, *, actor: str | None = None
) -> tuple[list[Change], list[Event]]:
    """By watermark, so that it is one row however many they are; the rows follow in the same commit."""
    outliving = await authorizations.outliving_sessions_of(knowing.store, person_id)
    changes = [
        people.end_sessions(person_id, now),
        sessions.end_all_of(person_id, reason, now),
        authorizations.end_by_person(person_id, reason, now, everything=False),
        *await _bound(knowing, outliving, reason, now),
    ]
    return changes, [SessionEnded(person_id=person_id, reason=reason, actor=actor)]


async def other_sessions(
    knowing: Knowing, person_id: str, kept: str, reason: str, now: datetime, *, everything: bool = False
) -> tuple[list[Change], list[Event]]:
    """All of a person's sessions but one, however many they are; `everything`: and whatever apps got elsewhere."""
    changes = [
        sessions.stands(kept),
        sessions.end_others_of(person_id, kept, reason, now),
        authorizations.end_by_other_sessions(person_id, kept, reason, now, everything=everything),
    ]
    if not everything:
        outliving = await authorizations.outliving_sessions_of(knowing.store, person_id)
        elsewhere = [one for one in outliving if one.authorization.session_id != kept]
        changes += await _bound(knowing, elsewhere, reason, now)
    return changes, [SessionEnded(person_id=person_id, reason=reason)]


def everything(
    person_id: str, reason: str, now: datetime, *, actor: str | None = None
) -> tuple[list[Change], list[Event]]:
    """All sessions, and those authorizations too that outlive them."""
    changes = [
        people.end_everything(person_id, now),
        sessions.end_all_of(person_id, reason, now),
        authorizations.end_by_person(person_id, reason, now, everything=True),
    ]
    return changes, [SessionEnded(person_id=person_id, reason=reason, actor=actor)]


async def _bound(knowing: Knowing, outliving: Iterable[Standing], reason: str, now: datetime) -> list[Change]:
    """Policy that binds them to the session came after they began; should it go again, what ended stays ended."""
    changes = []
    for standing in outliving:
        client = await knowing.registry.client(standing.authorization.client_id)
        if client is not None and knowing.registry.ends_with_session(standing, client, now):
            changes.append(authorizations.end_unended(standing.authorization.id, reason, now))
    return changes


def authorization(
    found: Authorization, reason: str, now: datetime, *, actor: str | None = None, forget: bool = False
) -> tuple[list[Change], Sequence[Event]]:
    """One authorization with its codes and tokens; `forget`: the consent too, so that the client must ask again."""
    changes: list[Change] = [authorizations.end(found.id, reason, now)]
    if forget:
        changes.append(consents.forget(found.person_id, found.client_id))
    event = AuthorizationEnded(
        authorization_id=found.id, client_id=found.client_id, person_id=found.person_id, reason=reason, actor=actor
    )
    return changes, [event]


def deletion(person_id: str, now: datetime, *, actor: str | None = None) -> tuple[list[Change], list[Event]]:
    """A person goes, with all that they allowed and had, and what the audit trail holds of them alone."""
    ends, events = everything(person_id, "person deleted", now, actor=actor)
    gone = [
        consents.forget_person(person_id),
        *enrolled.forget_person(person_id),
        people.delete_(person_id),
        *audit_personal.erase(person_id),
    ]
    return [*ends, *gone], events


async def authorizations_of_client(store: Executor, client_id: str, reason: str, now: datetime) -> None:
    """Row by row, a few hundred at a time: a client that gets the same name must find none of them alive."""
    after = ""
    while some := await authorizations.unended_of_client(store, client_id, after, PAGE):
        after = some[-1]
        await store.commit([authorizations.end_some_of_client(client_id, some[0], after, reason, now)])


async def client_forgotten(store: Executor, client_id: str, now: datetime) -> list[Change]:
    """The client goes, with what people allowed it and what it spoke for. It was disabled, or nobody used it."""
    return [*await client_silenced(store, client_id, now), *client_gone(client_id)]


def client_gone(client_id: str) -> list[Change]:
    """Its row, and what hangs on it alone."""
    return [consents.forget_client(client_id), client_logos.forget(client_id), *clients.delete_(client_id)]


async def client_silenced(store: Executor, client_id: str, now: datetime) -> list[Change]:
    """It speaks for no resource any more."""
    changes: list[Change] = []
    for one in await resources.all(store):
        if client_id in one.resource_servers:
            left = tuple(name for name in one.resource_servers if name != client_id)
            changes += resources.change(replace(one, resource_servers=left), now)
    return changes
