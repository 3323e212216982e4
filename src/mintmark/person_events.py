"""Facts of people's accounts: what was sent to them, and what they changed. `events` has them too."""

from dataclasses import dataclass

from mintmark.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountMade(Event):
    """Somebody made their own account. how: the link that it began with, sign_up or invite."""

    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSent(Event):
    """A link or a code was made for somebody, and goes to their address."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(Event):
    """Somebody has another password. how: reset (by a link) or changed (by whoever knew the old one)."""

    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailVerified(Event):
    """Somebody proved that the address they gave is theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChanged(Event):
    """Somebody has another address, which they proved to be theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChanged(Event):
    """Somebody changed what is known of them: which claims (never their values)."""

    members: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserDistrusted(Event):
    """A browser needs a second factor again."""

    browser: str  # its id


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalCopyTaken(Event):
    """Somebody downloaded all that is kept of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionAsked(Event):
    """Somebody wants to be deleted, and may think again until that day."""

    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionTakenBack(Event):
    """Somebody who wanted to be deleted stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDeleted(Event):
    """Somebody was deleted, as they had asked."""
