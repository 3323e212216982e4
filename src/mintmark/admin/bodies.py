"""What is sent to an operation: one JSON object, whole, in time, and no longer than it may be."""

import asyncio
import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

from mintmark.admin.problems import WrongMediaType
from mintmark.protocol.errors import InvalidRequest, TooLarge
from mintmark.server import Server
from mintmark.wire.asgi import BODY_DEADLINE

JSON, MERGE_PATCH = "application/json", "application/merge-patch+json"
DEEPEST = 32  # objects and lists in one another: what is written back must be read again
Body = dict[str, Any]  # Any: JSON


async def read(request: Request) -> Body:
    """Raises WrongMediaType, TooLarge, InvalidRequest."""
    _check_type(request, JSON)
    return _parsed(await _bytes(request))


async def read_patch(request: Request) -> Body:
    """A merge patch (RFC 7396); plain JSON is taken for one."""
    _check_type(request, MERGE_PATCH, JSON)
    return _parsed(await _bytes(request))


async def read_optional(request: Request) -> Body:
    """Nothing sent is an empty object."""
    content = await _bytes(request)
    if not content:
        return {}
    _check_type(request, JSON)
    return _parsed(content)


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


def _parsed(content: bytes) -> Body:
    try:
        found = json.loads(
            content.decode("utf-8"), object_pairs_hook=_object, parse_float=_number, parse_constant=_no_number
        )
        _check_depth(found, 1)
    except InvalidRequest:
        raise
    except (ValueError, RecursionError) as error:  # ValueError: no UTF-8, no JSON, a number of a million digits
        raise InvalidRequest(f"the body is no JSON: {str(error)[:100]}", check="body", expected="JSON") from None
    if not isinstance(found, dict):
        raise InvalidRequest("the body must be one JSON object", check="body", expected="one JSON object")
    return found


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):  # which of the two counts, nobody could say
        raise InvalidRequest("a member of the body stands there twice", check="repeated member")
    return found


def _number(text: str) -> float:
    found = float(text)
    return found if math.isfinite(found) else _no_number(text)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word[:20]} is no number that can be kept")


def _check_depth(value: object, depth: int) -> None:
    if depth > DEEPEST:
        raise InvalidRequest(f"the body is more than {DEEPEST} objects and lists deep", check="body depth")
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for one in inner:
        _check_depth(one, depth + 1)


def documented(name: str, *, patch: bool = False, required: bool = True) -> dict[str, Any]:
    """For the OpenAPI document; name: of the schema."""
    types = (MERGE_PATCH, JSON) if patch else (JSON,)
    content = {one: {"schema": {"$ref": f"#/components/schemas/{name}"}} for one in types}
    return {"requestBody": {"required": required, "content": content}}
