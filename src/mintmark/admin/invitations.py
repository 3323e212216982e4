"""`/invitations`: links with which people make their own accounts. Each is shown once, or sent to whom it is for."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from mintmark import invitations
from mintmark.admin import bodies, lists, making, patching, paths, problems, rights, shown
from mintmark.admin.door import Door
from mintmark.admin.lists import Nothing, Paging
from mintmark.admin.making import IdempotencyKey, Made
from mintmark.admin.operator import READ, WRITE, needs
from mintmark.admin.people import Reads, Writes
from mintmark.admin.problems import NotFound
from mintmark.protocol import invitation
from mintmark.protocol.invitation import Invitation
from mintmark.server import Server
from mintmark.store import invitations as stored

NAME = "invitations"
router = APIRouter(route_class=Door, tags=["users"])


@router.get(
    "/invitations",
    operation_id="listInvitations",
    summary="List the invitations, those that were used as well, without their links",
    responses=problems.answers("Invitations") | problems.responses(),
    openapi_extra=needs(READ, "users"),
)
async def index(operator: Reads, asked: Annotated[Paging, Query()]) -> Response:
    registry = operator.server.registry
    after = lists.read_cursor(registry, NAME, asked.after)
    found = await stored.page(operator.server.store, after=after, limit=asked.limit + 1)
    await operator.commit()
    return making.shown(lists.page(registry, NAME, found, asked, lambda one: one.id).document(shown.invitation))


@router.get(
    "/invitations/{id}",
    operation_id="getInvitation",
    summary="Show what is known of an invitation, without its link",
    responses=problems.answers("Invitation") | problems.responses(404),
    openapi_extra=needs(READ, "users"),
)
async def show(operator: Reads, id: paths.Name, asked: Annotated[Nothing, Query()]) -> Response:
    found = await _require(operator.server, id)
    await operator.commit()
    return making.shown(shown.invitation(found))


@router.post(
    "/invitations",
    operation_id="createInvitation",
    summary="Invite somebody: the link is shown this once, or sent to their address",
    status_code=201,
    responses=problems.answers("MadeInvitation", 201) | problems.responses(413, 415, 422),
    openapi_extra=needs(WRITE, "users") | bodies.documented("NewInvitation"),
)
async def add(
    operator: Writes,
    request: Request,
    asked: Annotated[Nothing, Query()],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    body = await bodies.read(request)

    async def decide() -> Made:
        server, now = operator.server, operator.now
        wanted = patching.readable(lambda sent: invitation.read(sent, now), body)
        rights.may_change_person(operator, wanted.groups)
        made = patching.readable(lambda sent: invitations.make(server, wanted, operator.actor, now), body)
        document = shown.invitation(made.invitation) | {"url": made.url}
        address = paths.to(server.registry.catalogue.admin_api, NAME, made.invitation.id)
        secrets = () if made.url is None else ("url",)
        return Made(document, made.changes, [made.event], 201, address, secrets=secrets)

    return await making.post(operator, idempotency_key, body, decide)


@router.delete(
    "/invitations/{id}",
    operation_id="endInvitation",
    summary="Take an invitation back; whoever used it keeps their account",
    status_code=204,
    responses=problems.responses(404),
    openapi_extra=needs(WRITE, "users"),
)
async def end(operator: Writes, id: paths.Name, asked: Annotated[Nothing, Query()]) -> Response:
    async def decide() -> Made:
        found = await _require(operator.server, id)
        rights.may_change_person(operator, found.groups)
        if found.spent_at is not None:
            return Made(None)
        return Made(None, [stored.end(found)], [invitations.configured(found, "end", operator.actor)])

    return await making.change(operator, decide)


async def _require(server: Server, id: str) -> Invitation:
    found = await stored.find(server.store, id)
    if found is None:
        raise NotFound("there is no such invitation", check="invitation id")
    return found
