"""A letter to an address that somebody says is theirs: its link proves it (`pages.verify`)."""

from collections.abc import Sequence
from datetime import datetime

from mintmark import links, mails
from mintmark.protocol.link import Account
from mintmark.server import Server
from mintmark.store import links as stored
from mintmark.store.changes import Change


async def letter(
    server: Server,
    person_id: str,
    email: str,
    now: datetime,
    *,
    account: Account | None = None,
    languages: Sequence[str] = (),
) -> list[Change]:
    """What goes with the commit of its cause; links that were sent before are over. Nothing where no mail is sent.

    account: of somebody who is added in that very commit; None: as it is stored. languages: that they read.
    """
    if not mails.is_on(server):
        return []
    lifetime = server.settings.verify_link_lifetime
    made = await links.make(server, "verify", person_id, lifetime, now, email=email, account=account)
    if made is None:
        return []
    sent = mails.send(
        server,
        "verify_email",
        email,
        {"token": made.secret, "whose": person_id},
        now,
        expires_at=made.expires_at,
        languages=languages,
    )
    return [stored.end_all(person_id, "verify", now), made.change, *sent]
