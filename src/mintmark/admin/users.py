"""`/users/{id}/sessions`: the sessions of one person, and an end to all of them."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from mintmark import ending
from mintmark.admin import documents, problems, sessions
from mintmark.admin.door import Door
from mintmark.admin.lists import PageAsked, Text
from mintmark.admin.operator import READ, WRITE, Operator, needs, reads, writes
from mintmark.admin.sessions import EndAsked
from mintmark.server import decided
from mintmark.store import people

Reads = Annotated[Operator, reads("sessions")]
Writes = Annotated[Operator, writes("sessions")]
router = APIRouter(route_class=Door, tags=["users"])


class UserSessionsAsked(PageAsked):
    client_id: Text | None = None


@router.get(
    "/users/{id}/sessions",
    operation_id="listUserSessions",
    summary="List the sessions of a person",
    response_model=documents.Sessions,
    response_model_exclude_unset=True,
    responses=problems.responses(404),
    openapi_extra=needs(READ, "sessions"),
)
async def index(operator: Reads, id: str, asked: Annotated[UserSessionsAsked, Query()]) -> documents.Sessions:
    await _require(operator, id)
    return await sessions.page(operator, asked, id)


@router.delete(
    "/users/{id}/sessions",
    operation_id="endUserSessions",
    summary="End all sessions of a person, and the authorizations that end with them",
    status_code=204,
    responses=problems.responses(404),
    openapi_extra=needs(WRITE, "sessions"),
)
async def end(operator: Writes, id: str, asked: Annotated[EndAsked, Query()]) -> Response:
    async def attempt() -> None:
        await _require(operator, id)
        server, now, actor = operator.server, operator.now, operator.actor
        if asked.everything:
            await operator.commit(*ending.everything(id, sessions.REASON, now, actor=actor))
        else:
            await operator.commit(*await ending.all_sessions(server, id, sessions.REASON, now, actor=actor))

    await decided(attempt)
    return Response(status_code=204)


async def _require(operator: Operator, id: str) -> None:
    if await people.find(operator.server.store, id) is None:
        raise problems.NotFound("there is no such person", check="person")
