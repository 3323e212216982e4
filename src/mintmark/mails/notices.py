"""Letters to people about their own accounts, each with a link that ends every session: who was robbed can act."""

from datetime import datetime

from mintmark import links, mails
from mintmark.protocol.authorization import Holder
from mintmark.server import Server
from mintmark.store.changes import Change


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
