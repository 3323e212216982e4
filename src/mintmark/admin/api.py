"""The API as one application: its rooms, its OpenAPI document, and what stands at no address of it."""

import asyncio
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from mintmark import refused
from mintmark.admin import (
    audit,
    authorizations,
    claim_rules,
    client_secrets,
    clients,
    factors,
    front,
    initial_access_tokens,
    invitations,
    keys,
    outbox,
    people,
    policies,
    previews,
    problems,
    refusals,
    resources,
    sessions,
    shapes,
    throttles,
    tokens,
    users,
    webhooks,
)
from mintmark.protocol import scope as scopes_
from mintmark.protocol.errors import NoSuchMethod, Refusal
from mintmark.server import Server
from mintmark.wire.asgi import App

ROOMS = (
    sessions, people, users, factors, throttles, invitations, authorizations, clients, client_secrets, previews,
    initial_access_tokens, resources,
    claim_rules, policies, keys,
    tokens, audit, refusals, webhooks, outbox,
)  # fmt: skip
NO_SUCH_METHOD = "this method is not one of this address"
SUMMARY = """\
Every operation but this document needs an access token of this server whose only audience is this API. Lists answer
`items`, newest first, and `next`, the value of `after` for the next page; the last page has none."""


def build(server: Server) -> App:
    """Stands under `{issuer}/admin/api`."""
    api = _application(server.issuer)
    api.state.server = server
    api.state.turn = asyncio.Lock()
    return front.Front(api, server)


def document(issuer: str) -> dict[str, Any]:  # Any: OpenAPI's own shape
    """The OpenAPI document, without a server."""
    return _application(issuer).openapi()


def _application(issuer: str) -> FastAPI:
    api = FastAPI(
        title="Mintmark admin API",
        description=SUMMARY,
        version="1",
        servers=[{"url": f"{issuer}/admin/api"}],
        root_path_in_servers=False,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    for room in ROOMS:
        api.include_router(room.router)
    api.add_exception_handler(HTTPException, _no_such_door)
    api.openapi = lambda: _described(api, issuer)  # type: ignore[method-assign]  # FastAPI's own way of extending it
    return api


async def _no_such_door(request: Request, error: Exception) -> Response:
    """No such address (404), or not with that method (405), which says which there are (RFC 9110 §15.5.6)."""
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code != 405:
        return _told(request, problems.NotFound("there is nothing at this address", check="no such address"))
    methods: set[str] = set()
    for route in (*request.app.routes, *(route for room in ROOMS for route in room.router.routes)):
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    allowed = sorted(methods | ({"HEAD"} if "GET" in methods else set()))
    _told(request, NoSuchMethod(NO_SUCH_METHOD, check="method", expected=" ".join(allowed), got=request.method))
    return problems.answer(405, NO_SUCH_METHOD, {"allow": ", ".join(allowed)})


def _told(request: Request, error: Refusal) -> Response:
    server, asked = request.app.state.server, request.state.asked
    refused.tell(server, asked, error, server.clock(), door=f"{server.path}/admin/api")
    return problems.refused(error)


def _described(api: FastAPI, issuer: str) -> dict[str, Any]:  # Any: OpenAPI's own shape
    """The document, made once."""
    if api.openapi_schema is None:
        found = get_openapi(
            title=api.title,
            version=api.version,
            description=api.description,
            servers=api.servers,
            routes=api.routes,
            separate_input_output_schemas=False,
        )
        parts = found.setdefault("components", {})
        parts["securitySchemes"] = {"oauth2": _scheme(issuer)}
        parts["schemas"] |= {**problems.SCHEMAS, **shapes.SCHEMAS}
        api.openapi_schema = found
    return api.openapi_schema


def _scheme(issuer: str) -> dict[str, Any]:
    token = {"tokenUrl": f"{issuer}/token", "scopes": dict(scopes_.ADMIN)}
    return {
        "type": "oauth2",
        "flows": {
            "clientCredentials": token,
            "authorizationCode": {"authorizationUrl": f"{issuer}/authorize", **token},
        },
    }
