"""`/initial-access-tokens`: with which clients register themselves. Each is shown once, when it is made."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from mintmark.admin import bodies, lists, making, patching, paths, problems, shown
from mintmark.admin.clients import Reads, Writes
from mintmark.admin.door import Door
from mintmark.admin.lists import Nothing, Paging
from mintmark.admin.making import IdempotencyKey, Made
from mintmark.admin.operator import READ, WRITE, Operator, needs
from mintmark.admin.problems import NotFound
from mintmark.events import Configured
from mintmark.protocol import ids, initial_access, registration
from mintmark.store import initial_access_tokens as stored
from mintmark.store.initial_access_tokens import InitialAccessToken
from mintmark.store.times import at, ms

NAME = "initial-access-tokens"
router = APIRouter(route_class=Door, tags=["clients"])


@router.get(
    "/initial-access-tokens",
    operation_id="listInitialAccessTokens",
    summary="List the tokens with which clients register themselves, without their values",
    responses=problems.answers("InitialAccessTokens") | problems.responses(),
    openapi_extra=needs(READ, "clients"),
)
async def index(operator: Reads, asked: Annotated[Paging, Query()]) -> Response:
    registry = operator.server.registry
    after = lists.read_cursor(registry, NAME, asked.after)
    found = await stored.page(operator.server.store, after=after, limit=asked.limit + 1)
    await operator.commit()
    return making.shown(
        lists.page(registry, NAME, found, asked, lambda one: one.id).document(shown.initial_access_token)
    )


@router.get(
    "/initial-access-tokens/{id}",
    operation_id="getInitialAccessToken",
    summary="Show what is known of such a token, without its value",
    responses=problems.answers("InitialAccessToken") | problems.responses(404),
    openapi_extra=needs(READ, "clients"),
)
async def show(operator: Reads, id: paths.Name, asked: Annotated[Nothing, Query()]) -> Response:
    found = await _require(operator, id)
    await operator.commit()
    return making.shown(shown.initial_access_token(found))


@router.post(
    "/initial-access-tokens",
    operation_id="createInitialAccessToken",
    summary="Make a token with which clients register themselves, and show it this once",
    status_code=201,
    responses=problems.answers("MadeInitialAccessToken", 201) | problems.responses(413, 415, 422),
    openapi_extra=needs(WRITE, "clients") | bodies.documented("NewInitialAccessToken"),
)
async def add(
    operator: Writes,
    request: Request,
    asked: Annotated[Nothing, Query()],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    body = await bodies.read(request)

    async def decide() -> Made:
        server, now = operator.server, at(ms(operator.now))
        wanted = patching.readable(lambda left: initial_access.read(left, now), body)
        token = ids.secret(registration.PREFIX_INITIAL, server.random(32))
        id = ids.uuid7(now, server.random(10))
        until = None if wanted.expires_at is None else at(ms(wanted.expires_at))
        made = InitialAccessToken(id, wanted.name, wanted.uses, now, until, None)
        event = _configured(operator, made, "create")
        address = paths.to(server.registry.catalogue.admin_api, NAME, id)
        document = shown.initial_access_token(made) | {"token": token}
        return Made(document, [stored.add(made, ids.digest(token))], [event], 201, address, secrets=("token",))

    return await making.post(operator, idempotency_key, body, decide)


@router.delete(
    "/initial-access-tokens/{id}",
    operation_id="endInitialAccessToken",
    summary="End such a token; clients that registered with it stay",
    status_code=204,
    responses=problems.responses(404),
    openapi_extra=needs(WRITE, "clients"),
)
async def end(operator: Writes, id: paths.Name, asked: Annotated[Nothing, Query()]) -> Response:
    async def decide() -> Made:
        found = await _require(operator, id)
        if found.ended_at is not None:
            return Made(None)
        return Made(None, [stored.end(id, operator.now)], [_configured(operator, found, "end")])

    return await making.change(operator, decide)


async def _require(operator: Operator, id: str) -> InitialAccessToken:
    found = await stored.find(operator.server.store, id)
    if found is None:
        raise NotFound("there is no such initial access token", check="initial access token id")
    return found


def _configured(operator: Operator, one: InitialAccessToken, change: str) -> Configured:
    return Configured(
        kind="initial_access_token", subject=one.id, change=change, members=one.name, actor=operator.actor
    )
