"""Facts of people's accounts: what was sent to them, and what they changed. `events` has them too."""

from dataclasses import dataclass

from mintmark.event import Event


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
