"""What the operator decides about how people sign in: levels, browsers that are trusted, and how often one may try."""

from datetime import timedelta

from pydantic import BaseModel, Field

from mintmark.settings.forms import DurationOrOff, LevelsText, Throttle, ThrottleOrOff, Whole


class SigningIn(BaseModel):
    """Part of Settings."""

    acr_levels: LevelsText = Field(
        default=None,
        description="Levels of authentication by their names in `acr`, as JSON, the weakest first: how many `kinds`, "
        "which `factors` count, whether `phishing_resistant`, how `fresh`; unset: the three built-in ones.",
    )
    trusted_browser: DurationOrOff = Field(
        default=timedelta(days=30),
        description="How long a browser that the person trusts needs no second factor of them; `off`: nobody is asked.",
    )
    trusted_browsers_most: Whole = Field(
        default=10, ge=1, le=100, description="How many browsers one person may trust; the oldest gives way."
    )
    throttle_second_factor: ThrottleOrOff = Field(
        default=Throttle(5),
        description="Failed proofs of one account by one further factor before each further one must wait.",
    )
    throttle_sign_in_everybody: ThrottleOrOff = Field(
        default=Throttle(20000, timedelta(hours=1)),
        description="Failed sign-ins of everybody together; then only browsers that an account signed in from before.",
    )
