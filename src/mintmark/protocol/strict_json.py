"""JSON that two readers read alike: no member stands twice, and nothing is a number that is none (RFC 8259 §4, §6)."""

import json
from collections.abc import Callable
from typing import Any, Final


def _distinct(members: list[tuple[str, Any]]) -> dict[str, Any]:
    # Two readers may take two different values of the same member (RFC 7515 §4, RFC 7519 §4).
    document = dict(members)
    if len(document) != len(members):
        raise ValueError("a member stands twice")
    return document


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


# Raises ValueError; RecursionError for thousands of brackets.
parse: Final[Callable[[str], Any]] = json.JSONDecoder(
    object_pairs_hook=_distinct, parse_constant=_refuse_constant
).decode
