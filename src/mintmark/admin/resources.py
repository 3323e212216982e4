"""`/resources` and `/resources/{resource}`: what tokens are for. Its URI is percent-encoded in the address, as one
segment; where a proxy has decoded it, it is understood all the same."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from mintmark import nearest
from mintmark.admin import bodies, lists, making, patching, paths, problems
from mintmark.admin.bodies import Body
from mintmark.admin.door import Door
from mintmark.admin.lists import Nothing, Paging
from mintmark.admin.making import IdempotencyKey, Made
from mintmark.admin.operator import READ, WRITE, Operator, needs, reads, writes
from mintmark.admin.patching import IfMatch
from mintmark.admin.problems import BadMembers, NotFound, Taken
from mintmark.events import Configured
from mintmark.protocol import catalogue as catalogues
from mintmark.protocol import resource_record
from mintmark.protocol.catalogue import Catalogue, Resource
from mintmark.store import clients, resources

NAME = "resources"
PAGE = 500  # clients looked at together
MOST_NAMED = 5  # clients that a refusal names
Reads = Annotated[Operator, reads("resources")]
Writes = Annotated[Operator, writes("resources")]
router = APIRouter(route_class=Door, tags=["resources"])
ADDRESS = "/resources/{resource:path}"


@router.get(
    "/resources",
    operation_id="listResources",
    summary="List resources, in order of their URIs",
    responses=problems.answers("Resources") | problems.responses(),
    openapi_extra=needs(READ, "resources"),
)
async def index(operator: Reads, asked: Annotated[Paging, Query()]) -> Response:
    found = await resources.all(operator.server.store)
    page = lists.cut(operator.server.registry, NAME, found, asked, lambda one: one.id)
    await operator.commit()
    return making.shown(page.document(resource_record.document))


@router.get(
    ADDRESS,
    operation_id="getResource",
    summary="Show a resource",
    responses=problems.answers("Resource", tag=True) | problems.responses(404),
    openapi_extra=needs(READ, "resources"),
)
async def show(operator: Reads, resource: paths.Name, asked: Annotated[Nothing, Query()]) -> Response:
    found = _require(await resources.all(operator.server.store), resource)
    await operator.commit()
    return making.shown(resource_record.document(found), tag=True)


@router.post(
    "/resources",
    operation_id="createResource",
    summary="Add a resource",
    status_code=201,
    responses=problems.answers("Resource", 201, tag=True) | problems.responses(409, 413, 415, 422),
    openapi_extra=needs(WRITE, "resources") | bodies.documented("NewResource"),
)
async def add(
    operator: Writes,
    request: Request,
    asked: Annotated[Nothing, Query()],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    body = await bodies.read(request)

    async def decide() -> Made:
        found = _readable(operator, body)
        for other in await resources.all(operator.server.store):
            if catalogues.fold(other.id) == catalogues.fold(found.id):
                raise Taken(("resource", f"is there already, as {other.id}"), check="resource taken")
        await _check_servers(operator, found)
        document = resource_record.document(found)
        event = _configured(operator, found.id, "create", patching.changed({}, document))
        address = paths.to(operator.server.registry.catalogue.admin_api, NAME, found.id)
        return Made(document, resources.add(found, operator.now), [event], 201, address, tag=True)

    return await making.post(operator, idempotency_key, body, decide)


@router.patch(
    ADDRESS,
    operation_id="changeResource",
    summary="Change a resource",
    responses=problems.answers("Resource", tag=True) | problems.responses(404, 409, 412, 413, 415, 428),
    openapi_extra=needs(WRITE, "resources") | bodies.documented("ResourceChange", patch=True),
)
async def change(
    operator: Writes,
    request: Request,
    resource: paths.Name,
    asked: Annotated[Nothing, Query()],
    if_match: IfMatch = None,
) -> Response:
    body = await bodies.read_patch(request)

    async def decide() -> Made:
        there, patch = await resources.all(operator.server.store), dict(body)
        known = _require(there, resource)
        before = resource_record.document(known)
        patching.must_match(if_match, before)
        patching.take_unchanged(patch, before, ("resource",))
        found = _readable(operator, patching.merge(before, patch))
        await _check_servers(operator, found)
        if not set(known.scopes) <= set(found.scopes):
            await _check_left(operator, [found if one.id == resource else one for one in there])
        document = resource_record.document(found)
        names = patching.changed(before, document)
        if not names:
            return Made(document, tag=True)
        event = _configured(operator, resource, "update", names)
        return Made(document, resources.change(found, operator.now), [event], tag=True)

    return await making.change(operator, decide)


@router.delete(
    ADDRESS,
    operation_id="deleteResource",
    summary="Delete a resource whose scopes no client has any more",
    status_code=204,
    responses=problems.responses(404, 409, 412),
    openapi_extra=needs(WRITE, "resources"),
)
async def delete(
    operator: Writes, resource: paths.Name, asked: Annotated[Nothing, Query()], if_match: IfMatch = None
) -> Response:
    async def decide() -> Made:
        there = await resources.all(operator.server.store)
        if all(one.id != resource for one in there) and await making.was_deleted(operator, NAME, resource):
            return Made(None)
        known = _require(there, resource)
        patching.must_match(if_match, resource_record.document(known), wanted=False)
        await _check_left(operator, [one for one in there if one.id != resource])
        gone = [*resources.delete_(resource)]
        gone.append(await making.remember_deleted(operator, NAME, resource, operator.now))
        return Made(None, gone, [_configured(operator, resource, "delete")])

    return await making.change(operator, decide)


def _require(there: Sequence[Resource], id: str) -> Resource:
    for one in there:
        if one.id == id:
            return one
    raise NotFound("there is no such resource", check="resource")


def _readable(operator: Operator, whole: Body) -> Resource:
    issuer = operator.server.issuer
    return patching.readable(lambda left: resource_record.read(left, issuer=issuer), whole)


async def _check_servers(operator: Operator, found: Resource) -> None:
    """Those who speak for it are clients."""
    store, errors = operator.server.store, []
    for number, client_id in enumerate(found.resource_servers):
        if await clients.find(store, client_id) is None:
            known = [one.id for one in await clients.page(store, "", PAGE)]
            hint = nearest.hint(client_id, known)
            errors.append((f"resource_servers[{number}]", f"{client_id!r} is no client{hint}"))
    if errors:
        raise BadMembers(*errors[: patching.MOST_ERRORS], check="members")


async def _check_left(operator: Operator, left: Sequence[Resource]) -> None:
    """A scope that no resource owns any more must not be left with a client: nobody could say what it means."""
    catalogue, after, errors = Catalogue(operator.server.issuer, left), "", list[tuple[str, str]]()
    while (page := await clients.page(operator.server.store, after, PAGE)) and len(errors) < MOST_NAMED:
        for client in page:
            lost = [word for word in client.scope or () if not catalogue.knows(word)]
            if lost:
                errors.append(("scopes", f"the client {client.id} would be left with {lost[0]}, which nobody owns"))
        after = page[-1].id
        await asyncio.sleep(0)  # thousands of clients are no reason to keep a request waiting
    if errors:
        raise Taken(*errors[:MOST_NAMED], check="left scopes")


def _configured(operator: Operator, resource: str, change: str, members: str = "") -> Configured:
    return Configured(kind="resource", subject=resource, change=change, members=members, actor=operator.actor)
