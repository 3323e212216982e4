"""Rows to test with, and the reads that find them."""

from sqlalchemy import bindparam, select

from mintmark.store.changes import Insert, Require, Update, Values
from mintmark.store.executor import Read
from mintmark.store.schema import audit, authorizations, clients, codes, consents, people, refresh_tokens, throttles

THROTTLE = Read(select(throttles).where(throttles.c.id == bindparam("id")))
COUNTED = Read(select(throttles.c.id, throttles.c.failures).order_by(throttles.c.id))
CODE = Read(select(codes.c.digest, codes.c.spent_at).where(codes.c.digest == bindparam("digest")), key="digest")
CONSENTS = Read(select(consents.c.client_id, consents.c.scope).order_by(consents.c.client_id))
TOKENS = Read(
    select(refresh_tokens.c.authorization_id, refresh_tokens.c.digest, refresh_tokens.c.spent_at)
    .where(refresh_tokens.c.authorization_id == bindparam("authorization_id"))
    .order_by(refresh_tokens.c.digest),
    key="authorization_id",
)
AUTHORIZATION = Read(select(authorizations).where(authorizations.c.id == bindparam("id")), key="id")
EVENTS = Read(select(audit.c.event, audit.c.authorization_id).order_by(audit.c.id))


def throttle(id, failures=0, **more):
    return Insert(throttles, {"id": id, "failures": failures, "first_at": 1, "waits_until": 2, "expires_at": 3, **more})


def counted(id, before, after):
    return Update(throttles, {"id": id, "failures": before}, {"failures": after})


def stands(id, failures):
    return Require(throttles, {"id": id, "failures": failures})


def code(digest, **more):
    values: Values = {"authorization_id": "a", "client_id": "c", "redirect_uri": "r", "created_at": 1, "expires_at": 2}
    return Insert(codes, {"digest": digest, **values, **more})


def spent(digest, at=7):
    return Update(codes, {"digest": digest, "spent_at": None}, {"spent_at": at})


def consent(client_id, scope):
    values: Values = {"person_id": "p", "client_id": client_id, "scope": scope, "resources": "[]", "updated_at": 1}
    return Insert(consents, values)


def client(id="c"):
    values: Values = {
        "document": "{}",
        "policy": "{}",
        "self_registered": 0,
        "created_at": 1,
        "updated_at": 1,
        "ended_before": 0,
    }
    return Insert(clients, {"id": id, **values})


def person(id="p"):
    names: Values = {
        "id": id,
        "username": id,
        "username_key": id,
        "claims": "{}",
        "custom_claims": "{}",
        "groups": "[]",
    }
    return Insert(people, {**names, "created_at": 1, "updated_at": 1, "ended_before": 0, "sessions_ended_before": 0})


def authorization(id, **more):
    who: Values = {
        "id": id,
        "person_id": "p",
        "client_id": "c",
        "scope": "s",
        "resources": "[]",
        "ends_with_session": 0,
    }
    when: Values = {"authenticated_at": 1, "acr": "0", "amr": "[]", "created_at": 1, "expires_at": 9}
    return Insert(authorizations, {**who, **when, **more})


def refresh_token(name, authorization_id, **more):
    values: Values = {"authorization_id": authorization_id, "created_at": 1, "expires_at": 9}
    return Insert(refresh_tokens, {"digest": name.encode(), **values, **more})


def refresh(old, new, authorization_id):
    """What the refresh grant writes: three rows it relies on, the old token spent, its heir, and the event."""
    return [
        Require(authorizations, {"id": authorization_id, "ended_at": None}),
        Require(clients, {"id": "c", "disabled_at": None, "ended_before": 0}),
        Require(people, {"id": "p", "disabled_at": None, "ended_before": 0}),
        Update(
            refresh_tokens,
            {"digest": old.encode(), "spent_at": None},
            {"spent_at": 5, "heir_digest": new.encode(), "heir_key_id": "k"},
        ),
        refresh_token(new, authorization_id),
        event(f"refresh {new}", authorization_id=authorization_id),
    ]


def end(authorization_id):
    return [
        Update(authorizations, {"id": authorization_id, "ended_at": None}, {"ended_at": 6, "end_reason": "test"}),
        event(f"end {authorization_id}", authorization_id=authorization_id),
    ]


def event(id, **more):
    values: Values = {"id": id, "at": 1, "event": id.split()[0], "outcome": "done", "count": 1, "detail": "{}", **more}
    return Insert(audit, values)
