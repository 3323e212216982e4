"""What is sent to `/webhooks`, and what it shows."""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field, field_validator

from mintmark import durations
from mintmark.admin.documents import Document
from mintmark.protocol import webhook
from mintmark.receivers import OVERLAP, Wanted

LONGEST = 2000


class Form(BaseModel):
    """What is sent."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class WebhookSecret(Document):
    until: datetime | None = Field(description="When it signs no more; null: the newest, which has no end.")


class ShownWebhook(Document):
    """A receiver of events."""

    id: str
    name: str
    url: str
    events: tuple[str, ...] = Field(description='Names of events; with "*" at the end, all that begin so.')
    disabled: bool = Field(description="true: it is told nothing.")
    created_at: datetime
    updated_at: datetime
    secrets: tuple[WebhookSecret, ...] = Field(description="Those that sign, the newest first, without their values.")


class MadeWebhook(ShownWebhook):
    secret: str | None = Field(description="Shown this once: whsec_ and the key in base64; null: see `forgotten`.")
    forgotten: tuple[str, ...] = Field(
        default=(), description="Members that a replay does not show any more, ten minutes later."
    )


class Webhooks(Document):
    items: tuple[ShownWebhook, ...]


class TriedWebhook(Document):
    """What came of a message of the type webhook_test."""

    arrived: bool
    status: int | None = Field(description="What the receiver answered; null: nothing.")
    why: str | None = Field(description="Why it did not arrive.")


class NewWebhook(Form):
    name: str = Field(max_length=LONGEST)
    url: str = Field(max_length=LONGEST)
    events: list[str] = Field(default=["*"], max_length=webhook.MOST_PATTERNS)
    disabled: bool = False


class ChangedWebhook(Form):
    """A member that is absent stays as it is; null is the default."""

    name: str = Field(default="", max_length=LONGEST)
    url: str = Field(default="", max_length=LONGEST)
    events: list[str] | None = Field(default=None, max_length=webhook.MOST_PATTERNS)
    disabled: bool | None = None

    def wanted(self) -> Wanted:
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if "events" in given and given["events"] is None:
            given["events"] = ["*"]
        if "disabled" in given and given["disabled"] is None:
            given["disabled"] = False
        return Wanted(**given)


class RolledSecret(Form):
    overlap: str | int | None = Field(
        default=None, description='How long the one before signs too: "1d" where it is left out, "0" for not at all.'
    )

    @field_validator("overlap", mode="before")
    @classmethod
    def a_span(cls, value: object) -> object:
        if value not in (None, 0, "0"):
            durations.parse(value)
        return value

    @property
    def span(self) -> timedelta | None:
        if self.overlap is None:
            return OVERLAP
        return None if self.overlap in (0, "0") else durations.parse(self.overlap)
