"""Invitations: a link, good once, with which somebody makes their own account, in the groups that it names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mintmark import durations, nearest
from mintmark.protocol import client_secret, person_record
from mintmark.protocol.client_metadata import MetadataRefused
from mintmark.protocol.link import Link
from mintmark.protocol.person_record import RecordRefused

MEMBERS = ("email", "groups", "expires_at", "mail")
USUAL = timedelta(days=7)
LONGEST = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Wanted:
    """As an operator asks for one."""

    email: str | None  # of whom it is for; None: whoever has the link
    groups: tuple[str, ...]
    expires_at: datetime
    mail: bool  # it goes to the address, and so it proves that the address is theirs


@dataclass(frozen=True, slots=True)
class Invitation:
    """As it is kept, without its secret."""

    id: str
    email: str | None
    groups: tuple[str, ...]
    mailed: bool
    created_at: datetime
    expires_at: datetime
    spent_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        return self.spent_at is None and now < self.expires_at


def read(sent: Mapping[str, object], now: datetime) -> Wanted:
    """Seven days where nothing else is said. Raises RecordRefused."""
    for member in sent:
        if member not in MEMBERS:
            raise RecordRefused(member, f"is no member of an invitation{nearest.hint(member, MEMBERS)}")
    stated = {name: sent[name] for name in ("email", "groups") if sent.get(name) is not None}
    found = person_record.read({**stated, "username": "invited"})
    mail = sent.get("mail") or False
    if not isinstance(mail, bool):
        raise RecordRefused("mail", "must be true or false")
    if mail and found.email is None:
        raise RecordRefused("mail", "needs an email that it is sent to")
    return Wanted(found.email, found.groups, _until(sent.get("expires_at"), now), mail)


def _until(value: object, now: datetime) -> datetime:
    if value is None:
        return now + USUAL
    try:
        found = client_secret.read_expiry(value, now)
    except MetadataRefused as refusal:
        raise RecordRefused(refusal.path, refusal.message) from None
    if found - now > LONGEST:
        raise RecordRefused("expires_at", f"must be within {durations.shortest(LONGEST)}")
    return found


def detail(wanted: Wanted) -> dict[str, object]:
    """What the link keeps beside the address."""
    return {"groups": list(wanted.groups), "mailed": wanted.mail}


def of(link: Link) -> Invitation:
    groups = link.detail.get("groups", ())
    assert isinstance(groups, Sequence)  # noqa: S101  as `detail` wrote it
    return Invitation(
        id=link.digest.hex(),
        email=link.email,
        groups=tuple(map(str, groups)),
        mailed=link.detail.get("mailed") is True,
        created_at=link.created_at,
        expires_at=link.expires_at,
        spent_at=link.spent_at,
    )
