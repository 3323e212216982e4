"""`/users/{id}/factors` and what goes with it: how somebody signs in, seen and ended by operators. Nothing secret."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from mintmark import mails, remedies
from mintmark.admin import making, paths, problems, rights
from mintmark.admin.door import Door
from mintmark.admin.lists import Asking, Nothing
from mintmark.admin.making import Made
from mintmark.admin.operator import READ, WRITE, Operator, needs
from mintmark.admin.people import Reads, Writes, require
from mintmark.admin.problems import BadMembers, NotFound
from mintmark.remedies import Acts
from mintmark.store.people import Person

router = APIRouter(route_class=Door, tags=["users"])


class ResetAsked(Asking):
    mail: bool = Field(default=False, description="Send them a link to choose another password.")


@router.get(
    "/users/{id}/factors",
    operation_id="listUserFactors",
    summary="List what a person can sign in by, without what is secret in it",
    responses=problems.answers("Factors") | problems.responses(404),
    openapi_extra=needs(READ, "users"),
)
async def index(operator: Reads, id: paths.Name, asked: Annotated[Nothing, Query()]) -> Response:
    found = await remedies.factors(operator.server.store, await require(operator, id))
    await operator.commit()
    return making.shown({"items": found})


@router.delete(
    "/users/{id}/factors/{factor}",
    operation_id="removeUserFactor",
    summary="Remove a passkey, an authenticator app, or all recovery codes of a person",
    status_code=204,
    responses=problems.responses(404),
    openapi_extra=needs(WRITE, "users"),
)
async def remove(operator: Writes, id: paths.Name, factor: paths.Name, asked: Annotated[Nothing, Query()]) -> Response:
    async def acts(person: Person) -> Acts:
        found = await remedies.removed(operator.server, person, factor, operator.now, operator.actor)
        if found is None:
            raise NotFound("they have no such factor", check="factor id")
        return found

    return await _do(operator, id, acts)


@router.post(
    "/users/{id}/require-reset",
    operation_id="requirePasswordReset",
    summary="Make a person's password good for nothing, so that they must choose another, and end all that it began",
    status_code=204,
    responses=problems.responses(404),
    openapi_extra=needs(WRITE, "users"),
)
async def require_reset(operator: Writes, id: paths.Name, asked: Annotated[ResetAsked, Query()]) -> Response:
    if asked.mail and not mails.is_on(operator.server):
        raise BadMembers(("mail", "cannot be: no mail is sent here, for MINTMARK_SMTP_URL is not set"), check="members")

    async def acts(person: Person) -> Acts:
        return remedies.reset_required(operator.server, person, operator.now, operator.actor, mail=asked.mail)

    return await _do(operator, id, acts)


@router.post(
    "/users/{id}/throttles/clear",
    operation_id="clearUserThrottles",
    summary="Let a person try again at once, though there were too many failures",
    status_code=204,
    responses=problems.responses(404),
    openapi_extra=needs(WRITE, "users"),
)
async def unthrottle(operator: Writes, id: paths.Name, asked: Annotated[Nothing, Query()]) -> Response:
    async def acts(person: Person) -> Acts:
        return remedies.unthrottled(operator.server.registry, person.holder, operator.actor)

    return await _do(operator, id, acts)


@router.get(
    "/users/{id}/trusted-browsers",
    operation_id="listUserTrustedBrowsers",
    summary="List the browsers that need no second factor of a person",
    responses=problems.answers("TrustedBrowsers") | problems.responses(404),
    openapi_extra=needs(READ, "users"),
)
async def browsers(operator: Reads, id: paths.Name, asked: Annotated[Nothing, Query()]) -> Response:
    found = await remedies.browsers(operator.server.store, await require(operator, id), operator.now)
    await operator.commit()
    return making.shown({"items": found})


@router.delete(
    "/users/{id}/trusted-browsers",
    operation_id="endUserTrustedBrowsers",
    summary="Trust none of a person's browsers any more",
    status_code=204,
    responses=problems.responses(404),
    openapi_extra=needs(WRITE, "users"),
)
async def distrust(operator: Writes, id: paths.Name, asked: Annotated[Nothing, Query()]) -> Response:
    async def acts(person: Person) -> Acts:
        return remedies.distrusted(person.holder, operator.actor)

    return await _do(operator, id, acts)


async def _do(operator: Operator, id: str, acts: Callable[[Person], Awaitable[Acts]]) -> Response:
    async def decide() -> Made:
        person = await require(operator, id)
        rights.may_change_person(operator, person.holder.groups)
        changes, events = await acts(person)
        return Made(None, changes, events)

    return await making.change(operator, decide)
