"""Facts of what people prove themselves by: added, removed, used, refused."""

from dataclasses import dataclass

from mintmark.event import Event, Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorAdded(Event):
    """Somebody can prove themselves by one thing more: a passkey, or an authenticator app that was confirmed."""

    factor: str
    id: str  # which of those that they have


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorRemoved(Event):
    """Something can prove somebody's identity no more."""

    factor: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodesMade(Event):
    """New recovery codes took the place of all that somebody had."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodeUsed(Event):
    """Somebody signed in, or went on, by a recovery code; so many are left."""

    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyRenamed(Event):
    """Somebody calls a passkey by another name."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyPerhapsCloned(Observation):
    """A passkey's counter did not go on, as if somebody had copied the key: it proved nothing."""

    outcome = "refused"
    id: str
    expected: int  # more than this
    got: int
