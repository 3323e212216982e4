"""Pictures of clients, fetched once for each address, so that no page makes a browser ask anybody else."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select

from mintmark.store import schema, schema_openid
from mintmark.store.changes import Change, Insert, Require, Run, Update, Values
from mintmark.store.executor import Executor, Read
from mintmark.store.times import at, ms

_TABLE = schema_openid.client_logos
_FIND = Read(
    select(_TABLE.c.uri, _TABLE.c.content_type, _TABLE.c.body, _TABLE.c.fetched_at).where(
        _TABLE.c.client_id == bindparam("client_id")
    )
)
_ABOUT = Read(
    select(_TABLE.c.uri, _TABLE.c.content_type, _TABLE.c.fetched_at).where(_TABLE.c.client_id == bindparam("client_id"))
)
_FORGET = delete(_TABLE).where(_TABLE.c.client_id == bindparam("key_client"))


@dataclass(frozen=True, slots=True)
class Logo:
    uri: str  # of which it is
    content_type: str | None  # None: what came is no picture that is shown
    fetched_at: datetime
    body: bytes | None = None  # None: not asked for, or none


async def about(store: Executor, client_id: str) -> Logo | None:
    """Without the picture. None: nobody looked yet."""
    rows = await store.fetch(_ABOUT, client_id=client_id)
    return Logo(rows[0][0], rows[0][1], at(rows[0][2])) if rows else None


async def find(store: Executor, client_id: str) -> Logo | None:
    rows = await store.fetch(_FIND, client_id=client_id)
    if not rows:
        return None
    uri, content_type, body, fetched = rows[0]
    return Logo(uri, content_type, at(fetched), None if body is None else bytes(body))


def keep(client_id: str, before: Logo | None, logo: Logo) -> list[Change]:
    """Conflict where another node was first, or the client is gone meanwhile."""
    there = Require(schema.clients, {"id": client_id})
    values: Values = {
        "uri": logo.uri, "content_type": logo.content_type, "body": logo.body, "fetched_at": ms(logo.fetched_at),
    }  # fmt: skip
    if before is None:
        return [there, Insert(_TABLE, {"client_id": client_id, **values})]
    return [there, Update(_TABLE, {"client_id": client_id, "fetched_at": ms(before.fetched_at)}, values)]


def forget(client_id: str) -> Change:
    return Run(_FORGET, {"key_client": client_id})
