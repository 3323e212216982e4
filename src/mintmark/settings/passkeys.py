"""What the operator decides about passkeys."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from mintmark.settings.forms import Kind, listed

_AAGUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def _aaguids(given: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(one.strip().lower() for one in given))
    if not all(map(_AAGUID.fullmatch, found)):
        raise ValueError("must be AAGUIDs such as ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4, separated by commas")
    return found


Aaguids = Annotated[
    tuple[str, ...], BeforeValidator(listed), AfterValidator(_aaguids), Kind("AAGUIDs, separated by commas")
]


class Passkeys(BaseModel):
    """Part of Settings."""

    passkey_authenticators: Aaguids = Field(
        default=(),
        description="The only authenticators whose passkeys are taken, by the AAGUID that they give; unset: any.",
    )
