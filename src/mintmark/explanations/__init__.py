"""Why a request was refused, in plain words: one entry a check (`check=` of a Refusal). Operators alone read them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mintmark.explanations import (
    access_tokens,
    administration,
    browsers,
    clients,
    grants,
    links,
    logouts,
    passkeys,
    people,
    registration,
    request_objects,
    requests,
)
from mintmark.explanations.table import Explained

EXPLANATIONS: Final[Mapping[str, Explained]] = MappingProxyType(
    {
        **requests.TABLE,
        **clients.TABLE,
        **registration.TABLE,
        **grants.TABLE,
        **browsers.TABLE,
        **logouts.TABLE,
        **request_objects.TABLE,
        **people.TABLE,
        **passkeys.TABLE,
        **links.TABLE,
        **access_tokens.TABLE,
        **administration.TABLE,
    }
)
UNKNOWN: Final = Explained(
    "the request", "A check of another version of Mintmark refused it.", "Ask that version: `mintmark why` beside it."
)


def of(check: str) -> Explained:
    """Another node may be newer, and know checks that this one does not."""
    return EXPLANATIONS.get(check, UNKNOWN)


def page() -> str:
    """A Markdown table, for the documentation."""
    rows = [f"| `{check}` | {one.parameter} | {one.why} | {one.next} |" for check, one in EXPLANATIONS.items()]
    return "\n".join(
        ("| check | looks at | what it holds against the request | next step |", "|---|---|---|---|", *rows, "")
    )
