"""The table `links`: what was sent to somebody, by digest, and what of their account it is bound to."""

import json
from datetime import datetime

from sqlalchemy import bindparam, select, update

from mintmark.protocol.link import Account, Kind, Link
from mintmark.store import schema
from mintmark.store.changes import Change, Insert, Require, Run, Update
from mintmark.store.executor import Executor, Read
from mintmark.store.times import at, ms

_TABLE, _PEOPLE, _PASSKEYS, _TOTPS = schema.links, schema.people, schema.passkeys, schema.totps
_FIND = Read(
    select(
        _TABLE.c.digest, _TABLE.c.kind, _TABLE.c.person_id, _TABLE.c.email, _TABLE.c.detail, _TABLE.c.account_state,
        _TABLE.c.tries, _TABLE.c.created_at, _TABLE.c.expires_at, _TABLE.c.spent_at,
    ).where(_TABLE.c.digest == bindparam("digest"))
)  # fmt: skip
_ACCOUNT = Read(
    select(
        _PEOPLE.c.password_hash, _PEOPLE.c.email, _PEOPLE.c.email_key, _PEOPLE.c.disabled_at, _PEOPLE.c.ended_before
    ).where(_PEOPLE.c.id == bindparam("id"))
)
_OF_PASSKEYS = Read(select(_PASSKEYS.c.id).where(_PASSKEYS.c.person_id == bindparam("id")))
_OF_TOTPS = Read(select(_TOTPS.c.id).where(_TOTPS.c.person_id == bindparam("id"), _TOTPS.c.confirmed_at.is_not(None)))
_END = (
    update(_TABLE)
    .where(_TABLE.c.person_id == bindparam("whose"), _TABLE.c.kind == bindparam("of_kind"), _TABLE.c.spent_at.is_(None))
    .values(spent_at=bindparam("at"))
)


async def find(store: Executor, digest: bytes) -> Link | None:
    rows = await store.fetch(_FIND, digest=digest)
    if not rows:
        return None
    digest, kind, person_id, email, detail, state, tries, created, expires, spent = rows[0]
    state = None if state is None else bytes(state)
    return Link(
        bytes(digest), kind, person_id, email, json.loads(detail), state, tries, at(created), at(expires), at(spent)
    )


async def account(store: Executor, person_id: str) -> Account | None:
    """What links of theirs are bound to. As many statements for somebody who is not there."""
    rows = await store.fetch(_ACCOUNT, id=person_id)
    factors = [*await store.fetch(_OF_PASSKEYS, id=person_id), *await store.fetch(_OF_TOTPS, id=person_id)]
    if not rows:
        return None
    hashed, email, email_key, disabled, ended = rows[0]
    return Account(hashed, email, email_key, disabled, ended, tuple(sorted(row[0] for row in factors)))


def stands(person_id: str, account: Account) -> Require:
    """The guard: the row of the person is as it was read."""
    return Require(
        _PEOPLE,
        {
            "id": person_id,
            "password_hash": account.password_hash,
            "email": account.email,
            "email_key": account.email_key,
            "disabled_at": account.disabled_at,
            "ended_before": account.ended_before,
        },
    )


def add(link: Link) -> Change:
    return Insert(
        _TABLE,
        {
            "digest": link.digest,
            "kind": link.kind,
            "person_id": link.person_id,
            "email": link.email,
            "detail": json.dumps(dict(link.detail)),
            "account_state": link.account_state,
            "tries": link.tries,
            "created_at": ms(link.created_at),
            "expires_at": ms(link.expires_at),
            "spent_at": None,
        },
    )


def spend(link: Link, now: datetime) -> Change:
    """Once: of fifty at the same time, one succeeds."""
    return Update(_TABLE, {"digest": link.digest, "spent_at": None}, {"spent_at": ms(now)})


def count_try(link: Link) -> Change:
    """Before a code is looked at: of any number at the same time, no more are looked at than there are tries left."""
    return Update(_TABLE, {"digest": link.digest, "spent_at": None, "tries": link.tries}, {"tries": link.tries + 1})


def end_all(person_id: str, kind: Kind, now: datetime) -> Change:
    """Every one of that kind that a person has."""
    return Run(_END, {"whose": person_id, "of_kind": kind, "at": ms(now)})
