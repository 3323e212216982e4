"""`/sessions` and `/sessions/{id}`: who is signed in where, and an end to it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from mintmark import ending
from mintmark.admin import documents, lists, problems
from mintmark.admin.door import Door
from mintmark.admin.lists import Asking, Nothing, PageAsked, Text
from mintmark.admin.operator import READ, WRITE, Operator, needs, reads, writes
from mintmark.ending import Knowing
from mintmark.events import Event, SessionEnded
from mintmark.server import decided
from mintmark.store import authorizations, listed_sessions
from mintmark.store.changes import Change
from mintmark.store.listed_sessions import ListedSession

NAME = "sessions"
REASON = "ended by an operator"
Reads = Annotated[Operator, reads("sessions")]
Writes = Annotated[Operator, writes("sessions")]
router = APIRouter(route_class=Door, tags=["sessions"])


class SessionsAsked(PageAsked):
    user_id: Text | None = None
    client_id: Text | None = Field(default=None, description="Those that signed in to this client.")


class EndAsked(Asking):
    everything: bool = Field(default=False, description="End the authorizations with offline_access too.")


@router.get(
    "/sessions",
    operation_id="listSessions",
    summary="List sessions",
    response_model=documents.Sessions,
    response_model_exclude_unset=True,
    responses=problems.responses(),
    openapi_extra=needs(READ, "sessions"),
)
async def index(operator: Reads, asked: Annotated[SessionsAsked, Query()]) -> documents.Sessions:
    return await page(operator, asked, asked.user_id)


async def page(operator: Operator, asked: PageAsked, person_id: str | None) -> documents.Sessions:
    store, registry = operator.server.store, operator.server.registry
    found = await listed_sessions.page(
        store,
        after=lists.read_cursor(registry, NAME, asked.after),
        limit=asked.limit + 1,
        now=operator.now,
        all_over=operator.all_over,
        person_id=person_id,
        client_id=getattr(asked, "client_id", None),
        ended=asked.ended,
    )
    shown = found[: asked.limit]
    clients = await listed_sessions.clients_of(store, [one.session.id for one in shown])
    items = tuple(documents.session(one, tuple(clients[one.session.id])) for one in shown)
    await operator.commit()
    if len(found) == len(shown):
        return documents.Sessions(items=items)
    return documents.Sessions(items=items, next=lists.cursor(registry, NAME, shown[-1].session.id))


@router.get(
    "/sessions/{id}",
    operation_id="getSession",
    summary="Show a session",
    responses=problems.responses(404),
    openapi_extra=needs(READ, "sessions"),
)
async def show(operator: Reads, id: str, asked: Annotated[Nothing, Query()]) -> documents.Session:
    found = await _require(operator, id)
    clients = await listed_sessions.clients_of(operator.server.store, [found.session.id])
    await operator.commit()
    return documents.session(found, tuple(clients[found.session.id]))


@router.delete(
    "/sessions/{id}",
    operation_id="endSession",
    summary="End a session and the authorizations that end with it",
    status_code=204,
    responses=problems.responses(404),
    openapi_extra=needs(WRITE, "sessions"),
)
async def end(operator: Writes, id: str, asked: Annotated[EndAsked, Query()]) -> Response:
    async def attempt() -> None:
        found = await _require(operator, id)
        server, actor = operator.server, operator.actor
        await operator.commit(*await ends(server, found, operator.now, actor=actor, everything=asked.everything))

    await decided(attempt)
    return Response(status_code=204)


async def ends(
    knowing: Knowing, found: ListedSession, now: datetime, *, actor: str | None, everything: bool
) -> tuple[list[Change], list[Event]]:
    """Nothing for what is over already; but `everything` may come later, for what outlived the session."""
    one = found.session
    if one.ended_at is None:
        return await ending.session(knowing, one.id, one.person_id, REASON, now, actor=actor, everything=everything)
    if not everything or not await listed_sessions.has_unended_authorization(knowing.store, one.id):
        return [], []
    event = SessionEnded(session_id=one.id, person_id=one.person_id, reason=REASON, actor=actor)
    return [authorizations.end_by_session(one.id, REASON, now, everything=True)], [event]


async def _require(operator: Operator, id: str) -> ListedSession:
    found = await listed_sessions.find(operator.server.store, id, all_over=operator.all_over)
    if found is None:
        raise problems.NotFound("there is no such session", check="session")
    return found
