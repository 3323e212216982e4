"""What an explanation is made of."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

Shown: TypeAlias = Literal["as it is", "without its query", "as an origin", "as a name", "where it is short", "never"]

AS_IT_IS: Shown = "as it is"  # ours, or a parameter that is no secret whatever stands in it
WITHOUT_QUERY: Shown = "without its query"  # where codes and tokens stand
AS_AN_ORIGIN: Shown = "as an origin"  # scheme and host; whatever is more, or no such thing, never
AS_A_NAME: Shown = "as a name"  # a parameter's; whatever does not look like one, never
WHERE_SHORT: Shown = "where it is short"  # shorter than a secret that sits in the wrong place
NEVER: Shown = "never"


class Explained(NamedTuple):
    """A check, for whoever must find out why a request was refused."""

    parameter: str  # of the request, or what else of it was looked at
    why: str  # one sentence: what the check holds against the request
    next: str  # one sentence: what to do now
    got: Shown = NEVER  # whether the value may be shown: never where it could be, or hold, a secret


Table: TypeAlias = Mapping[str, Explained]
