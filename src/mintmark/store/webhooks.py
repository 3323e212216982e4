"""Receivers of events, as operators configured them; their secrets are sealed."""

import json
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy import delete as delete_

from mintmark.keys.sealing import Sealer
from mintmark.protocol import webhook
from mintmark.protocol.webhook import Key, Webhook
from mintmark.store import configuration, schema
from mintmark.store.changes import Change, Insert, Run, Update, Values
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.times import at, ms

_TABLE = schema.webhooks
_ALL = Read(
    select(_TABLE.c.id, _TABLE.c.name, _TABLE.c.url, _TABLE.c.events, _TABLE.c.secret, _TABLE.c.created_at,
           _TABLE.c.updated_at, _TABLE.c.disabled_at)
    .order_by(_TABLE.c.id)
)  # fmt: skip
_SECRETS = Read(select(_TABLE.c.id, _TABLE.c.secret).order_by(_TABLE.c.id))
_DELETE = delete_(_TABLE).where(_TABLE.c.id == bindparam("key_id"))
MOST = 100  # kept in memory by every process, and asked at every event


def bound_to(id: str) -> str:
    """What the seal is bound to: this very row."""
    return f"webhooks.secret:{id}"


async def all(store: Executor, sealer: Sealer) -> list[Webhook]:
    """In the order in which they were made. Raises WrongSealingKey."""
    return [_read(row, sealer) for row in await store.fetch(_ALL)]


def _read(row: Row, sealer: Sealer) -> Webhook:
    id, name, url, events, sealed, created, updated, disabled = row
    keys = webhook.read_keys(sealer.open(sealed, bound_to=bound_to(id)))
    return Webhook(id, name, url, tuple(json.loads(events)), keys, at(created), at(updated), at(disabled))


def add(one: Webhook, sealer: Sealer) -> list[Change]:
    """Conflict where the name is taken."""
    values: Values = {
        "id": one.id, "name": one.name, "url": one.url, "events": json.dumps(one.events),
        "secret": sealed(one.id, one.keys, sealer), "created_at": ms(one.created_at), "updated_at": ms(one.updated_at),
        "disabled_at": ms(one.disabled_at),
    }  # fmt: skip
    return [Insert(_TABLE, values), configuration.changed()]


def change(before: Webhook, one: Webhook) -> list[Change]:
    """Everything but its secrets. Conflict where another operator changed it meanwhile, or the name is taken."""
    values: Values = {
        "name": one.name, "url": one.url, "events": json.dumps(one.events), "updated_at": ms(one.updated_at),
        "disabled_at": ms(one.disabled_at),
    }  # fmt: skip
    return [Update(_TABLE, _as_read(before), values), configuration.changed()]


def set_keys(before: Webhook, keys: tuple[Key, ...], sealer: Sealer, now: datetime) -> list[Change]:
    """Conflict where another operator changed it since `before` was read."""
    values: Values = {"secret": sealed(before.id, keys, sealer), "updated_at": ms(now)}
    return [Update(_TABLE, _as_read(before), values), configuration.changed()]


def _as_read(before: Webhook) -> dict[str, str | int]:
    return {"id": before.id, "updated_at": ms(before.updated_at)}


def delete(id: str) -> list[Change]:
    return [Run(_DELETE, {"key_id": id}, rows=1), configuration.changed()]


def sealed(id: str, keys: tuple[Key, ...], sealer: Sealer) -> bytes:
    return sealer.seal(webhook.write_keys(keys), bound_to=bound_to(id))


async def resealed(store: Executor, sealer: Sealer) -> list[Change]:
    """Those that are not sealed under the first sealing key, sealed under it."""
    return [
        Update(_TABLE, {"id": id, "secret": blob}, {"secret": sealer.seal(opened, bound_to=bound_to(id))})
        for id, blob in await store.fetch(_SECRETS)
        if not sealer.sealed_by_first(blob)
        for opened in [sealer.open(blob, bound_to=bound_to(id))]
    ]
