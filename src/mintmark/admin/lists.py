"""What all lists have in common: how much is asked for, where a page begins, and the parameters nobody knows."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mintmark.protocol.errors import InvalidRequest
from mintmark.registry import Registry
from mintmark.store import listing

_MAC = 32  # bytes
LONGEST = 300  # characters of an id or a client_id that can be asked for

Text = Annotated[str, Field(max_length=LONGEST)]


class Asking(BaseModel):
    """Query parameters. One that is not known is refused, for a filter that is overlooked would show, or end, more."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def without_empty_ones(cls, sent: Any) -> Any:  # Any: pydantic's own
        """An empty value is an absent one, everywhere (choices)."""
        return {name: value for name, value in sent.items() if value != ""} if isinstance(sent, dict) else sent


class Nothing(Asking):
    """No parameter at all."""


class PageAsked(Asking):
    limit: int = Field(default=50, ge=1, le=listing.MOST, description="How many items at most.")
    after: str | None = Field(default=None, max_length=1000, description="`next` of the page before.")
    ended: bool = Field(default=False, description="Those that have ended or expired as well.")


def cursor(registry: Registry, name: str, last_id: str) -> str:
    """Where the next page begins. Only what we said ourselves is understood again."""
    written = last_id.encode()
    return urlsafe_b64encode(registry.mac("csrf", _said(name, written)) + written).rstrip(b"=").decode()


def read_cursor(registry: Registry, name: str, after: str | None) -> str | None:
    """The id behind which the page begins; None: at the newest."""
    if after is None:
        return None
    try:
        given = urlsafe_b64decode(after.encode("ascii") + b"=" * (-len(after) % 4))
        last_id = given[_MAC:].decode()
    except ValueError as error:
        raise _unknown() from error
    if not registry.is_mac("csrf", _said(name, given[_MAC:]), given[:_MAC]):
        raise _unknown()
    return last_id


def _said(name: str, last_id: bytes) -> bytes:
    return b"after\0" + name.encode() + b"\0" + last_id


def _unknown() -> InvalidRequest:
    return InvalidRequest("after is not what a page of this list said was next", check="after")
