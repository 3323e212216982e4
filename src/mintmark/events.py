"""Facts worth remembering, as frozen records: they become audit rows and log lines. No secret is ever a field."""

from dataclasses import dataclass

from mintmark.event import Event, Observation, name_of, own
from mintmark.factor_events import (
    FactorAdded,
    FactorRemoved,
    PasskeyPerhapsCloned,
    PasskeyRenamed,
    RecoveryCodesMade,
    RecoveryCodeUsed,
)
from mintmark.person_events import (
    AccountMade,
    BrowserDistrusted,
    DeletionAsked,
    DeletionTakenBack,
    EmailChanged,
    EmailVerified,
    LinkSent,
    PasswordChanged,
    PersonalCopyTaken,
    PersonDeleted,
    ProfileChanged,
)

# What other files hold, and what is an event all the same.
__all__ = [
    "AccountMade",
    "BrowserDistrusted",
    "DeletionAsked",
    "DeletionTakenBack",
    "EmailChanged",
    "EmailVerified",
    "Event",
    "FactorAdded",
    "FactorRemoved",
    "LinkSent",
    "Observation",
    "PasskeyPerhapsCloned",
    "PasskeyRenamed",
    "PasswordChanged",
    "PersonDeleted",
    "PersonalCopyTaken",
    "ProfileChanged",
    "RecoveryCodeUsed",
    "RecoveryCodesMade",
    "name_of",
    "own",
]

# ── sign-in and sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Event):
    """Somebody signed in, and a session began."""

    amr: str
    replaced: str | None = None  # the session that ended because another person signed in here
    trusted: bool | None = None  # the person trusts this browser from now on


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInFailed(Observation):
    """A sign-in with a wrong password, or of somebody who may not."""

    outcome = "refused"
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInThrottled(Observation):
    """A sign-in that had to wait, after too many that failed."""

    outcome = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Event):
    """A session ended, or all of a person's."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordRehashed(Event):
    """A password's hash was replaced by a better one, at sign-in."""


# ── authorizations and tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven(Event):
    """A person allowed a client its scopes."""

    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdrawn(Event):
    """A person took back what they had allowed a client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRefused(Event):
    """A person said no to a client."""

    outcome = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorized(Event):
    """A client got a code."""

    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationEnded(Event):
    """A person's grant to a client ended, with every token of it."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRedeemed(Event):
    """A code was exchanged for tokens."""

    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeReplayed(Event):
    """A code was used twice, which ended what came of it."""

    outcome = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed(Event):
    """A refresh token was used, and got its heir."""

    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshRepeated(Observation):
    """A lost answer was asked for again, within the grace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshTokenReused(Event):
    """A refresh token was used twice, too late to be a lost answer: its authorization ended."""

    outcome = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordGrantUsed(Event):
    """A client got tokens for a person's password."""

    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRuleFailed(Observation):
    """A claim rule came to nothing that can be told, and its claim was left out."""

    outcome = "failed"
    rule: str
    place: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssued(Observation):
    """An access token that nobody stores was issued."""

    grant_type: str
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(Event):
    """A client revoked a token."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSpent(Event):
    """The one use of a one-use token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRefused(Observation):
    """A client could not prove who it is."""

    outcome = "refused"
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRefused(Observation):
    """A door refused a request."""

    outcome = "refused"
    door: str
    error: str
    check: str


# ── clients that register themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRegistered(Event):
    """A client registered itself; with which initial access token, where it had one."""

    initial: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientUpdated(Event):
    """A client changed its own registration: which members (never their values)."""

    members: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientDeleted(Event):
    """A client that registered itself is gone: by itself, or because nobody ever used it."""

    reason: str


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
    """Signing keys were made, removed or sealed anew."""

    kids: str
    change: str


# ── the outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryGivenUp(Event):
    """What was to be sent did not arrive in three days of trying, or cannot arrive any more."""

    outcome = "failed"
    kind: str
    receiver: str
    subject: str
    delivery: str  # its id
    why: str


# ── the audit trail


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRetired(Event):
    """The rows of all seals up to this one may be gone: they were older than the retention."""

    through: int
    before: str  # the instant before which their seals were made
    proof: str  # what the server has signed of it: an event alone, anybody could insert


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditExported(Event):
    """Somebody took a copy of the trail away."""

    seals: int
    rows: int
    filters: str = ""


# ── upgrades and backups


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp(Event):
    """A copy of the whole database was made: its name without the folder, and its size in bytes."""

    file: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored(Event):
    """A new epoch began: whatever was issued up to that instant (RFC 3339) is over."""

    epoch: int
    ended_before: str
    kids: str  # of the keys that were announced


# ── the admin API


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensRevoked(Event):
    """An operator ended tokens: whose, and up to when they were issued (None: all of them)."""

    kind: str
    before: str | None = None


# ── apply files


@dataclass(frozen=True, slots=True, kw_only=True)
class FileApplied(Event):
    """An apply file was carried out, and what it left is what later changes by hand are told from."""

    file: str
    created: int
    updated: int
    deleted: int
