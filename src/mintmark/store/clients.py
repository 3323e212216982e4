"""Registered clients and their secrets."""

import json
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update

from mintmark.protocol import client as clients
from mintmark.protocol.client import Client, Secret
from mintmark.protocol.policy import Policy
from mintmark.store import configuration, schema, watermark
from mintmark.store.changes import Change, Insert, Require, Run, Update, Values
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.times import at, ms

_TABLE, _SECRETS = schema.clients, schema.client_secrets
_SOME = 100  # of those whose document names a grant type, which may be another member's word
_COLUMNS = (
    _TABLE.c.id, _TABLE.c.document, _TABLE.c.policy, _TABLE.c.self_registered, _TABLE.c.disabled_at,
    _TABLE.c.ended_before,
)  # fmt: skip
_FIND = Read(select(*_COLUMNS).where(_TABLE.c.id == bindparam("id")))
_PAGE = Read(select(*_COLUMNS).where(_TABLE.c.id > bindparam("after")).order_by(_TABLE.c.id).limit(bindparam("limit")))
_SECRETS_OF = Read(
    select(_SECRETS.c.id, _SECRETS.c.name, _SECRETS.c.digest, _SECRETS.c.created_at, _SECRETS.c.expires_at,
           _SECRETS.c.length)
    .where(_SECRETS.c.client_id == bindparam("client_id"), _SECRETS.c.ended_at.is_(None))
    .order_by(_SECRETS.c.id)
)  # fmt: skip
_NAMING = Read(
    select(*_COLUMNS)
    .where(_TABLE.c.disabled_at.is_(None), _TABLE.c.document.contains(bindparam("named"), autoescape=False),
           _TABLE.c.id > bindparam("after"))
    .order_by(_TABLE.c.id)
    .limit(_SOME)
)  # fmt: skip
_OVER = {"ended_before": watermark.moved(_TABLE.c.ended_before), "updated_at": bindparam("now")}
_DISABLE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("key_id"), _TABLE.c.disabled_at.is_(None))
    .values({**_OVER, "disabled_at": bindparam("now")})
)
_ENABLE = update(_TABLE).where(_TABLE.c.id == bindparam("key_id")).values({**_OVER, "disabled_at": None})
_TOKENS_OVER = update(_TABLE).where(_TABLE.c.id == bindparam("key_id")).values(_OVER)
_DELETE = delete(_TABLE).where(_TABLE.c.id == bindparam("key_id"))
_END_SECRET = (
    update(_SECRETS)
    .where(_SECRETS.c.client_id == bindparam("key_client"), _SECRETS.c.name == bindparam("key_name"),
           _SECRETS.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
)  # fmt: skip


async def find(store: Executor, client_id: str) -> Client | None:
    """The client with its live secrets, as they stand now."""
    rows = await store.fetch(_FIND, id=client_id)
    if not rows:
        return None
    secrets = await store.fetch(_SECRETS_OF, client_id=client_id)
    return _client(rows[0], tuple(_secret(row) for row in secrets))


async def page(store: Executor, after: str, limit: int) -> list[Client]:
    """In order of client_id, without their secrets."""
    return [_client(row, ()) for row in await store.fetch(_PAGE, after=after, limit=limit)]


async def anyone_has(store: Executor, grant_type: str) -> bool:
    """Whether an enabled client is registered for the grant type: what nobody has is not in the metadata."""
    after = ""
    while found := [_client(row, ()) for row in await store.fetch(_NAMING, named=f'"{grant_type}"', after=after)]:
        if any(grant_type in client.grant_types for client in found):
            return True
        after = found[-1].id
    return False


async def shortest_secrets(store: Executor, client_id: str) -> list[tuple[str, int]]:
    """Name and length of each live secret, for `mintmark check`."""
    return [(row[1], row[5]) for row in await store.fetch(_SECRETS_OF, client_id=client_id)]


def stands(client: Client) -> Require:
    """The guard: still enabled, and nothing of its was ended since it was read."""
    return Require(_TABLE, {"id": client.id, "disabled_at": None, "ended_before": client.ended_before})


def add(client_id: str, document: str, policy: str, now: datetime, *, self_registered: bool = False) -> list[Change]:
    """Nothing that is older than it is its own: a deleted client of the same name leaves nothing behind."""
    return [
        Insert(
            _TABLE,
            {
                "id": client_id,
                "document": document,
                "policy": policy,
                "self_registered": int(self_registered),
                "created_at": ms(now),
                "updated_at": ms(now),
                "disabled_at": None,
                "ended_before": ms(now) - 1,
            },
        ),
        configuration.changed(),
    ]


def change(client_id: str, document: str, policy: str, now: datetime) -> list[Change]:
    values: Values = {"document": document, "policy": policy, "updated_at": ms(now)}
    return [Update(_TABLE, {"id": client_id}, values), configuration.changed()]


def disable(client_id: str, now: datetime) -> list[Change]:
    """Ends, by watermark, whatever it holds: for good, since enabling again revives nothing."""
    return [Run(_DISABLE, {"key_id": client_id, "now": ms(now)}, rows=1), configuration.changed()]


def enable(client_id: str, now: datetime) -> list[Change]:
    """Revives nothing: not even what another node issued before it heard that the client was disabled."""
    return [Run(_ENABLE, {"key_id": client_id, "now": ms(now)}, rows=1), configuration.changed()]


def end_tokens(client_id: str, before: datetime) -> list[Change]:
    """What was issued to it up to then."""
    return [Run(_TOKENS_OVER, {"key_id": client_id, "now": ms(before)}, rows=1), configuration.changed()]


def delete_(client_id: str) -> list[Change]:
    return [Run(_DELETE, {"key_id": client_id}, rows=1), configuration.changed()]


def add_secret(
    id: str, client_id: str, name: str, digest: bytes, length: int, now: datetime, expires_at: datetime | None
) -> list[Change]:
    """length: in characters."""
    return [first_secret(id, client_id, name, digest, length, now, expires_at), configuration.changed()]


def first_secret(
    id: str, client_id: str, name: str, digest: bytes, length: int, now: datetime, expires_at: datetime | None
) -> Change:
    """Of a client that is made in the same set: nobody has it in memory."""
    values: Values = {
        "id": id, "client_id": client_id, "name": name, "digest": digest, "length": length, "created_at": ms(now),
        "expires_at": ms(expires_at), "ended_at": None,
    }  # fmt: skip
    return Insert(_SECRETS, values)


def end_secret(client_id: str, name: str, now: datetime) -> list[Change]:
    """The live secret of that name; Conflict where there is none."""
    parameters: Values = {"key_client": client_id, "key_name": name, "now": ms(now)}
    return [Run(_END_SECRET, parameters, rows=1), configuration.changed()]


def _client(row: Row, secrets: tuple[Secret, ...]) -> Client:
    id, document, policy, self_registered, disabled_at, ended_before = row
    return clients.read(
        id,
        json.loads(document),
        policy=Policy.read(json.loads(policy), at="client"),
        self_registered=bool(self_registered),
        secrets=secrets,
        disabled_at=at(disabled_at),
        ended_before=ended_before,
    )


def _secret(row: Row) -> Secret:
    id, name, digest, created_at, expires_at, _ = row
    return Secret(id, name, digest, at(created_at), at(expires_at))


COLUMNS = _COLUMNS  # for the lists


def read_row(row: Row) -> Client:
    """From COLUMNS, without its secrets."""
    return _client(row, ())
