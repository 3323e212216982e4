"""Clients as an operator lists them, in order of client_id, and every secret that one ever had."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from mintmark.protocol.client import Client
from mintmark.store import clients, schema
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.times import at

_TABLE, _SECRETS = schema.clients, schema.client_secrets
_COLUMNS = (*clients.COLUMNS, _TABLE.c.used_at, _TABLE.c.created_at, _TABLE.c.updated_at)
_FIND = Read(select(*_COLUMNS).where(_TABLE.c.id == bindparam("id")))
_PAGE = Read(select(*_COLUMNS).where(_TABLE.c.id > bindparam("after")).order_by(_TABLE.c.id).limit(bindparam("limit")))
_SECRETS_OF = Read(
    select(_SECRETS.c.id, _SECRETS.c.name, _SECRETS.c.created_at, _SECRETS.c.expires_at, _SECRETS.c.ended_at)
    .where(_SECRETS.c.client_id == bindparam("client_id"))
    .order_by(_SECRETS.c.id)
)


@dataclass(frozen=True, slots=True)
class ListedClient:
    client: Client  # without its secrets
    created_at: datetime
    updated_at: datetime
    used_at: datetime | None = None  # when somebody first signed in to one that registered itself; None: nobody did


@dataclass(frozen=True, slots=True)
class ListedSecret:
    id: str
    name: str
    created_at: datetime
    expires_at: datetime | None  # None: no end
    ended_at: datetime | None  # None: nobody ended it


async def page(store: Executor, *, after: str | None, limit: int) -> list[ListedClient]:
    return [_client(row) for row in await store.fetch(_PAGE, after=after or "", limit=limit)]


async def find(store: Executor, client_id: str) -> ListedClient | None:
    rows = await store.fetch(_FIND, id=client_id)
    return _client(rows[0]) if rows else None


async def secrets_of(store: Executor, client_id: str) -> list[ListedSecret]:
    """Oldest first, those that ended as well."""
    return [
        ListedSecret(id, name, at(made), at(expires), at(ended))
        for id, name, made, expires, ended in await store.fetch(_SECRETS_OF, client_id=client_id)
    ]


def _client(row: Row) -> ListedClient:
    used, created, updated = row[-3:]
    return ListedClient(clients.read_row(row[:-3]), at(created), at(updated), at(used))
