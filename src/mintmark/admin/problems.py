"""What goes wrong, as a problem document (RFC 9457), beside the challenge of a bearer token (RFC 6750 §3)."""

import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from mintmark.protocol.errors import (
    InsufficientScope,
    InvalidRequest,
    NoCredentials,
    OAuthError,
    Overloaded,
    Refusal,
)
from mintmark.wire import refusals

_RIGHT = re.compile(r"did you mean '(.+)'\?|\bmust (?:be|hold) (.+)")
MEDIA_TYPE = "application/problem+json"


class NotFound(Refusal):
    """There is no such thing, and there was none that we still know of."""

    status = 404


class BadMembers(Refusal):
    """What was sent cannot be: `errors` names each member, and says what would be right."""

    def __init__(self, *errors: tuple[str, str], check: str) -> None:
        told = "; ".join(f"{member}: {detail}".lstrip(": ") for member, detail in errors)
        super().__init__(told, check=check, got=errors[0][0].partition("[")[0] or None)
        self.errors = [_error(member, detail) for member, detail in errors]


class Taken(BadMembers):
    """What was sent cannot be beside what there is."""

    status = 409


class Beyond(InsufficientScope):
    """An operator would give away, or take over, a right that they lack."""

    def __init__(self, member: str, detail: str, scope: str, *, check: str, got: str, client_id: str) -> None:
        super().__init__(detail, scope, check=check, got=got, client_id=client_id)
        self.errors = [{"member": member, "detail": detail}]


class Unmatched(Refusal):
    """It was changed since it was read (RFC 9110 §15.5.13)."""

    status = 412


class MatchMissing(Refusal):
    """RFC 6585 §3."""

    status = 428


class WrongMediaType(Refusal):
    status = 415


class AnotherBody(Refusal):
    """The Idempotency-Key was sent with something else before."""

    status = 422


class Stuck(Refusal):
    """It was done before, and what was answered cannot be told again."""

    status = 409


def answer(status: int, detail: str, headers: Mapping[str, str] | None = None, **members: object) -> Response:
    """`type` is about:blank: the status says what kind of problem it is (RFC 9457 §4.2.1). `front` adds `trace_id`."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **members}
    return Response(json.dumps(body), status, headers, MEDIA_TYPE)


def refused(error: Refusal) -> Response:
    members: dict[str, object] = {}
    detail = refusals.description(error)
    if errors := getattr(error, "errors", None):
        members |= {"errors": errors}
    if isinstance(error, OAuthError):
        challenge = dict(refusals.as_bearer(error, "").headers)[b"www-authenticate"].decode()
        named = {} if isinstance(error, NoCredentials) else {"error": error.code}
        headers = {"www-authenticate": challenge} if error.status in (401, 403) else None
        return answer(error.status, detail, headers, **named, **members)
    retry = {"retry-after": str(error.retry_after)} if isinstance(error, Overloaded) else None
    return answer(error.status, detail, retry, **members)


def _error(member: str, detail: str) -> dict[str, str]:
    """`expected` is what the sentence says would be right."""
    found = {"member": member, "detail": detail}
    right = _RIGHT.search(detail)
    return found | {"expected": right[1] or right[2]} if right else found


def invalid(error: RequestValidationError) -> Response:
    """400, naming each member: a request that cannot be read is a bad one, whatever its syntax."""
    found = [{"member": _member(one["loc"]), "detail": _sentence(one)} for one in error.errors()]
    detail = "; ".join(f"{one['member']}: {one['detail']}" for one in found)
    return answer(400, detail, errors=found)


def unreadable(error: RequestValidationError) -> InvalidRequest:
    """The same for operators who ask why: the names of the members, never their values."""
    found = [_member(one["loc"]) for one in error.errors()]
    told = f"{len(found)} that cannot be read" if len(found) > 1 else "one that is known and can be read"
    return InvalidRequest("a parameter cannot be read", check="query parameters", expected=told, got=found[0])


def failed(reference: str) -> Response:
    return answer(500, f"this is a fault of the server; its log has more under {reference}")


def _member(location: Sequence[str | int]) -> str:
    """`limit` of ("query", "limit")."""
    return ".".join(str(part)[:100] for part in location[1:]) or str(location[0])


def _sentence(error: Mapping[str, Any]) -> str:  # Any: pydantic's own
    if error["type"] == "extra_forbidden":
        return "there is no such parameter here"
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return str(error["msg"])


def _text(description: str) -> Mapping[str, object]:
    return {"type": "string", "description": description}


# For the OpenAPI document.
SCHEMAS: Mapping[str, object] = MappingProxyType(
    {
        "Problem": {
            "type": "object",
            "title": "Problem",
            "description": "A problem document (RFC 9457).",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"type": "string", "const": "about:blank"},
                "title": _text("The name of the status."),
                "status": {"type": "integer", "description": "The HTTP status."},
                "detail": _text("What to change."),
                "trace_id": _text("For `mintmark why` and `/refusals/{id}`."),
                "error": _text("The code of RFC 6750 §3.1 where the access token is the problem."),
                "errors": {
                    "type": "array",
                    "description": "Each parameter, or member of what was sent, that is not as it should be.",
                    "items": {
                        "type": "object",
                        "required": ["member", "detail"],
                        "properties": {
                            "member": _text("Such as `redirect_uris[1]`."),
                            "detail": _text("What is wrong with it."),
                            "expected": _text("What would be right, where that can be said."),
                        },
                    },
                },
            },
        }
    }
)


def _documented(description: str) -> dict[str, object]:
    return {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def responses(*more: int) -> dict[int | str, dict[str, Any]]:
    """The problems of an operation, for the OpenAPI document: those of all of them, and `more`."""
    known = {
        400: "A parameter is unknown, repeated or cannot be read.",
        401: "No access token, or one that is not good here; WWW-Authenticate says why.",
        403: "The access token lacks a scope, which WWW-Authenticate names; nobody gives away rights that they lack.",
        404: "There is no such thing.",
        409: "It cannot be beside what there is.",
        412: "It was changed since it was read: read it again.",
        413: "The body is too long.",
        415: "The body is not JSON.",
        422: "The Idempotency-Key was sent with another body before.",
        428: "If-Match is missing.",
        503: "The database does not answer, or too many change the same thing: try again after Retry-After.",
    }
    wanted = (400, 401, 403, 503, *more)
    return {status: _documented(text) for status, text in known.items() if status in wanted} | {
        "default": _documented("Any other problem.")
    }


def answers(schema: str, status: int = 200, *, tag: bool = False) -> dict[int | str, dict[str, Any]]:
    """What an operation answers, for the OpenAPI document; tag: with an ETag."""
    found: dict[str, Any] = {
        "description": "Done.",
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }
    headers = {}
    if tag:
        headers["ETag"] = {"description": "For If-Match.", "required": True, "schema": {"type": "string"}}
    if status == 201:
        headers["Location"] = {"description": "Where it is.", "required": True, "schema": {"type": "string"}}
    return {status: found | ({"headers": headers} if headers else {})}
