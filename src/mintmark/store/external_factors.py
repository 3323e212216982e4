"""The services of the operator that are asked whether somebody is who they say; their secrets are sealed."""

import json
from datetime import datetime

from sqlalchemy import bindparam, delete, select

from mintmark.keys.sealing import Sealer
from mintmark.protocol import external_factor
from mintmark.protocol.external_factor import ExternalFactor
from mintmark.store import configuration, schema
from mintmark.store.changes import Change, Insert, Run, Update, Values
from mintmark.store.executor import Executor, Read
from mintmark.store.times import ms

_TABLE = schema.external_factors
_ALL = Read(select(_TABLE.c.name, _TABLE.c.document, _TABLE.c.secret).order_by(_TABLE.c.name))
_DELETE = delete(_TABLE).where(_TABLE.c.name == bindparam("key_name"))


def bound_to(name: str) -> str:
    """What the seal is bound to: this very row."""
    return f"external_factors.secret:{name}"


async def all(store: Executor, sealer: Sealer) -> dict[str, ExternalFactor]:
    """By name, and in its order. Raises WrongSealingKey."""
    return {
        name: external_factor.stored(json.loads(text), sealer.open(blob, bound_to=bound_to(name)))
        for name, text, blob in await store.fetch(_ALL)
    }


def add(one: ExternalFactor, sealer: Sealer, now: datetime) -> list[Change]:
    """Conflict where the name is taken."""
    values: Values = {"name": one.name, **_values(one, sealer, now), "created_at": ms(now)}
    return [Insert(_TABLE, values), configuration.changed()]


def change(one: ExternalFactor, sealer: Sealer, now: datetime) -> list[Change]:
    return [Update(_TABLE, {"name": one.name}, _values(one, sealer, now)), configuration.changed()]


def delete_(name: str) -> list[Change]:
    return [Run(_DELETE, {"key_name": name}, rows=1), configuration.changed()]


async def resealed(store: Executor, sealer: Sealer) -> list[Change]:
    """Those that are not sealed under the first sealing key, sealed under it."""
    return [
        Update(_TABLE, {"name": name, "secret": blob}, {"secret": sealer.seal(opened, bound_to=bound_to(name))})
        for name, _, blob in await store.fetch(_ALL)
        if not sealer.sealed_by_first(blob)
        for opened in [sealer.open(blob, bound_to=bound_to(name))]
    ]


def _values(one: ExternalFactor, sealer: Sealer, now: datetime) -> dict[str, str | int | bytes | None]:
    return {
        "document": json.dumps(external_factor.document(one)),
        "secret": sealer.seal(one.secret, bound_to=bound_to(one.name)),
        "updated_at": ms(now),
    }
