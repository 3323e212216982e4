"""Resources, which own scopes, and the policies of the server and of groups."""

import json
from datetime import datetime

from sqlalchemy import bindparam, delete, select

from mintmark.protocol.catalogue import Resource
from mintmark.protocol.policy import Policy
from mintmark.store import configuration, schema
from mintmark.store.changes import Change, Insert, Run, Update, Values
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.times import ms

_TABLE, _POLICIES = schema.resources, schema.policies
_ALL = Read(
    select(_TABLE.c.id, _TABLE.c.name, _TABLE.c.scopes, _TABLE.c.resource_servers, _TABLE.c.policy).order_by(
        _TABLE.c.id
    )
)
_ALL_POLICIES = Read(select(_POLICIES.c.kind, _POLICIES.c.name, _POLICIES.c.policy))
_DELETE_POLICY = delete(_POLICIES).where(
    _POLICIES.c.kind == bindparam("key_kind"), _POLICIES.c.name == bindparam("key_name")
)
_DELETE = delete(_TABLE).where(_TABLE.c.id == bindparam("key_id"))
_DELETE_POLICY = delete(_POLICIES).where(
    _POLICIES.c.kind == bindparam("key_kind"), _POLICIES.c.name == bindparam("key_name")
)


async def all(store: Executor) -> list[Resource]:
    return [_resource(row) for row in await store.fetch(_ALL)]


async def policies(store: Executor) -> dict[tuple[str, str], Policy]:
    """By kind (server, group) and name ("" for the server)."""
    rows = await store.fetch(_ALL_POLICIES)
    return {(kind, name): Policy.read(json.loads(text), at=kind) for kind, name, text in rows}


def add(resource: Resource, now: datetime) -> list[Change]:
    return [
        Insert(_TABLE, {"id": resource.id, "created_at": ms(now), **_values(resource, now)}),
        configuration.changed(),
    ]


def change(resource: Resource, now: datetime) -> list[Change]:
    return [Update(_TABLE, {"id": resource.id}, _values(resource, now)), configuration.changed()]


def delete_(resource_id: str) -> list[Change]:
    return [Run(_DELETE, {"key_id": resource_id}, rows=1), configuration.changed()]


def add_policy(kind: str, name: str, policy: Policy, now: datetime) -> list[Change]:
    values: Values = {"kind": kind, "name": name, "policy": json.dumps(policy.document()), "updated_at": ms(now)}
    return [Insert(_POLICIES, values), configuration.changed()]


def change_policy(kind: str, name: str, policy: Policy, now: datetime) -> list[Change]:
    values: Values = {"policy": json.dumps(policy.document()), "updated_at": ms(now)}
    return [Update(_POLICIES, {"kind": kind, "name": name}, values), configuration.changed()]


def delete_policy(kind: str, name: str) -> list[Change]:
    return [Run(_DELETE_POLICY, {"key_kind": kind, "key_name": name}, rows=1), configuration.changed()]


def _values(resource: Resource, now: datetime) -> dict[str, str | int]:
    return {
        "name": resource.name,
        "scopes": json.dumps(dict(resource.scopes)),
        "resource_servers": json.dumps(list(resource.resource_servers)),
        "policy": json.dumps(resource.policy.document()),
        "updated_at": ms(now),
    }


def _resource(row: Row) -> Resource:
    id, name, scopes, servers, policy = row
    return Resource(
        id, name, json.loads(scopes), tuple(json.loads(servers)), Policy.read(json.loads(policy), at="resource")
    )
