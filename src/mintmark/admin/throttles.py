"""`/throttles` and `/users/{id}/throttles`: failed sign-ins that are counted, seen and cleared by operators."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field, IPvAnyAddress
from starlette.responses import Response

from mintmark import throttled
from mintmark.admin import making, paths, problems
from mintmark.admin.door import Door
from mintmark.admin.lists import Asking, Nothing
from mintmark.admin.making import Made
from mintmark.admin.operator import READ, WRITE, needs
from mintmark.admin.people import Reads, Writes, require
from mintmark.admin.problems import BadMembers

router = APIRouter(route_class=Door, tags=["users"])
Address = Annotated[
    IPvAnyAddress | None, Field(description="From which sign-ins failed; of IPv6 its whole /64 is meant.")
]


class AddressAsked(Asking):
    address: Address = None


class ClearAsked(AddressAsked):
    everybody: bool = Field(default=False, description="The count of all failures together.")


@router.get(
    "/users/{id}/throttles",
    operation_id="listUserThrottles",
    summary="List the failed sign-ins of a person that count, factor by factor, and until when they must wait",
    responses=problems.answers("Throttles") | problems.responses(404),
    openapi_extra=needs(READ, "users"),
)
async def of_person(operator: Reads, id: paths.Name, asked: Annotated[Nothing, Query()]) -> Response:
    server, person = operator.server, await require(operator, id)
    found = await throttled.of_person(server.store, server.registry, person.holder, operator.now)
    await operator.commit()
    return making.shown({"items": [one.document() for one in found]})


@router.get(
    "/throttles",
    operation_id="listThrottles",
    summary="List the failed sign-ins that count of everybody together, and of an address",
    responses=problems.answers("Throttles") | problems.responses(),
    openapi_extra=needs(READ, "users"),
)
async def index(operator: Reads, asked: Annotated[AddressAsked, Query()]) -> Response:
    server = operator.server
    found = await throttled.elsewhere(server.store, server.settings, _text(asked), operator.now)
    await operator.commit()
    return making.shown({"items": [one.document() for one in found]})


@router.post(
    "/throttles/clear",
    operation_id="clearThrottles",
    summary="Let an address, or everybody, try again at once, though there were too many failures",
    status_code=204,
    responses=problems.responses(),
    openapi_extra=needs(WRITE, "users"),
)
async def clear(operator: Writes, asked: Annotated[ClearAsked, Query()]) -> Response:
    if asked.address is None and not asked.everybody:
        raise BadMembers(("address", "is needed, or everybody=true"), check="members")

    async def decide() -> Made:
        return Made(None, *throttled.cleared(_text(asked), everybody=asked.everybody, actor=operator.actor))

    return await making.change(operator, decide)


def _text(asked: AddressAsked) -> str | None:
    return None if asked.address is None else str(asked.address)
