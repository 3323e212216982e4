"""`/clients/{id}/preview-token`: what a client's tokens would say of a person. Nothing is signed."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from mintmark import preview
from mintmark.admin import clients, making, paths, problems
from mintmark.admin.door import Door
from mintmark.admin.lists import Asking, Text
from mintmark.admin.operator import READ, Reading
from mintmark.admin.problems import BadMembers, NotFound
from mintmark.protocol.errors import OAuthError
from mintmark.store import people

router = APIRouter(route_class=Door, tags=["clients"])


class Previewed(Asking):
    user_id: Text = Field(description="Whom the tokens would speak of.")
    scope: Text | None = Field(None, description="As the client would ask for it; left out: what it gets by default.")
    resource: Text | None = Field(None, description="A resource that it is asked for.")


@router.get(
    "/clients/{id}/preview-token",
    operation_id="previewToken",
    summary="Show what ID token, UserInfo and access token would say of a person, and which rule gives each claim",
    responses=problems.answers("TokenPreview") | problems.responses(404),
    openapi_extra={"security": [{"oauth2": [READ]}]},  # it shows a client, a person and the rules
)
async def show(operator: Reading, id: paths.Name, asked: Annotated[Previewed, Query()]) -> Response:
    server = operator.server
    client = (await clients.require(operator, id)).client
    person = await people.find(server.store, asked.user_id)
    if person is None:
        raise NotFound("there is no such person", check="person")
    named = () if asked.resource is None else (asked.resource,)
    registry = await server.registry.current()
    try:
        found = preview.of(server.issuer, registry, client, person, asked.scope, named, operator.now)
    except OAuthError as refusal:
        member = "resource" if refusal.code == "invalid_target" else "scope"
        raise BadMembers((member, f"{refusal.code}: {refusal.description}"), check="members") from None
    await operator.commit()
    return making.shown(found)
