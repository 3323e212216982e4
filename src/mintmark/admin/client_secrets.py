"""`/clients/{id}/secrets`: a secret is rolled by another beside it, then by its own end. None is ever shown again."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from mintmark.admin import bodies, clients, lists, making, patching, paths, problems, rights, shown
from mintmark.admin.door import Door
from mintmark.admin.lists import Nothing, PageAsked
from mintmark.admin.making import IdempotencyKey, Made
from mintmark.admin.operator import READ, WRITE, Operator, needs
from mintmark.admin.problems import NotFound, Taken
from mintmark.events import Configured
from mintmark.protocol import client_secret, ids
from mintmark.protocol.client_metadata import MetadataRefused
from mintmark.store import clients as stored
from mintmark.store import listed_clients
from mintmark.store.listed_clients import ListedSecret
from mintmark.store.times import at, ms

NAME = "secrets"
MEMBERS = ("name", "expires_at")
router = APIRouter(route_class=Door, tags=["clients"])


@router.get(
    "/clients/{id}/secrets",
    operation_id="listClientSecrets",
    summary="List a client's secrets, without their values",
    responses=problems.answers("Secrets") | problems.responses(404),
    openapi_extra=needs(READ, "clients"),
)
async def index(operator: clients.Reads, id: paths.Name, asked: Annotated[PageAsked, Query()]) -> Response:
    await clients.require(operator, id)
    found = [one for one in await _all(operator, id) if asked.ended or one.ended_at is None]
    page = lists.cut(operator.server.registry, f"{NAME} of {id}", found, asked, lambda one: one.id)
    await operator.commit()
    return making.shown(page.document(_document))


@router.get(
    "/clients/{id}/secrets/{name}",
    operation_id="getClientSecret",
    summary="Show what is known of a secret, without its value",
    responses=problems.answers("Secret") | problems.responses(404),
    openapi_extra=needs(READ, "clients"),
)
async def show(
    operator: clients.Reads, id: paths.Name, name: paths.Name, asked: Annotated[Nothing, Query()]
) -> Response:
    found = await _require(operator, id, name)
    await operator.commit()
    return making.shown(_document(found))


@router.post(
    "/clients/{id}/secrets",
    operation_id="createClientSecret",
    summary="Make another secret for a client, and show it this once",
    status_code=201,
    responses=problems.answers("MadeSecret", 201) | problems.responses(404, 409, 413, 415, 422),
    openapi_extra=needs(WRITE, "clients") | bodies.documented("NewSecret", required=False),
)
async def add(
    operator: clients.Writes,
    request: Request,
    id: paths.Name,
    asked: Annotated[Nothing, Query()],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    body = await bodies.read_optional(request)

    async def decide() -> Made:
        server, now = operator.server, operator.now
        client = (await clients.require(operator, id)).client
        rights.may_change_client(operator, *client.may_use)
        if not client.has_secrets:
            raise Taken(
                ("", f"{id} has no secrets: its token_endpoint_auth_method is {client.auth_method}"),
                check="client of no secrets",
            )
        live = [one.name for one in await _all(operator, id) if one.ended_at is None]
        name, until = patching.readable(lambda left: _read(operator, live, left), body)
        secret = ids.secret("", server.random(client_secret.BYTES))
        digest = server.registry.mac("client_secret", secret.encode())
        row = ids.uuid7(now, server.random(10))
        changes = stored.add_secret(row, id, name, digest, len(secret), now, until)
        found = _document(ListedSecret(row, name, at(ms(now)), until, None))
        made = {"client_id": id, **found, "client_secret": secret}
        address = paths.to(server.registry.catalogue.admin_api, clients.NAME, id, NAME, name)
        event = _configured(operator, id, f"secret {name} added")
        return Made(made, changes, [event], 201, address, secrets=("client_secret",))

    return await making.post(operator, idempotency_key, body, decide)


@router.delete(
    "/clients/{id}/secrets/{name}",
    operation_id="endClientSecret",
    summary="End a secret; answers when no node takes it any more",
    status_code=204,
    responses=problems.responses(404),
    openapi_extra=needs(WRITE, "clients"),
)
async def end(
    operator: clients.Writes, id: paths.Name, name: paths.Name, asked: Annotated[Nothing, Query()]
) -> Response:
    async def decide() -> Made:
        found = await _require(operator, id, name)
        rights.may_change_client(operator, *(await clients.require(operator, id)).client.may_use)
        if found.ended_at is not None:
            return Made(None)
        changes = stored.end_secret(id, name, operator.now)
        return Made(None, changes, [_configured(operator, id, f"secret {name} ended")], settles=True)

    return await making.change(operator, decide)


async def _all(operator: Operator, id: str) -> list[ListedSecret]:
    return await listed_clients.secrets_of(operator.server.store, id)


async def _require(operator: Operator, id: str, name: str) -> ListedSecret:
    """The live one of that name; else the last that there was."""
    await clients.require(operator, id)
    found = [one for one in await _all(operator, id) if one.name == name]
    if not found:
        raise NotFound("the client has no such secret", check="secret")
    return next((one for one in found if one.ended_at is None), found[-1])


def _read(operator: Operator, live: list[str], body: dict[str, Any]) -> tuple[str, Any]:
    """Name and end. Raises MetadataRefused."""
    for member in body:
        if member not in MEMBERS:
            raise MetadataRefused(member, "is no member of a secret: a secret is made here, and has a name and an end")
    name, until = body.get("name"), body.get("expires_at")
    called = client_secret.made_up_name(live) if name is None else client_secret.check_name(name, live)
    return called, None if until is None else at(ms(client_secret.read_expiry(until, operator.now)))


def _document(found: ListedSecret) -> dict[str, Any]:
    return {
        "name": found.name,
        "created_at": shown.when(found.created_at),
        "expires_at": shown.when(found.expires_at),
        "ended_at": shown.when(found.ended_at),
    }


def _configured(operator: Operator, client_id: str, change: str) -> Configured:
    return Configured(
        kind="client",
        subject=client_id,
        change=change,
        members="secrets",
        client_id=client_id,
        actor=operator.actor,
    )
