"""What the last apply file left of each thing that it named, so that what was changed by hand since can be told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select

from mintmark.store import schema
from mintmark.store.changes import Change, Insert, Run, Values
from mintmark.store.executor import Executor, Read
from mintmark.store.times import at, ms

_TABLE = schema.applied
_ALL = Read(
    select(_TABLE.c.kind, _TABLE.c.name, _TABLE.c.document, _TABLE.c.applied_at)
    .where(_TABLE.c.kind > bindparam("after"))
    .order_by(_TABLE.c.kind, _TABLE.c.name)
)
_FORGET = delete(_TABLE).where(_TABLE.c.kind == bindparam("key_kind"), _TABLE.c.name == bindparam("key_name"))


@dataclass(frozen=True, slots=True)
class Applied:
    document: Mapping[str, Any]  # Any: JSON, without a secret
    applied_at: datetime


async def all(store: Executor) -> dict[tuple[str, str], Applied]:
    """By kind and name."""
    rows = await store.fetch(_ALL, after="")
    return {(kind, name): Applied(json.loads(document), at(moment)) for kind, name, document, moment in rows}


def keep(kind: str, name: str, document: str, now: datetime) -> list[Change]:
    """In the place of what was kept before."""
    values: Values = {"kind": kind, "name": name, "document": document, "applied_at": ms(now)}
    return [forget(kind, name), Insert(_TABLE, values)]


def forget(kind: str, name: str) -> Change:
    return Run(_FORGET, {"key_kind": kind, "key_name": name})
