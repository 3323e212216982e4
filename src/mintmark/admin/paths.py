"""What stands in an address: ids may hold slashes, which are percent-encoded there and are no ends of a segment."""

from typing import Annotated, Any
from urllib.parse import quote, unquote

from pydantic import AfterValidator

from mintmark.wire.asgi import Scope

_INNER = (
    "\ufdd0"  # stands for a slash within a segment while the address is looked up; no text holds it (Unicode §23.7)
)


def whole(scope: Scope) -> str:
    """The path, decoded segment by segment."""
    raw: bytes = scope.get("raw_path") or b""
    if b"%2f" not in raw.lower():
        path: str = scope["path"]
        return path
    segments = raw.decode("latin-1").split("?", 1)[0].split("/")
    return "/".join(unquote(segment).replace("/", _INNER) for segment in segments)


def _read(segment: str) -> str:
    return segment.replace(_INNER, "/")


Name = Annotated[str, AfterValidator(_read)]  # a parameter of the path, as it is called where it is kept


def to(api: str, *segments: str) -> str:
    """The address of something under the API's."""
    return "/".join([api, *(quote(segment, safe="") for segment in segments)])


def reference(*names: str) -> dict[str, Any]:
    """A schema of the OpenAPI document, by name."""
    return {"$ref": f"#/components/schemas/{''.join(names)}"}
