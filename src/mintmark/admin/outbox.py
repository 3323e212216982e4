"""`/outbox`: what is to be sent, what arrived and what did not, and once more."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from mintmark import receivers
from mintmark.admin import lists, making, paths, problems
from mintmark.admin.documents import Document
from mintmark.admin.door import Door
from mintmark.admin.lists import Nothing, Paging, Text
from mintmark.admin.making import IdempotencyKey, Made
from mintmark.admin.operator import READ, WRITE, Operator, needs, reads, writes
from mintmark.admin.problems import NotFound, Taken
from mintmark.receivers import BeingSent
from mintmark.server import decided
from mintmark.store import listed_outbox
from mintmark.store.listed_outbox import Listed, State
from mintmark.store.times import at, ms

NAME = "outbox"
router = APIRouter(route_class=Door, tags=["outbox"])
Reading = Annotated[Operator, reads("webhooks")]
Writing = Annotated[Operator, writes("webhooks")]


class OutboxAsked(Paging):
    receiver: Text | None = Field(default=None, description="The id of a webhook, or of a client.")
    state: State | None = None


class Delivery(Document):
    """Something that is to be sent, or was."""

    id: str = Field(description="The same at every attempt: receivers know by it what they have already.")
    kind: str
    receiver: str = Field(description="The id of a webhook, or of a client.")
    subject: str = Field(description="The event's name.")
    state: State
    attempts: int
    last_error: str | None
    created_at: datetime
    due_at: datetime | None = Field(description="When it is sent next; null: it has ended.")
    done_at: datetime | None
    given_up_at: datetime | None


class SentDelivery(Delivery):
    payload: Any = Field(description="What is sent.")


class Deliveries(Document):
    items: tuple[Delivery, ...]
    next: str = Field(default="", description="`after` of the next page; absent on the last.")


@router.get(
    "/outbox",
    operation_id="listOutbox",
    summary="List deliveries",
    response_model=Deliveries,
    response_model_exclude_unset=True,
    responses=problems.responses(),
    openapi_extra=needs(READ, "webhooks"),
)
async def index(operator: Reading, asked: Annotated[OutboxAsked, Query()]) -> Deliveries:
    store, registry = operator.server.store, operator.server.registry
    after = lists.read_cursor(registry, NAME, asked.after)
    found = await listed_outbox.page(
        store, after=after, limit=asked.limit + 1, receiver=asked.receiver, state=asked.state
    )
    items = tuple(Delivery(**_members(one)) for one in found[: asked.limit])
    await operator.commit()
    if len(found) == len(items):
        return Deliveries(items=items)
    return Deliveries(items=items, next=lists.cursor(registry, NAME, items[-1].id))


@router.get(
    "/outbox/{id}",
    operation_id="getOutbox",
    summary="Show a delivery, with what is sent",
    responses=problems.responses(404),
    openapi_extra=needs(READ, "webhooks"),
)
async def show(operator: Reading, id: paths.Name, asked: Annotated[Nothing, Query()]) -> SentDelivery:
    found = await _require(operator, id)
    await operator.commit()
    return SentDelivery(**_members(found), payload=_payload(found))


@router.post(
    "/outbox/{id}/retry",
    operation_id="retryOutbox",
    summary="Send a delivery once more, also one that is done or was given up",
    response_model=Delivery,
    responses=problems.answers("Delivery") | problems.responses(404, 409, 422),
    openapi_extra=needs(WRITE, "webhooks"),
)
async def retry(
    operator: Writing,
    id: paths.Name,
    asked: Annotated[Nothing, Query()],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    async def decide() -> Made:
        found = await _require(operator, id)
        try:
            changes, events = receivers.retried(found, operator.now)
        except BeingSent:
            sentence = "it is being sent at this moment: look again in a minute"
            raise Taken(("", sentence), check="delivery") from None
        after = replace(
            found, attempts=0, due_at=at(ms(operator.now)), taken_until=None, done_at=None, given_up_at=None
        )
        document = Delivery(**_members(after)).model_dump(mode="json")
        return Made(document, changes, [receivers.by(event, operator.actor) for event in events])

    return await making.post(operator, idempotency_key, {}, decide)


@router.delete(
    "/outbox/{id}",
    operation_id="discardOutbox",
    summary="Give up a delivery that waits",
    status_code=204,
    responses=problems.responses(404),
    openapi_extra=needs(WRITE, "webhooks"),
)
async def discard(operator: Writing, id: paths.Name, asked: Annotated[Nothing, Query()]) -> Response:
    async def attempt() -> None:
        changes, events = receivers.discarded(await _require(operator, id), operator.now)
        await operator.commit(changes, [receivers.by(event, operator.actor) for event in events] if changes else ())

    await decided(attempt)
    return Response(status_code=204)


async def _require(operator: Operator, id: str) -> Listed:
    found = await listed_outbox.find(operator.server.store, id)
    if found is None:
        raise NotFound("there is no such delivery", check="delivery")
    return found


def _members(one: Listed) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Delivery.model_fields}


def _payload(one: Listed) -> object:
    try:
        return json.loads(one.payload)
    except ValueError:
        return one.payload
