"""What is sent to an operation: one JSON object, whole, in time, and no longer than it may be."""

import asyncio
from typing import Any

from starlette.requests import ClientDisconnect, Request

from mintmark.admin.problems import WrongMediaType
from mintmark.protocol.errors import InvalidRequest, TooLarge
from mintmark.server import Server
from mintmark.wire import objects
from mintmark.wire.asgi import BODY_DEADLINE

JSON, MERGE_PATCH = "application/json", "application/merge-patch+json"
Body = dict[str, Any]  # Any: JSON


async def read(request: Request) -> Body:
    """Raises WrongMediaType, TooLarge, InvalidRequest."""
    _check_type(request, JSON)
    return objects.read(await _bytes(request))


async def read_patch(request: Request) -> Body:
    """A merge patch (RFC 7396); plain JSON is taken for one."""
    _check_type(request, MERGE_PATCH, JSON)
    return objects.read(await _bytes(request))


async def read_optional(request: Request) -> Body:
    """Nothing sent is an empty object."""
    content = await _bytes(request)
    if not content:
        return {}
    _check_type(request, JSON)
    return objects.read(content)


def _check_type(request: Request, *known: str) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in known:
        right = " or ".join(known)
        raise WrongMediaType(f"Content-Type must be {right}", check="content type", expected=right, got=given)


async def _bytes(request: Request) -> bytes:
    server: Server = request.app.state.server
    limit = server.settings.body_limit
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            async for part in request.stream():
                parts.append(part)
                size += len(part)
                if size > limit:
                    raise TooLarge(
                        f"the body is longer than {limit} bytes", check="body length", expected=f"{limit} bytes at most"
                    )
    except TimeoutError:
        raise InvalidRequest(
            "the body did not come in time", check="body deadline", expected=f"within {BODY_DEADLINE:.0f} s"
        ) from None
    except ClientDisconnect:
        raise InvalidRequest("the connection was closed", check="body broken off") from None
    return b"".join(parts)


def documented(name: str, *, patch: bool = False, required: bool = True) -> dict[str, Any]:
    """For the OpenAPI document; name: of the schema."""
    types = (MERGE_PATCH, JSON) if patch else (JSON,)
    content = {one: {"schema": {"$ref": f"#/components/schemas/{name}"}} for one in types}
    return {"requestBody": {"required": required, "content": content}}
