"""What goes out: one HTTP answer as a value, and the headers that every answer of a kind carries."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import orjson

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

CORS: Headers = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"WWW-Authenticate, DPoP-Nonce, Retry-After, X-Trace-Id"),
)
NO_STORE: Headers = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))
NOSNIFF: Headers = ((b"x-content-type-options", b"nosniff"),)
JWT = "application/jwt"
JSON: Headers = ((b"content-type", b"application/json"), *NO_STORE, *NOSNIFF, *CORS)


class Answer(NamedTuple):
    status: int
    headers: Headers
    body: bytes = b""
    error: str = ""  # the OAuth error code that it says, in whatever form

    def traced(self, trace_id: str) -> "Answer":
        """A refusal: under this id operators find out why."""
        return self.plus((b"x-trace-id", trace_id.encode("ascii")))

    def plus(self, *headers: tuple[bytes, bytes]) -> "Answer":
        return self._replace(headers=(*self.headers, *headers))


def to_json(value: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # half a surrogate pair, which only an escape can hold
        return json.dumps(value, separators=(",", ":")).encode("ascii")


def json_answer(value: Mapping[str, Any], status: int = 200) -> Answer:
    """JSON that nobody keeps (RFC 6749 §5.1)."""
    return Answer(status, JSON, to_json(value))


def token_answer(content_type: str, token: str) -> Answer:
    """A signed or encrypted token as the whole of an answer, which nobody keeps."""
    headers = ((b"content-type", content_type.encode("ascii")), *NO_STORE, *NOSNIFF, *CORS)
    return Answer(200, headers, token.encode("ascii"))


def empty(status: int = 200) -> Answer:
    """A JSON door's answer without content (RFC 7009 §2.2)."""
    return Answer(status, JSON, b"")


def redirect(location: str, status: int = 303) -> Answer:
    """303 turns a POST into a GET: credentials are never sent on (RFC 9700 §4.12)."""
    headers = ((b"location", location.encode("ascii")), *NO_STORE, *NOSNIFF, (b"referrer-policy", b"no-referrer"))
    return Answer(status, headers)
