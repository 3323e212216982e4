"""What an event is: a fact worth remembering, or something seen, as a frozen record."""

from dataclasses import dataclass, fields
from functools import cache
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened, and to whom.

    A fact that changes state is written in the commit of its cause; an observation goes to a bounded queue and is
    flushed within a second.
    """

    changes_state: ClassVar[bool] = True
    outcome: ClassVar[str] = "done"

    client_id: str | None = None
    person_id: str | None = None
    session_id: str | None = None
    authorization_id: str | None = None
    actor: str | None = None  # who did it, where that is neither the person nor the client: an operator

    @property
    def name(self) -> str:
        """`SessionEnded` is `session_ended`."""
        return _snake(type(self).__name__)

    def detail(self) -> dict[str, Any]:
        """The fields that are this event's own."""
        names = own(type(self))  # type: ignore[arg-type]  # mypy does not see that a class is hashable
        return {name: value for name in names if (value := getattr(self, name)) is not None}


@cache
def own(kind: type[Event]) -> tuple[str, ...]:
    """The names of the fields that not every event has."""
    shared = {field.name for field in fields(Event)}
    return tuple(field.name for field in fields(kind) if field.name not in shared)


def name_of(kind: type[Event]) -> str:
    """The name of its events."""
    return _snake(kind.__name__)


@cache
def _snake(title: str) -> str:
    return "".join(("_" + letter.lower()) if letter.isupper() else letter for letter in title).lstrip("_")


class Observation(Event):
    """Something seen that changes no state."""

    __slots__ = ()
    changes_state = False
