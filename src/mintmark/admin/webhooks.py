"""`/webhooks`: who is told of events, how they know that it was us, and whether they listen."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, TypeVar

from fastapi import APIRouter, Header, Query
from pydantic import Field, field_validator
from starlette.requests import Request
from starlette.responses import Response

from mintmark import durations, receivers, webhooks
from mintmark.admin import problems, sent
from mintmark.admin.documents import Document
from mintmark.admin.door import Door
from mintmark.admin.lists import Nothing
from mintmark.admin.operator import READ, WRITE, Operator, needs, reads, writes
from mintmark.admin.sent import Form
from mintmark.protocol import ids, webhook
from mintmark.protocol.errors import InvalidRequest, Refusal
from mintmark.protocol.webhook import Webhook, WebhookRefused
from mintmark.receivers import OVERLAP, NameTaken, TooMany, Wanted
from mintmark.server import decided
from mintmark.store.changes import Unavailable
from mintmark.wire.answer import to_json

T = TypeVar("T")
LONGEST = 2000
router = APIRouter(route_class=Door, tags=["webhooks"])
Reading = Annotated[Operator, reads("webhooks")]
Writing = Annotated[Operator, writes("webhooks")]
IfMatch = Annotated[str | None, Header(description="The ETag of what is to be changed, as it was read.")]


class Taken(Refusal):
    """What was sent cannot be beside what there is."""

    status = 409


class Unmatched(Refusal):
    """It was changed since it was read (RFC 9110 §15.5.13)."""

    status = 412


class MatchMissing(Refusal):
    """RFC 6585 §3."""

    status = 428


class WebhookSecret(Document):
    until: datetime | None = Field(description="When it signs no more; null: the newest, which has no end.")


class ShownWebhook(Document):
    """A receiver of events."""

    id: str
    name: str
    url: str
    events: tuple[str, ...] = Field(description='Names of events; with "*" at the end, all that begin so.')
    disabled: bool = Field(description="true: it is told nothing.")
    created_at: datetime
    updated_at: datetime
    secrets: tuple[WebhookSecret, ...] = Field(description="Those that sign, the newest first, without their values.")


class MadeWebhook(ShownWebhook):
    secret: str = Field(description="Shown this once: whsec_ and the key in base64.")


class Webhooks(Document):
    items: tuple[ShownWebhook, ...]


class TriedWebhook(Document):
    """What came of a message of the type webhook_test."""

    arrived: bool
    status: int | None = Field(description="What the receiver answered; null: nothing.")
    why: str | None = Field(description="Why it did not arrive.")


class NewWebhook(Form):
    name: str = Field(max_length=LONGEST)
    url: str = Field(max_length=LONGEST)
    events: list[str] = Field(default=["*"], max_length=webhook.MOST_PATTERNS)
    disabled: bool = False


class ChangedWebhook(Form):
    """A member that is absent stays as it is; null is the default."""

    name: str = Field(default="", max_length=LONGEST)
    url: str = Field(default="", max_length=LONGEST)
    events: list[str] | None = Field(default=None, max_length=webhook.MOST_PATTERNS)
    disabled: bool | None = None

    def wanted(self) -> Wanted:
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if "events" in given and given["events"] is None:
            given["events"] = ["*"]
        if "disabled" in given and given["disabled"] is None:
            given["disabled"] = False
        return Wanted(**given)


class RolledSecret(Form):
    overlap: str | int | None = Field(
        default=None, description='How long the one before signs too: "1d" where it is left out, "0" for not at all.'
    )

    @field_validator("overlap")
    @classmethod
    def a_span(cls, value: str | int | None) -> str | int | None:
        if value not in (None, 0, "0"):
            durations.parse(value)
        return value

    @property
    def span(self) -> timedelta | None:
        if self.overlap is None:
            return OVERLAP
        return None if self.overlap in (0, "0") else durations.parse(self.overlap)


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


@router.post(
    "/webhooks",
    operation_id="addWebhook",
    summary="Add a webhook; its secret is shown this once",
    status_code=201,
    response_model=MadeWebhook,
    responses=problems.responses(409),
    openapi_extra={**needs(WRITE, "webhooks"), **sent.documented(NewWebhook)},
)
async def add(operator: Writing, request: Request, asked: Annotated[Nothing, Query()]) -> Response:
    new = await sent.read(request, NewWebhook)

    async def attempt() -> Webhook:
        server = operator.server
        wanted = Wanted(new.name, new.url, new.events, new.disabled)
        there = await _all(operator)
        one, written = _checked(lambda: receivers.made(wanted, there, server.sealer, server.random, operator.now))
        await _commit(operator, written)
        return one

    one = await decided(attempt)
    location = f"{operator.server.registry.catalogue.admin_api}/webhooks/{one.id}"
    return _answer(_with_secret(one), 201, {"location": location, "etag": etag(one)})


@router.get(
    "/webhooks/{id}",
    operation_id="getWebhook",
    summary="Show a webhook, without its secret",
    response_model=ShownWebhook,
    responses=problems.responses(404),
    openapi_extra=needs(READ, "webhooks"),
)
async def show(operator: Reading, id: str, asked: Annotated[Nothing, Query()]) -> Response:
    one = await _require(operator, id)
    await operator.commit()
    return _answer(shown(one), 200, {"etag": etag(one)})


@router.patch(
    "/webhooks/{id}",
    operation_id="changeWebhook",
    summary="Change a webhook",
    response_model=ShownWebhook,
    responses=problems.responses(404, 409, 412, 428),
    openapi_extra={**needs(WRITE, "webhooks"), **sent.documented(ChangedWebhook, patch=True)},
)
async def change(
    operator: Writing, request: Request, id: str, asked: Annotated[Nothing, Query()], if_match: IfMatch = None
) -> Response:
    wanted = (await sent.read(request, ChangedWebhook, patch=True)).wanted()

    async def attempt() -> Webhook:
        there = await _all(operator)
        before = _among(there, id)
        _must_match(if_match, before)
        one, written = _checked(lambda: receivers.changed(before, wanted, there, operator.now))
        await _commit(operator, written)
        return one

    one = await decided(attempt)
    return _answer(shown(one), 200, {"etag": etag(one)})


@router.delete(
    "/webhooks/{id}",
    operation_id="deleteWebhook",
    summary="Delete a webhook; what still waits for it is given up",
    status_code=204,
    responses=problems.responses(404),
    openapi_extra=needs(WRITE, "webhooks"),
)
async def delete(operator: Writing, id: str, asked: Annotated[Nothing, Query()]) -> Response:
    async def attempt() -> None:
        await _commit(operator, receivers.deleted(await _require(operator, id), operator.now))

    await decided(attempt)
    return Response(status_code=204)


@router.post(
    "/webhooks/{id}/secret",
    operation_id="rollWebhookSecret",
    summary="Make a new secret, shown this once; the one before signs beside it for a while",
    response_model=MadeWebhook,
    responses=problems.responses(404),
    openapi_extra={**needs(WRITE, "webhooks"), **sent.documented(RolledSecret, required=False)},
)
async def roll(operator: Writing, request: Request, id: str, asked: Annotated[Nothing, Query()]) -> Response:
    span = (await sent.read(request, RolledSecret, optional=True)).span

    async def attempt() -> Webhook:
        server = operator.server
        one, written = receivers.rolled(await _require(operator, id), span, server.sealer, server.random, operator.now)
        await _commit(operator, written)
        return one

    one = await decided(attempt)
    return _answer(_with_secret(one), 200, {"etag": etag(one)})


@router.post(
    "/webhooks/{id}/test",
    operation_id="testWebhook",
    summary="Send a message of the type webhook_test now, and say what came of it",
    responses=problems.responses(404),
    openapi_extra=needs(WRITE, "webhooks"),
)
async def test(operator: Writing, id: str, asked: Annotated[Nothing, Query()]) -> TriedWebhook:
    one = await _require(operator, id)
    await operator.commit()  # a one-use token is spent before anything leaves
    server = operator.server
    came = await webhooks.attempt(server.outbound, one, ids.uuid7(operator.now, server.random(10)), operator.now)
    event = receivers.tried(one, arrived=came.arrived, actor=operator.actor)
    await server.commit([], [event], operator.asked, server.clock())
    return TriedWebhook(arrived=came.arrived, status=came.status, why=came.why or None)


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


def _with_secret(one: Webhook) -> MadeWebhook:
    return MadeWebhook(**dict(shown(one)), secret=webhook.secret(one.keys[0]))


def etag(one: Webhook) -> str:
    """Of what is shown: whoever knows it knows what they change."""
    return f'"{sha256(shown(one).model_dump_json().encode()).hexdigest()[:24]}"'


def _must_match(given: str | None, one: Webhook) -> None:
    """RFC 9110 §13.1.1."""
    if given is None:
        raise MatchMissing("If-Match must be the ETag of what is to be changed: GET it first", check="if-match")
    if given.strip() != "*" and etag(one) not in (part.strip() for part in given.split(",")):
        raise Unmatched("it was changed since it was read: GET it again", check="if-match")


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
    raise problems.NotFound("there is no such webhook", check="webhook")


def _checked(make: Callable[[], T]) -> T:
    try:
        return make()
    except (NameTaken, TooMany) as refusal:
        raise Taken(str(refusal), check="members") from None
    except WebhookRefused as refusal:
        raise InvalidRequest(str(refusal), check="members") from None


async def _commit(operator: Operator, written: receivers.Written) -> None:
    changes, events = written
    await operator.commit(changes, [receivers.by(event, operator.actor) for event in events])
    if changes:  # this node knows it before the answer leaves, the others within a second
        operator.server.registry.forget()
        with suppress(Unavailable):
            await operator.server.registry.current()


def _answer(document: Document, status: int, headers: Mapping[str, str]) -> Response:
    return Response(to_json(json.loads(document.model_dump_json())), status, headers, "application/json")
