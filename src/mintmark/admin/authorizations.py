"""`/authorizations` and `/authorizations/{id}`: which clients act for whom, and an end to it."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from mintmark import ending
from mintmark.admin import documents, lists, problems
from mintmark.admin.door import Door
from mintmark.admin.lists import Nothing, PageAsked, Text
from mintmark.admin.operator import READ, WRITE, Operator, needs, reads, writes
from mintmark.admin.sessions import REASON
from mintmark.server import decided
from mintmark.store import listed_authorizations
from mintmark.store.listed_authorizations import ListedAuthorization

NAME = "authorizations"
TOKENS_IN_LIST, TOKENS_ALONE = 10, 100  # a chain may be thousands of tokens long
Reads = Annotated[Operator, reads("authorizations")]
Writes = Annotated[Operator, writes("authorizations")]
router = APIRouter(route_class=Door, tags=["authorizations"])


class AuthorizationsAsked(PageAsked):
    user_id: Text | None = None
    client_id: Text | None = None
    session_id: Text | None = None


@router.get(
    "/authorizations",
    operation_id="listAuthorizations",
    summary="List authorizations",
    response_model=documents.Authorizations,
    response_model_exclude_unset=True,
    responses=problems.responses(),
    openapi_extra=needs(READ, "authorizations"),
)
async def index(operator: Reads, asked: Annotated[AuthorizationsAsked, Query()]) -> documents.Authorizations:
    store, registry = operator.server.store, operator.server.registry
    found = await listed_authorizations.page(
        store,
        after=lists.read_cursor(registry, NAME, asked.after),
        limit=asked.limit + 1,
        now=operator.now,
        all_over=operator.all_over,
        person_id=asked.user_id,
        client_id=asked.client_id,
        session_id=asked.session_id,
        ended=asked.ended,
    )
    shown = found[: asked.limit]
    ids = [one.authorization.id for one in shown]
    tokens = await listed_authorizations.tokens_of(store, ids, most=TOKENS_IN_LIST)
    items = tuple(documents.authorization(one, tuple(tokens[one.authorization.id])) for one in shown)
    await operator.commit()
    if len(found) == len(shown):
        return documents.Authorizations(items=items)
    return documents.Authorizations(items=items, next=lists.cursor(registry, NAME, ids[-1]))


@router.get(
    "/authorizations/{id}",
    operation_id="getAuthorization",
    summary="Show an authorization",
    responses=problems.responses(404),
    openapi_extra=needs(READ, "authorizations"),
)
async def show(operator: Reads, id: str, asked: Annotated[Nothing, Query()]) -> documents.Authorization:
    found = await _require(operator, id)
    tokens = await listed_authorizations.tokens_of(operator.server.store, [id], most=TOKENS_ALONE)
    await operator.commit()
    return documents.authorization(found, tuple(tokens[id]))


@router.delete(
    "/authorizations/{id}",
    operation_id="endAuthorization",
    summary="End an authorization with all its tokens; the client must ask the person again",
    status_code=204,
    responses=problems.responses(404),
    openapi_extra=needs(WRITE, "authorizations"),
)
async def end(operator: Writes, id: str, asked: Annotated[Nothing, Query()]) -> Response:
    async def attempt() -> None:
        found = (await _require(operator, id)).authorization
        if found.ended_at is not None:
            await operator.commit()
            return
        await operator.commit(*ending.authorization(found, REASON, operator.now, actor=operator.actor, forget=True))

    await decided(attempt)
    return Response(status_code=204)


async def _require(operator: Operator, id: str) -> ListedAuthorization:
    found = await listed_authorizations.find(operator.server.store, id, all_over=operator.all_over)
    if found is None:
        raise problems.NotFound("there is no such authorization", check="authorization")
    return found
