"""An invitation is made: its link is shown once, or goes to the address of whom it is for."""

from dataclasses import dataclass, field
from datetime import datetime

from mintmark import links, mails
from mintmark.events import Configured
from mintmark.mails import Office
from mintmark.protocol import ids, invitation, link
from mintmark.protocol.invitation import Invitation, Wanted
from mintmark.protocol.link import Link
from mintmark.protocol.person_record import RecordRefused
from mintmark.store import links as stored
from mintmark.store.changes import Change
from mintmark.store.times import at, ms


@dataclass(frozen=True, slots=True)
class Made:
    invitation: Invitation
    url: str | None = field(repr=False)  # None: it was sent
    changes: tuple[Change, ...]
    event: Configured


def make(office: Office, wanted: Wanted, actor: str, now: datetime) -> Made:
    """Raises RecordRefused where it should be sent, and no mail is."""
    if wanted.mail and not mails.is_on(office):
        raise RecordRefused("mail", "cannot be: no mail is sent here, for MINTMARK_SMTP_URL is not set")
    secret = ids.secret(link.PREFIX, office.random(link.SECRET_BYTES))
    made_at, until = at(ms(now)), at(ms(wanted.expires_at))
    made = Link(
        ids.digest(secret), "invite", None, wanted.email, invitation.detail(wanted), None, 0, made_at, until, None
    )
    changes: list[Change] = [stored.add(made)]
    if wanted.mail and wanted.email is not None:
        changes += mails.send(office, "invitation", wanted.email, {"token": secret}, now, expires_at=until)
    found = invitation.of(made)
    url = None if wanted.mail else links.address(office.settings.issuer, secret)
    return Made(found, url, tuple(changes), configured(found, "create", actor))


def configured(one: Invitation, change: str, actor: str) -> Configured:
    """Members: what it gives, never the address."""
    members = " ".join(name for name, value in (("email", one.email), ("groups", one.groups)) if value)
    return Configured(kind="invitation", subject=one.id, change=change, members=members, actor=actor)
