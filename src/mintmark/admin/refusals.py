"""`/refusals` and `/refusals/{id}`: which check refused a request, what it expected and what it got."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from mintmark import explanations
from mintmark.admin import lists, problems
from mintmark.admin.door import Door
from mintmark.admin.lists import Asking, Nothing, Text
from mintmark.admin.operator import READ, Operator, needs, reads
from mintmark.store import listing, refusals
from mintmark.store.refusals import Refused

NAME = "refusals"
SECURITY = needs(READ, "audit")
router = APIRouter(route_class=Door, tags=["refusals"])
Reading = Annotated[Operator, reads("audit")]


class Refusal(BaseModel):
    """A request that was refused. Nothing in it is secret: a value that could be stands as its length and a mark."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(description="The trace id of the answer.")
    at: datetime
    door: str
    client_id: str | None = Field(description="As the request claims; null: it names none.")
    address: str | None
    error: str = Field(description="The code of the answer.")
    error_description: str = Field(description="What the answer said.")
    check: str = Field(description="The check that refused.")
    parameter: str = Field(description="What the check looked at.")
    expected: str
    got: str
    why: str = Field(description="What the check holds against the request.")
    next_step: str = Field(description="What to do now.")


class Refusals(BaseModel):
    model_config = ConfigDict(frozen=True)

    items: tuple[Refusal, ...]
    next: str = Field(default="", description="`after` of the next page; absent on the last.")


class RefusalsAsked(Asking):
    limit: int = Field(default=50, ge=1, le=listing.MOST, description="How many items at most.")
    after: str | None = Field(default=None, max_length=1000, description="`next` of the page before.")
    client_id: Text | None = None
    door: Text | None = Field(default=None, description="Such as /token.")
    error: Text | None = Field(default=None, description="Such as invalid_grant.")
    since: AwareDatetime | None = Field(default=None, description="From this instant on.")


@router.get(
    "/refusals",
    operation_id="listRefusals",
    summary="List refused requests",
    response_model=Refusals,
    response_model_exclude_unset=True,
    responses=problems.responses(),
    openapi_extra=SECURITY,
)
async def index(operator: Reading, asked: Annotated[RefusalsAsked, Query()]) -> Refusals:
    registry = operator.server.registry
    after = lists.read_cursor(registry, NAME, asked.after)
    found = await refusals.page(
        operator.server.store,
        limit=asked.limit + 1,
        since=asked.since,
        after=None if after is None else _place(after),
        client_id=asked.client_id,
        door=asked.door,
        error=asked.error,
    )
    shown = found[: asked.limit]
    await operator.commit()
    items = tuple(map(document, shown))
    if len(found) == len(shown):
        return Refusals(items=items)
    moment, id = refusals.place(shown[-1])
    return Refusals(items=items, next=lists.cursor(registry, NAME, f"{moment} {id}"))


@router.get(
    "/refusals/{id}",
    operation_id="getRefusal",
    summary="Why a request was refused",
    responses=problems.responses(404),
    openapi_extra=SECURITY,
)
async def show(operator: Reading, id: str, asked: Annotated[Nothing, Query()]) -> Refusal:
    found = await refusals.find(operator.server.store, id) if id.isascii() and id.isalnum() else None
    if found is None:
        raise problems.NotFound("no refusal of that trace id is kept", check="refusal")
    await operator.commit()
    return document(found)


def document(found: Refused) -> Refusal:
    explained = explanations.of(found.check)
    return Refusal(
        id=found.id,
        at=found.at,
        door=found.door,
        client_id=found.client_id,
        address=found.address,
        error=found.error,
        error_description=found.description,
        check=found.check,
        parameter=explained.parameter,
        expected=found.expected,
        got=found.got,
        why=explained.why,
        next_step=explained.next,
    )


def _place(after: str) -> tuple[int, str]:
    """What `index` wrote; nobody else can have."""
    moment, id = after.split(" ")
    return int(moment), id
