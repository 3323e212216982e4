"""Who may make an account of their own."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

import mintmark.settings.forms as forms
from mintmark.settings.forms import Duration, Kind, Throttle, ThrottleOrOff

_DOMAIN = re.compile(r"(?=.{1,253}\Z)[^\s@.]{1,63}(\.[^\s@.]{1,63})+")


def _domains(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not _DOMAIN.fullmatch(name):
            raise ValueError(f"must be domains such as example.org; {name!r} is none")
    return tuple(dict.fromkeys(name.lower() for name in names))


Domains = Annotated[
    tuple[str, ...], BeforeValidator(forms.listed), AfterValidator(_domains), Kind("domains, separated by commas")
]


class SigningUp(BaseModel):
    """Part of Settings."""

    sign_up: Annotated[Literal["off", "invited", "domains", "open"], Kind("`off`, `invited`, `domains` or `open`")] = (
        Field(
            default="off",
            description="Who may make an account at `/sign-up`: nobody, who was invited (the page says so), who has an "
            "address in MINTMARK_SIGN_UP_DOMAINS, or anybody. An invitation works always.",
        )
    )
    sign_up_domains: Domains = Field(
        default=(), description="The domains, exactly as they stand behind the @, of addresses that may sign up."
    )
    sign_up_link_lifetime: Duration = Field(
        default=timedelta(days=1), description="How long the link is good with which a sign-up goes on."
    )
    throttle_sign_up: ThrottleOrOff = Field(
        default=Throttle(20, timedelta(hours=1)), description="Sign-ups, and names that are tried, from one address."
    )

    @property
    def signs_up(self) -> bool:
        """Whether somebody without an invitation can make an account."""
        return self.sign_up in ("domains", "open")

    def wrong_sign_up(self, *, mails: bool) -> Iterator[str]:
        """Sentences. mails: whether mail is sent."""
        if self.signs_up and not mails:
            yield "MINTMARK_SIGN_UP needs MINTMARK_SMTP_URL: an address is proved by a mail before anything else works"
        if self.sign_up == "domains" and not self.sign_up_domains:
            yield "MINTMARK_SIGN_UP_DOMAINS must name a domain where MINTMARK_SIGN_UP is domains"
