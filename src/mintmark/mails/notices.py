"""Letters to people about their own accounts, each with a link that ends every session: who was robbed can act."""

from datetime import datetime, timedelta

from mintmark import browser as browsers
from mintmark import devices, links, mails
from mintmark.protocol.authorization import Holder
from mintmark.server import Server
from mintmark.store.changes import Change
from mintmark.store.people import Person
from mintmark.wire.asked import Asked

NEW = timedelta(hours=1)  # an account is: whoever made it knows where they sign in


async def notice(
    server: Server, kind: str, holder: Holder, now: datetime, *, to: str | None = None, **values: str
) -> list[Change]:
    """What goes with the commit of its cause. Nothing where no mail is sent, or no address is proved to be theirs.

    to: another address of theirs than the present one.
    """
    address = to or (holder.email if holder.email_verified else None)
    if address is None or not mails.is_on(server):
        return []
    made = await links.make(
        server, "end_sessions", holder.id, server.settings.end_sessions_link_lifetime, now, email=address
    )
    if made is None:
        return []
    said = {"username": holder.username, "at": f"{now:%Y-%m-%d %H:%M} UTC", "token": made.secret, **values}
    return [made.change, *mails.send(server, kind, address, said, now)]


async def new_browser(server: Server, asked: Asked, person: Person, now: datetime) -> list[Change]:
    """For a session that begins where this account was never signed in to before."""
    if not server.settings.notify_new_browser or not mails.is_on(server) or now - person.created_at < NEW:
        return []
    if browsers.is_known_device(server, asked, person.holder.id) is not None:
        return []
    device = devices.name(asked.header(b"user-agent") or "")
    return await notice(server, "signed_in", person.holder, now, device=device, address=asked.address)
