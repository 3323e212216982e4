"""Facts worth remembering, as frozen records: they become audit rows and log lines. No secret is ever a field."""

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


@cache
def _snake(title: str) -> str:
    return "".join(("_" + letter.lower()) if letter.isupper() else letter for letter in title).lstrip("_")


class Observation(Event):
    """Something seen that changes no state."""

    __slots__ = ()
    changes_state = False


# ── sign-in and sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Event):
    amr: str
    replaced: str | None = None  # the session that ended because another person signed in here


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInFailed(Observation):
    outcome = "refused"
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInThrottled(Observation):
    outcome = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Event):
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordRehashed(Event):
    pass


# ── authorizations and tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven(Event):
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRefused(Event):
    outcome = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorized(Event):
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationEnded(Event):
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRedeemed(Event):
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeReplayed(Event):
    outcome = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed(Event):
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshRepeated(Observation):
    """A lost answer was asked for again, within the grace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshTokenReused(Event):
    outcome = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordGrantUsed(Event):
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssued(Observation):
    grant_type: str
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(Event):
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSpent(Event):
    """The one use of a one-use token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRefused(Observation):
    outcome = "refused"
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRefused(Observation):
    outcome = "refused"
    door: str
    error: str
    check: str


# ── what operators change


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured(Event):
    """An operator changed something: what it is, its name, and which members (never their values)."""

    kind: str
    subject: str
    change: str
    members: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysChanged(Event):
    kids: str
    change: str


# ── apply files


@dataclass(frozen=True, slots=True, kw_only=True)
class FileApplied(Event):
    """An apply file was carried out, and what it left is what later changes by hand are told from."""

    file: str
    created: int
    updated: int
    deleted: int
