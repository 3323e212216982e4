"""`/clients`, `/clients/{id}` and `/clients/{id}/effective-policy`: applications, and what holds for their tokens."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from mintmark import ending, nearest
from mintmark.admin import bodies, lists, making, patching, paths, problems, rights, shown
from mintmark.admin.bodies import Body
from mintmark.admin.door import Door
from mintmark.admin.lists import Asking, Nothing, Paging, Text
from mintmark.admin.making import IdempotencyKey, Made
from mintmark.admin.operator import READ, WRITE, Operator, needs, reads, writes
from mintmark.admin.patching import IfMatch
from mintmark.admin.problems import NotFound, Taken
from mintmark.client_auth import METHODS
from mintmark.events import Configured, Event
from mintmark.grants import GRANTS
from mintmark.protocol import client as clients_
from mintmark.protocol import client_metadata, ids
from mintmark.protocol.client import Client
from mintmark.protocol.client_metadata import MetadataRefused, Offered
from mintmark.protocol.policy import Policy, PolicyRefused
from mintmark.registry import SETTLED
from mintmark.store import clients, listed_clients
from mintmark.store.changes import Change, Insert
from mintmark.store.listed_clients import ListedClient
from mintmark.store.times import at, ms

NAME = "clients"
OFFERED = Offered(tuple(GRANTS), tuple(METHODS))
KEPT = ("client_id", "self_registered", "created_at", "updated_at", "used_at")  # members that the server keeps
OWN = ("policy", "disabled")  # members that are no metadata
Reads = Annotated[Operator, reads("clients")]
Writes = Annotated[Operator, writes("clients")]
router = APIRouter(route_class=Door, tags=["clients"])


class PolicyAsked(Asking):
    group: Text | None = Field(default=None, description="What holds for people of this group.")


@router.get(
    "/clients",
    operation_id="listClients",
    summary="List clients, in order of client_id",
    responses=problems.answers("Clients") | problems.responses(),
    openapi_extra=needs(READ, "clients"),
)
async def index(operator: Reads, asked: Annotated[Paging, Query()]) -> Response:
    registry = operator.server.registry
    after = lists.read_cursor(registry, NAME, asked.after)
    found = await listed_clients.page(operator.server.store, after=after, limit=asked.limit + 1)
    await operator.commit()
    return making.shown(lists.page(registry, NAME, found, asked, lambda one: one.client.id).document(document))


@router.get(
    "/clients/{id}",
    operation_id="getClient",
    summary="Show a client",
    responses=problems.answers("Client", tag=True) | problems.responses(404),
    openapi_extra=needs(READ, "clients"),
)
async def show(operator: Reads, id: paths.Name, asked: Annotated[Nothing, Query()]) -> Response:
    found = await require(operator, id)
    await operator.commit()
    return making.shown(document(found), tag=True)


@router.get(
    "/clients/{id}/effective-policy",
    operation_id="getEffectivePolicy",
    summary="Show which limits hold for a client's tokens, who stated each, and what that overrode",
    responses=problems.answers("EffectivePolicy") | problems.responses(404),
    openapi_extra=needs(READ, "clients"),
)
async def effective(operator: Reads, id: paths.Name, asked: Annotated[PolicyAsked, Query()]) -> Response:
    found = (await require(operator, id)).client
    groups = () if asked.group is None else (asked.group,)
    items = shown.effective(await operator.server.registry.current(), found, groups, operator.now)
    await operator.commit()
    return making.shown({"items": items})


@router.post(
    "/clients",
    operation_id="createClient",
    summary="Add a client; a confidential one gets its secret at /clients/{id}/secrets",
    status_code=201,
    responses=problems.answers("Client", 201, tag=True) | problems.responses(409, 413, 415, 422),
    openapi_extra=needs(WRITE, "clients") | bodies.documented("NewClient"),
)
async def add(
    operator: Writes,
    request: Request,
    asked: Annotated[Nothing, Query()],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    body = await bodies.read(request)

    async def decide() -> Made:
        now, sent = operator.now, dict(body)
        id = sent.pop("client_id", None) or ids.uuid7(now, operator.server.random(10))
        wanted = patching.readable(lambda left: _read(operator, id, left), sent)
        rights.may_change_client(operator, *wanted.client.may_use)
        if await clients.find(operator.server.store, id) is not None:
            raise Taken(("client_id", "is another client's already"), check="client taken")
        made = _added(wanted, now)
        event = _configured(operator, id, "create", patching.changed({}, body))
        moment = at(ms(now))
        found = document(ListedClient(wanted.client, moment, moment))
        address = paths.to(operator.server.registry.catalogue.admin_api, NAME, id)
        return Made(found, made, [event], 201, address, tag=True)

    return await making.post(operator, idempotency_key, body, decide)


@router.patch(
    "/clients/{id}",
    operation_id="changeClient",
    summary="Change a client; where it is disabled, answers when no node serves it any more",
    responses=problems.answers("Client", tag=True) | problems.responses(404, 412, 413, 415, 428),
    openapi_extra=needs(WRITE, "clients") | bodies.documented("ClientChange", patch=True),
)
async def change(
    operator: Writes,
    request: Request,
    id: paths.Name,
    asked: Annotated[Nothing, Query()],
    if_match: IfMatch = None,
) -> Response:
    body = await bodies.read_patch(request)

    async def decide() -> Made:
        known, patch = await require(operator, id), dict(body)
        rights.may_change_client(operator, *known.client.may_use)
        patching.must_match(if_match, document(known))
        patching.take_unchanged(patch, document(known), KEPT)
        before = {**known.client.document, "policy": known.client.policy.document()}
        if "disabled" not in patch:
            patch["disabled"] = known.client.disabled_at is not None
        whole = patching.merge(before, patch)
        wanted = patching.readable(lambda left: _read(operator, id, left), whole)
        rights.may_change_client(operator, *wanted.client.may_use)
        return _changed(operator, known, wanted)

    return await making.change(operator, decide)


@router.delete(
    "/clients/{id}",
    operation_id="deleteClient",
    summary="Delete a client, with all that was given to it; answers when no node serves it any more",
    status_code=204,
    responses=problems.responses(404, 412),
    openapi_extra=needs(WRITE, "clients"),
)
async def delete(
    operator: Writes, id: paths.Name, asked: Annotated[Nothing, Query()], if_match: IfMatch = None
) -> Response:
    """Disabled first, for nothing may be given to it any more while the rest goes."""
    server = operator.server

    async def disable() -> Made:
        known = await listed_clients.find(server.store, id)
        if known is None:
            if await making.was_deleted(operator, NAME, id):
                return Made(None)
            raise _unknown()
        rights.may_change_client(operator, *known.client.may_use)
        patching.must_match(if_match, document(known), wanted=False)
        if known.client.disabled_at is not None:
            return Made({})
        return Made({}, clients.disable(id, operator.now), [_configured(operator, id, "disable")])

    if (await making.change(operator, disable)).status_code == 204:
        return Response(status_code=204)
    await server.wait(SETTLED)
    await ending.authorizations_of_client(server.store, id, "client deleted", operator.now)

    async def forget() -> Made:
        if await clients.find(server.store, id) is None:
            return Made(None)  # somebody else was at it, too
        gone = await ending.client_forgotten(server.store, id, operator.now)
        gone.append(await making.remember_deleted(operator, NAME, id, operator.now))
        return Made(None, gone, [_configured(operator, id, "delete")])

    return await making.change(operator.going_on(), forget)


async def require(operator: Operator, id: str) -> ListedClient:
    found = await listed_clients.find(operator.server.store, id)
    if found is None:
        raise _unknown()
    return found


def document(found: ListedClient) -> dict[str, Any]:
    times = {"created_at": shown.when(found.created_at), "updated_at": shown.when(found.updated_at)}
    used = {"used_at": shown.when(found.used_at)} if found.client.self_registered else {}
    return shown.client(found.client) | times | used


def _unknown() -> NotFound:
    return NotFound("there is no such client", check="client")


@dataclass(frozen=True, slots=True)
class _Wanted:
    client: Client
    disabled: bool


def _read(operator: Operator, id: object, whole: Body) -> _Wanted:
    """The same rules as for an apply file. Raises MetadataRefused."""
    client_id = client_metadata.check_id(id)
    _check_names(whole)
    stated = {name: value for name, value in whole.items() if name not in OWN}
    catalogue = operator.server.registry.catalogue
    offered = replace(OFFERED, unsigned=operator.server.settings.allow_unsigned_id_tokens)
    found = client_metadata.read(client_id, stated, catalogue=catalogue, offered=offered, by_operator=True)
    policy = _policy(whole.get("policy"), is_public=found.get("token_endpoint_auth_method") == "none")
    disabled = whole.get("disabled") if whole.get("disabled") is not None else False
    if not isinstance(disabled, bool):
        raise MetadataRefused("disabled", "must be true or false")
    return _Wanted(clients_.read(client_id, found, policy=policy, self_registered=False), disabled)


def _check_names(whole: Body) -> None:
    for name in whole:
        if name == "client_secret":
            raise MetadataRefused(name, "is made by POST /clients/{id}/secrets, and shown once")
        if name not in OWN and not client_metadata.knows(name):
            hint = nearest.hint(name, (*client_metadata.MEMBERS, *OWN))
            raise MetadataRefused(name, f"is no member of a client{hint}")


def _policy(stated: object, *, is_public: bool) -> Policy:
    if stated is None:
        return Policy()
    if not isinstance(stated, Mapping):
        raise MetadataRefused("policy", "must be an object of policy members")
    try:
        return Policy.read(stated, at="client", public=is_public)
    except PolicyRefused as refusal:
        raise MetadataRefused(f"policy.{refusal.path}", refusal.message) from None


def _added(wanted: _Wanted, now: datetime) -> list[Change]:
    client = wanted.client
    made = clients.add(client.id, clients_.written(client.document), clients_.written(client.policy.document()), now)
    return list(_disabled(made, now)) if wanted.disabled else made


def _disabled(made: list[Change], now: datetime) -> Iterator[Change]:
    """A row cannot be changed in the set that makes it."""
    for one in made:
        yield one._replace(values={**one.values, "disabled_at": ms(now)}) if isinstance(one, Insert) else one


def _changed(operator: Operator, known: ListedClient, wanted: _Wanted) -> Made:
    before, after, now = known.client, wanted.client, operator.now
    old = {**before.document, "policy": before.policy.document()}
    names = patching.changed(old, {**after.document, "policy": after.policy.document()})
    changes: list[Change] = []
    events: list[Event] = []
    if names:
        text, policy = clients_.written(after.document), clients_.written(after.policy.document())
        changes += clients.change(after.id, text, policy, now)
        events.append(_configured(operator, after.id, "update", names))
    disabled_at, was_disabled = before.disabled_at, before.disabled_at is not None
    if wanted.disabled != was_disabled:
        changes += (clients.disable if wanted.disabled else clients.enable)(after.id, now)
        events.append(_configured(operator, after.id, "disable" if wanted.disabled else "enable"))
        disabled_at = now if wanted.disabled else None
    client = replace(after, self_registered=before.self_registered, disabled_at=disabled_at)
    found = ListedClient(client, known.created_at, at(ms(now)) if changes else known.updated_at, known.used_at)
    return Made(document(found), changes, events, settles=wanted.disabled and not was_disabled, tag=True)


def _configured(operator: Operator, client_id: str, change: str, members: str = "") -> Configured:
    return Configured(
        kind="client",
        subject=client_id,
        change=change,
        members=members,
        client_id=client_id,
        actor=operator.actor,
    )
