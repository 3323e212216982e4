"""What all lists have in common: how much is asked for, where a page begins, and the parameters nobody knows."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mintmark.protocol.errors import InvalidRequest
from mintmark.registry import Registry
from mintmark.store import listing

T = TypeVar("T")
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


class Paging(Asking):
    limit: int = Field(default=50, ge=1, le=listing.MOST, description="How many items at most.")
    after: str | None = Field(default=None, max_length=1000, description="`next` of the page before.")


class PageAsked(Paging):
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


def page(registry: Registry, name: str, found: Sequence[T], asked: Paging, key: Callable[[T], str]) -> "Page[T]":
    """Of one row more than were asked for; key: what the next page begins behind."""
    shown = found[: asked.limit]
    return Page(shown, cursor(registry, name, key(shown[-1])) if len(found) > len(shown) else None)


def cut(registry: Registry, name: str, all_: Sequence[T], asked: Paging, key: Callable[[T], str]) -> "Page[T]":
    """The page of what is few enough to be read whole; in order of the key."""
    after = read_cursor(registry, name, asked.after)
    left = [one for one in sorted(all_, key=key) if after is None or key(one) > after]
    return page(registry, name, left[: asked.limit + 1], asked, key)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    items: Sequence[T]
    next: str | None  # None: it is the last

    def document(self, show: Callable[[T], dict[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {"items": [show(one) for one in self.items]}
        return found if self.next is None else found | {"next": self.next}


def _said(name: str, last_id: bytes) -> bytes:
    return b"after\0" + name.encode() + b"\0" + last_id


def _unknown() -> InvalidRequest:
    return InvalidRequest("after is not what a page of this list said was next", check="after")
