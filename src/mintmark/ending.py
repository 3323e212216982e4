"""Ends: one verb for the person, the operator and sign-out alike. What was ended stays ended."""

from collections.abc import Sequence
from datetime import datetime

from mintmark.events import AuthorizationEnded, Event, SessionEnded
from mintmark.protocol.authorization import Authorization
from mintmark.store import authorizations, consents, people, sessions
from mintmark.store.changes import Change


def session(
    id: str, person_id: str, reason: str, now: datetime, *, actor: str | None = None, everything: bool = False
) -> tuple[list[Change], list[Event]]:
    """The session and the authorizations that end with it; `everything`: those with offline_access too."""
    changes = [sessions.end(id, reason, now), authorizations.end_by_session(id, reason, now, everything=everything)]
    return changes, [SessionEnded(session_id=id, person_id=person_id, reason=reason, actor=actor)]


def all_sessions(
    person_id: str, reason: str, now: datetime, *, actor: str | None = None, everything: bool = False
) -> tuple[list[Change], list[Event]]:
    """By watermark, so that it is one row however many they are; the rows follow in the same commit."""
    watermark = people.end_everything(person_id, now) if everything else people.end_sessions(person_id, now)
    changes = [
        watermark,
        sessions.end_all_of(person_id, reason, now),
        authorizations.end_by_person(person_id, reason, now, everything=everything),
    ]
    return changes, [SessionEnded(person_id=person_id, reason=reason, actor=actor)]


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
