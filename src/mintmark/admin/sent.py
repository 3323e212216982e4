"""What is sent to an operation about webhooks: one JSON object, whole, in time, and no longer than it may be."""

import asyncio
import json
from typing import Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import ClientDisconnect, Request

from mintmark.protocol.errors import InvalidRequest, Refusal, TooLarge
from mintmark.server import Server
from mintmark.wire.asgi import BODY_DEADLINE

Sent = TypeVar("Sent", bound="Form")


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class WrongMediaType(Refusal):
    status = 415


async def read(request: Request, form: type[Sent], *, patch: bool = False, optional: bool = False) -> Sent:
    """patch: a merge patch (RFC 7396). optional: nothing sent is an empty object."""
    content = await _bytes(request)
    if optional and not content:
        return form()
    known = ("application/json", "application/merge-patch+json") if patch else ("application/json",)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in known:
        raise WrongMediaType(f"Content-Type must be {' or '.join(known)}", check="content type")
    try:
        return form.model_validate(json.loads(content.decode("utf-8")))
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from None
    except (ValueError, RecursionError):
        raise InvalidRequest("the body is no JSON", check="body") from None


async def _bytes(request: Request) -> bytes:
    server: Server = request.app.state.server
    limit = server.settings.body_limit
    content = b""
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            async for part in request.stream():
                content += part
                if len(content) > limit:
                    raise TooLarge(f"the body is longer than {limit} bytes")
    except TimeoutError:
        raise InvalidRequest("the body did not come in time") from None
    except ClientDisconnect:
        raise InvalidRequest("the connection was closed") from None
    return content


def documented(form: type[Form], *, patch: bool = False, required: bool = True) -> dict[str, Any]:
    """For the OpenAPI document."""
    types = ("application/merge-patch+json", "application/json") if patch else ("application/json",)
    schema = form.model_json_schema()
    return {"requestBody": {"required": required, "content": {one: {"schema": schema} for one in types}}}
