"""`/webhooks`: who is told of events, how they know that it was us, and whether they listen."""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from mintmark import nearest, receivers, webhooks
from mintmark.admin import bodies, making, patching, paths, problems
from mintmark.admin.bodies import Body
from mintmark.admin.door import Door
from mintmark.admin.lists import Nothing
from mintmark.admin.making import IdempotencyKey, Made
from mintmark.admin.operator import READ, WRITE, Operator, needs, reads, writes
from mintmark.admin.patching import IfMatch
from mintmark.admin.problems import BadMembers, NotFound, Taken
from mintmark.admin.webhook_forms import (
    ChangedWebhook,
    Form,
    MadeWebhook,
    NewWebhook,
    RolledSecret,
    ShownWebhook,
    TriedWebhook,
    Webhooks,
    WebhookSecret,
)
from mintmark.protocol import ids, webhook
from mintmark.protocol.webhook import Webhook, WebhookRefused
from mintmark.receivers import NameTaken, TooMany, Wanted, Written
from mintmark.store.changes import Unavailable

T = TypeVar("T")
Sent = TypeVar("Sent", bound="Form")
NAME = "webhooks"
KEPT = ("id", "created_at", "updated_at", "secrets")  # members that the server keeps
router = APIRouter(route_class=Door, tags=["webhooks"])
Reading = Annotated[Operator, reads("webhooks")]
Writing = Annotated[Operator, writes("webhooks")]


@router.get(
    "/webhooks",
    operation_id="listWebhooks",
    summary="List webhooks",
    responses=problems.responses(),
    openapi_extra=needs(READ, "webhooks"),
)
async def index(operator: Reading, asked: Annotated[Nothing, Query()]) -> Webhooks:
    found = await _all(operator)
    await operator.commit()
    return Webhooks(items=tuple(shown(one) for one in found))


def _documented(form: type[Form], *, required: bool = True, media: str = bodies.JSON) -> dict[str, Any]:
    """For the OpenAPI document."""
    return {"requestBody": {"required": required, "content": {media: {"schema": form.model_json_schema()}}}}


@router.post(
    "/webhooks",
    operation_id="addWebhook",
    summary="Add a webhook; its secret is shown this once",
    status_code=201,
    response_model=MadeWebhook,
    responses=problems.answers("MadeWebhook", 201, tag=True) | problems.responses(409, 413, 415, 422),
    openapi_extra=needs(WRITE, "webhooks") | _documented(NewWebhook),
)
async def add(
    operator: Writing,
    request: Request,
    asked: Annotated[Nothing, Query()],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    body = await bodies.read(request)
    new = _read(NewWebhook, body)

    async def decide() -> Made:
        server = operator.server
        wanted = Wanted(new.name, new.url, new.events, new.disabled)
        there = server.registry.webhooks
        one, written = _checked(lambda: receivers.made(wanted, there, server.sealer, server.random, operator.now))
        return _made(operator, one, written, 201, paths.to(server.registry.catalogue.admin_api, NAME, one.id))

    return _tagged(await _known(operator, await making.post(operator, idempotency_key, body, decide)))


@router.get(
    "/webhooks/{id}",
    operation_id="getWebhook",
    summary="Show a webhook, without its secret",
    response_model=ShownWebhook,
    responses=problems.answers("ShownWebhook", tag=True) | problems.responses(404),
    openapi_extra=needs(READ, "webhooks"),
)
async def show(operator: Reading, id: paths.Name, asked: Annotated[Nothing, Query()]) -> Response:
    one = await _require(operator, id)
    await operator.commit()
    return making.shown(document(one), tag=True)


@router.patch(
    "/webhooks/{id}",
    operation_id="changeWebhook",
    summary="Change a webhook",
    response_model=ShownWebhook,
    responses=problems.answers("ShownWebhook", tag=True) | problems.responses(404, 409, 412, 413, 415, 428),
    openapi_extra=needs(WRITE, "webhooks") | _documented(ChangedWebhook, media=bodies.MERGE_PATCH),
)
async def change(
    operator: Writing,
    request: Request,
    id: paths.Name,
    asked: Annotated[Nothing, Query()],
    if_match: IfMatch = None,
) -> Response:
    body = await bodies.read_patch(request)

    async def decide() -> Made:
        there, patch = operator.server.registry.webhooks, dict(body)
        before = _among(there, id)
        patching.must_match(if_match, document(before))
        patching.take_unchanged(patch, document(before), KEPT)
        wanted = _read(ChangedWebhook, patch).wanted()
        one, (changes, events) = _checked(lambda: receivers.changed(before, wanted, there, operator.now))
        return Made(document(one), changes, [receivers.by(event, operator.actor) for event in events], tag=True)

    return await _known(operator, await making.change(operator, decide))


@router.delete(
    "/webhooks/{id}",
    operation_id="deleteWebhook",
    summary="Delete a webhook; what still waits for it is given up",
    status_code=204,
    responses=problems.responses(404, 412),
    openapi_extra=needs(WRITE, "webhooks"),
)
async def delete(
    operator: Writing, id: paths.Name, asked: Annotated[Nothing, Query()], if_match: IfMatch = None
) -> Response:
    async def decide() -> Made:
        there = operator.server.registry.webhooks
        if all(one.id != id for one in there) and await making.was_deleted(operator, NAME, id):
            return Made(None)
        one = _among(there, id)
        patching.must_match(if_match, document(one), wanted=False)
        changes, events = receivers.deleted(one, operator.now)
        gone = [*changes, await making.remember_deleted(operator, NAME, id, operator.now)]
        return Made(None, gone, [receivers.by(event, operator.actor) for event in events])

    return await _known(operator, await making.change(operator, decide))


@router.post(
    "/webhooks/{id}/secret",
    operation_id="rollWebhookSecret",
    summary="Make a new secret, shown this once; the one before signs beside it for a while",
    response_model=MadeWebhook,
    responses=problems.answers("MadeWebhook", tag=True) | problems.responses(404, 413, 415, 422),
    openapi_extra=needs(WRITE, "webhooks") | _documented(RolledSecret, required=False),
)
async def roll(
    operator: Writing,
    request: Request,
    id: paths.Name,
    asked: Annotated[Nothing, Query()],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    body = await bodies.read_optional(request)
    span = _read(RolledSecret, body).span

    async def decide() -> Made:
        server = operator.server
        before = _among(server.registry.webhooks, id)
        return _made(operator, *receivers.rolled(before, span, server.sealer, server.random, operator.now))

    return _tagged(await _known(operator, await making.post(operator, idempotency_key, body, decide)))


class _Untried(Exception):
    """Nothing was answered under that key yet."""


@router.post(
    "/webhooks/{id}/test",
    operation_id="testWebhook",
    summary="Send a message of the type webhook_test now, and say what came of it",
    response_model=TriedWebhook,
    responses=problems.answers("TriedWebhook") | problems.responses(404, 422),
    openapi_extra=needs(WRITE, "webhooks"),
)
async def try_(
    operator: Writing,
    id: paths.Name,
    asked: Annotated[Nothing, Query()],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Sent before it is written, while others may change the configuration: a receiver may take its time. Of two at
    once with one key the second waits; at two nodes both send, and answer the same."""
    server = operator.server
    if idempotency_key is None:
        made = await _try(operator, id)
        await server.commit([], made.events, operator.asked, server.clock())
        return making.answer(made)

    async def untried() -> Made:
        raise _Untried

    lane = ("webhook test", operator.found.client.id, operator.actor, id, idempotency_key)
    async with server.lanes.turn("\0".join(lane)):
        try:
            return await making.post(operator, idempotency_key, {}, untried)
        except _Untried:
            made = await _try(operator, id)

        async def tried() -> Made:
            return made

        return await making.post(replace(operator.going_on(), now=server.clock()), idempotency_key, {}, tried)


async def _try(operator: Operator, id: str) -> Made:
    one = await _require(operator, id)
    await operator.commit()  # a one-use token is spent before anything leaves
    server = operator.server
    came = await webhooks.attempt(server.outbound, one, ids.uuid7(operator.now, server.random(10)), operator.now)
    event = receivers.tried(one, arrived=came.arrived, actor=operator.actor)
    found = TriedWebhook(arrived=came.arrived, status=came.status, why=came.why or None)
    return Made(found.model_dump(mode="json"), events=[event])


def shown(one: Webhook) -> ShownWebhook:
    return ShownWebhook(
        id=one.id,
        name=one.name,
        url=one.url,
        events=one.events,
        disabled=one.disabled_at is not None,
        created_at=one.created_at,
        updated_at=one.updated_at,
        secrets=tuple(WebhookSecret(until=key.until) for key in one.keys),
    )


def document(one: Webhook) -> dict[str, Any]:
    return shown(one).model_dump(mode="json")


def _made(operator: Operator, one: Webhook, written: Written, status: int = 200, location: str | None = None) -> Made:
    """With its secret."""
    changes, events = written
    found = document(one) | {"secret": webhook.secret(one.keys[0])}
    by = [receivers.by(event, operator.actor) for event in events]
    return Made(found, changes, by, status, location, secrets=("secret",))


async def _known(operator: Operator, response: Response) -> Response:
    """This node knows of it before the answer leaves, the others within a second: events are told to those it knows."""
    with suppress(Unavailable):
        await operator.server.registry.current()
    return response


def _tagged(response: Response) -> Response:
    """The ETag is of what GET shows, without what is shown this once."""
    found = json.loads(bytes(response.body))
    response.headers["etag"] = patching.etag({name: found[name] for name in ShownWebhook.model_fields})
    return response


async def _all(operator: Operator) -> tuple[Webhook, ...]:
    """As they stand now: a list that is a second old would show what was deleted."""
    await operator.server.registry.renew()
    return operator.server.registry.webhooks


async def _require(operator: Operator, id: str) -> Webhook:
    return _among(await _all(operator), id)


def _among(there: tuple[Webhook, ...], id: str) -> Webhook:
    for one in there:
        if one.id == id:
            return one
    raise NotFound("there is no such webhook", check="webhook")


def _read(form: type[Sent], body: Body) -> Sent:
    """Raises BadMembers, which names each member once."""
    try:
        return form.model_validate(body)
    except ValidationError as error:
        found = {_member(one["loc"]): _sentence(one, form) for one in error.errors()}
        raise BadMembers(*[*found.items()][: patching.MOST_ERRORS], check="members") from None


def _member(location: tuple[str | int, ...]) -> str:
    """`events[1]` of ("events", 1); of a union, the kind that was tried is passed over."""
    name, *rest = location or ("",)
    return "".join([str(name)[:100], *(f"[{part}]" for part in rest if isinstance(part, int))])


def _sentence(error: Mapping[str, Any], form: type[Form]) -> str:  # Any: pydantic's own
    match error["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return f"is no member of this{nearest.hint(str(error['loc'][0]), form.model_fields)}"
        case "value_error":
            return str(error["ctx"]["error"])
    return re.sub(r"^\w+ should ", "must ", str(error["msg"]))


def _checked(make: Callable[[], T]) -> T:
    """Raises Taken, BadMembers."""
    try:
        return make()
    except (NameTaken, TooMany) as refusal:
        raise Taken((refusal.member, refusal.sentence), check="members") from None
    except WebhookRefused as refusal:
        raise BadMembers((refusal.member, refusal.sentence), check="members") from None
