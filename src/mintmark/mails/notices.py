"""Letters to people about their own accounts, each with a link that ends every session: who was robbed can act."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mintmark import browser as browsers
from mintmark import devices, links, mails
from mintmark.mails import Office
from mintmark.protocol.authorization import Holder
from mintmark.server import Server
from mintmark.store.changes import Change
from mintmark.store.people import Person
from mintmark.wire.asked import Asked

NEW = timedelta(hours=1)  # an account is: whoever made it knows where they sign in


async def notice(
    office: Office, kind: str, holder: Holder, now: datetime, *, languages: Sequence[str] = (), **values: str
) -> list[Change]:
    """What goes with the commit of its cause. Nothing where no mail is sent, or no address is proved to be theirs.

    languages: of the browser of whoever it is for, whose account may name none. values: may be texts.
    """
    if not holder.email_verified or not mails.is_on(office):
        return []
    lifetime = office.settings.end_sessions_link_lifetime
    made = await links.make(office, "end_sessions", holder.id, lifetime, now, email=holder.email)
    if made is None:
        return []
    said = {**_told(holder, now), "token": made.secret, **values}
    return [made.change, *mails.send(office, kind, holder, said, now, languages=languages)]


def reset_required(office: Office, holder: Holder, now: datetime) -> list[Change]:
    """Everything was ended with the password: its link leads to where another is asked for, and opens nothing."""
    url = f"{office.settings.issuer}/forgot"
    return mails.send(office, "reset_required", holder, {**_told(holder, now), "url": url}, now)


def _told(holder: Holder, now: datetime) -> dict[str, str]:
    return {"username": holder.username, "at": f"{now:%Y-%m-%d %H:%M} UTC"}


async def new_browser(server: Server, asked: Asked, person: Person, now: datetime) -> list[Change]:
    """For a session that begins where this account was never signed in to before."""
    if not server.settings.notify_new_browser or not mails.is_on(server) or now - person.created_at < NEW:
        return []
    if browsers.is_known_device(server, asked, person.holder.id) is not None:
        return []
    device = devices.name(asked.header(b"user-agent") or "")
    return await notice(server, "signed_in", person.holder, now, device=device, address=asked.address)
