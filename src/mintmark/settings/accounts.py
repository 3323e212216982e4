"""What people may do with their own account."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

import mintmark.settings.forms as forms
from mintmark import nearest
from mintmark.settings.forms import Duration, Kind, Switch, Throttle, ThrottleOrOff

# Claims that are text. An address is proved by a link, and what groups somebody is in is not theirs to say.
TEXTS = (
    "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
    "website", "gender", "birthdate", "zoneinfo", "locale", "phone_number",
)  # fmt: skip


def _claims(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in TEXTS:
            raise ValueError(f"must be claims that are text; {name!r} is none{nearest.hint(name, TEXTS)}")
    return names


Claims = Annotated[
    tuple[str, ...],
    BeforeValidator(forms.listed),
    AfterValidator(_claims),
    Kind("claims, separated by commas"),
]


class Accounts(BaseModel):
    """Part of Settings."""

    account_claims: Claims = Field(
        default=("name", "given_name", "family_name", "middle_name", "nickname", "birthdate", "zoneinfo", "locale"),
        description="The claims that people may change of themselves; empty: none.",
    )
    account_email: Switch = Field(
        default=True,
        description="People may change their e-mail address, once they followed a link that the new one got.",
    )
    account_deletion: Switch = Field(default=True, description="People may have their own account deleted.")
    deletion_grace: Duration = Field(
        default=timedelta(days=14),
        ge=timedelta(days=7),
        le=timedelta(days=30),
        description="How long somebody who asked to be deleted may think again: 7 to 30 days.",
    )
    throttle_download: ThrottleOrOff = Field(
        default=Throttle(5, timedelta(days=1)), description="Downloads of all that is kept of a person, by that person."
    )
