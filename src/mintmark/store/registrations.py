"""Clients that registered themselves: the token with which each manages itself, and whether anybody used it.

A new one moves no version: what nobody knows yet, nobody has in memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update

from mintmark.protocol.client import Client
from mintmark.store import clients, configuration, schema
from mintmark.store.changes import Change, Insert, Require, Run, Update, Values
from mintmark.store.executor import Executor, Read
from mintmark.store.times import at, ms

_TABLE = schema.clients
BATCH = 200
_FIND = Read(
    select(*clients.COLUMNS, _TABLE.c.registration_digest, _TABLE.c.created_at).where(_TABLE.c.id == bindparam("id"))
)
_UNUSED = Read(
    select(_TABLE.c.id)
    .where(_TABLE.c.self_registered == 1, _TABLE.c.used_at.is_(None), _TABLE.c.created_at < bindparam("before"))
    .order_by(_TABLE.c.created_at, _TABLE.c.id)
    .limit(BATCH)
)
_USED = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("key_id"), _TABLE.c.self_registered == 1, _TABLE.c.used_at.is_(None))
    .values(used_at=bindparam("now"))
)
_DELETE_UNUSED = delete(_TABLE).where(
    _TABLE.c.id == bindparam("key_id"), _TABLE.c.self_registered == 1, _TABLE.c.used_at.is_(None)
)


@dataclass(frozen=True, slots=True)
class Registration:
    client: Client  # without its secrets
    digest: bytes  # of its registration access token
    created_at: datetime


async def find(store: Executor, client_id: str) -> Registration | None:
    """None: no such client, or one that does not manage itself."""
    rows = await store.fetch(_FIND, id=client_id)
    if not rows or rows[0][-2] is None:
        return None
    return Registration(clients.read_row(rows[0][:-2]), bytes(rows[0][-2]), at(rows[0][-1]))


def add(
    client_id: str, document: str, policy: str, digest: bytes, registered_with: str | None, now: datetime
) -> Change:
    """registered_with: the initial access token, by its id; None: anybody may."""
    return Insert(
        _TABLE,
        {
            "id": client_id,
            "document": document,
            "policy": policy,
            "self_registered": 1,
            "created_at": ms(now),
            "updated_at": ms(now),
            "disabled_at": None,
            "ended_before": ms(now) - 1,
            "registration_digest": digest,
            "registered_with": registered_with,
        },
    )


def change(before: Registration, document: str, digest: bytes, now: datetime) -> list[Change]:
    """With a new token. Conflict where another update was first, or an operator changed it meanwhile."""
    guard: Values = {"id": before.client.id, "registration_digest": before.digest, "disabled_at": None}
    values: Values = {"document": document, "registration_digest": digest, "updated_at": ms(now)}
    return [Update(_TABLE, guard, values), configuration.changed()]


def stands(before: Registration) -> Require:
    """The guard: nobody managed it meanwhile."""
    return Require(_TABLE, {"id": before.client.id, "registration_digest": before.digest})


def used(client_id: str, now: datetime) -> Change:
    """The first time that somebody signs in to it; afterwards nothing."""
    return Run(_USED, {"key_id": client_id, "now": ms(now)})


async def unused(store: Executor, before: datetime) -> Sequence[str]:
    """Those that registered before then and were never used, oldest first, a few hundred at most."""
    return [row[0] for row in await store.fetch(_UNUSED, before=ms(before))]


def delete_unused(client_id: str) -> Change:
    """Conflict where somebody used it meanwhile, or it is gone. Moves no version: do that once, when all are gone."""
    return Run(_DELETE_UNUSED, {"key_id": client_id}, rows=1)
