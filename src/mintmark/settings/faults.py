"""What pydantic found wrong with the settings, in sentences that name each as the operator wrote it."""

import re
from collections.abc import Iterator

from pydantic import ValidationError

import mintmark.settings.sources as sources


def sentences(problem: ValidationError, found: sources.Found) -> Iterator[str]:
    for fault in problem.errors(include_url=False, include_input=False):
        said = str(fault["ctx"]["error"]) if fault["type"] == "value_error" else fault["msg"]
        if not fault["loc"]:
            yield from said.splitlines()
            continue
        name = str(fault["loc"][0])
        if fault["type"] == "missing":
            said = "must be set, such as https://id.example.org"  # the issuer is the one that has no default
        yield f"{found.labels.get(name, sources.variable(name))} {_as_demand(said)}"


def _as_demand(said: str) -> str:
    """pydantic's own words, put like ours: "Input should be a valid string" is "must be a valid string"."""
    return re.sub(r"^(Input|String|Value) should", "must", said)
