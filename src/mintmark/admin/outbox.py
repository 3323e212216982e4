"""`/outbox`: what is to be sent, what arrived and what did not, and once more."""

import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from mintmark import receivers
from mintmark.admin import lists, problems
from mintmark.admin.documents import Document
from mintmark.admin.door import Door
from mintmark.admin.lists import Asking, Nothing, Text
from mintmark.admin.operator import READ, WRITE, Operator, needs, reads, writes
from mintmark.protocol.errors import Refusal
from mintmark.receivers import BeingSent
from mintmark.server import decided
from mintmark.store import listed_outbox, listing
from mintmark.store.listed_outbox import Listed, State

NAME = "outbox"
router = APIRouter(route_class=Door, tags=["outbox"])
Reading = Annotated[Operator, reads("webhooks")]
Writing = Annotated[Operator, writes("webhooks")]


class Busy(Refusal):
    """It is being sent at this moment."""

    status = 409


class OutboxAsked(Asking):
    limit: int = Field(default=50, ge=1, le=listing.MOST, description="How many items at most.")
    after: str | None = Field(default=None, max_length=1000, description="`next` of the page before.")
    receiver: Text | None = Field(default=None, description="The id of a webhook.")
    state: State | None = None


class Delivery(Document):
    """Something that is to be sent, or was."""

    id: str = Field(description="The same at every attempt: receivers know by it what they have already.")
    kind: str
    receiver: str = Field(description="The id of a webhook.")
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
async def show(operator: Reading, id: str, asked: Annotated[Nothing, Query()]) -> SentDelivery:
    found = await _require(operator, id)
    await operator.commit()
    return SentDelivery(**_members(found), payload=_payload(found))


@router.post(
    "/outbox/{id}/retry",
    operation_id="retryOutbox",
    summary="Send a delivery once more, also one that is done or was given up",
    responses=problems.responses(404, 409),
    openapi_extra=needs(WRITE, "webhooks"),
)
async def retry(operator: Writing, id: str, asked: Annotated[Nothing, Query()]) -> Delivery:
    async def attempt() -> None:
        try:
            changes, events = receivers.retried(await _require(operator, id), operator.now)
        except BeingSent:
            raise Busy("it is being sent at this moment: look again in a minute", check="delivery") from None
        await operator.commit(changes, [receivers.by(event, operator.actor) for event in events])

    await decided(attempt)
    return Delivery(**_members(await _require(operator, id)))


@router.delete(
    "/outbox/{id}",
    operation_id="discardOutbox",
    summary="Give up a delivery that waits",
    status_code=204,
    responses=problems.responses(404),
    openapi_extra=needs(WRITE, "webhooks"),
)
async def discard(operator: Writing, id: str, asked: Annotated[Nothing, Query()]) -> Response:
    async def attempt() -> None:
        changes, events = receivers.discarded(await _require(operator, id), operator.now)
        await operator.commit(changes, [receivers.by(event, operator.actor) for event in events] if changes else ())

    await decided(attempt)
    return Response(status_code=204)


async def _require(operator: Operator, id: str) -> Listed:
    found = await listed_outbox.find(operator.server.store, id)
    if found is None:
        raise problems.NotFound("there is no such delivery", check="delivery")
    return found


def _members(one: Listed) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Delivery.model_fields}


def _payload(one: Listed) -> object:
    try:
        return json.loads(one.payload)
    except ValueError:
        return one.payload
