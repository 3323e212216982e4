"""How an operator makes claims of a person's fields: the rules, as documents."""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, delete, select

from mintmark.store import configuration, schema_openid
from mintmark.store.changes import Change, Insert, Run, Update, Values
from mintmark.store.executor import Executor, Read
from mintmark.store.times import ms

_TABLE = schema_openid.claim_rules
_ALL = Read(select(_TABLE.c.name, _TABLE.c.document).order_by(_TABLE.c.name))
_DELETE = delete(_TABLE).where(_TABLE.c.name == bindparam("key_name"))


async def all(store: Executor) -> dict[str, str]:
    """The documents, by name and in its order."""
    rows = await store.fetch(_ALL)
    return {row[0]: row[1] for row in rows}


def add(name: str, document: Mapping[str, object], now: datetime) -> list[Change]:
    """Conflict where the name is taken."""
    values: Values = {"name": name, "document": json.dumps(document), "created_at": ms(now), "updated_at": ms(now)}
    return [Insert(_TABLE, values), configuration.changed()]


def change(name: str, document: Mapping[str, object], now: datetime) -> list[Change]:
    values: Values = {"document": json.dumps(document), "updated_at": ms(now)}
    return [Update(_TABLE, {"name": name}, values), configuration.changed()]


def delete_(name: str) -> list[Change]:
    return [Run(_DELETE, {"key_name": name}, rows=1), configuration.changed()]
