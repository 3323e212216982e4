"""JSON that was sent: one object, each member once, of numbers and depths that can be kept (RFC 8259)."""

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from mintmark.protocol.errors import InvalidRequest

DEEPEST = 32  # objects and lists in one another: what is written back must be read again


def parse(content: bytes) -> Any:  # Any: JSON
    """Raises InvalidRequest."""
    try:
        found = json.loads(
            content.decode("utf-8"), object_pairs_hook=_object, parse_float=_number, parse_constant=_no_number
        )
        _check_depth(found, 1)
    except InvalidRequest:
        raise
    except (ValueError, RecursionError) as error:  # ValueError: no UTF-8, no JSON, a number of a million digits
        raise InvalidRequest(f"the body is no JSON: {str(error)[:100]}", check="body", expected="JSON") from None
    return found


def read(content: bytes) -> dict[str, Any]:
    """The object. Raises InvalidRequest."""
    found = parse(content)
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
