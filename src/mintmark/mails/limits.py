"""How much mail one address gets, and how much one caller can ask for: so many in each window."""

from datetime import datetime, timedelta
from hashlib import sha256

from mintmark.protocol import throttling
from mintmark.protocol.errors import Overloaded
from mintmark.protocol.names import normalise_username
from mintmark.protocol.throttling import Pass, Tick, Wait
from mintmark.server import Server
from mintmark.settings import Throttle
from mintmark.store import throttles
from mintmark.store.changes import Conflict

TRIES = 5  # at a count that others move at the same time
WINDOW = timedelta(hours=1)


async def mailbox(server: Server, address: str, now: datetime) -> Pass | Wait:
    """Counts a letter to it that a stranger caused. Raises Overloaded."""
    row = f"mail:{sha256(normalise_username(address).encode()).hexdigest()}"
    return await _counted(server, row, server.settings.throttle_mail, now)


async def asker(server: Server, address: str, now: datetime) -> Pass | Wait:
    """Counts a letter that whoever is at that address of the network asked for. Raises Overloaded."""
    row = f"mail asked:{throttling.address_key(address).hex()}"
    return await _counted(server, row, server.settings.throttle_mail_asked, now)


async def signing_up(server: Server, address: str, now: datetime) -> Pass | Wait:
    """Counts a sign-up, or a name that was tried, from that address of the network. Raises Overloaded."""
    row = f"sign-up:{throttling.address_key(address).hex()}"
    return await _counted(server, row, server.settings.throttle_sign_up, now)


async def _counted(server: Server, row: str, limit: Throttle | None, now: datetime) -> Pass | Wait:
    if limit is None:
        return Pass()
    for _ in range(TRIES):
        count = (await throttles.find(server.store, row, row)).get(row)
        decided = throttling.from_address(count, now, most=limit.count, per=limit.per or WINDOW)
        if isinstance(decided, Tick):
            try:
                await server.store.commit([throttles.count(row, count, decided, now)])
            except Conflict:
                continue
            return Pass()
        return decided
    raise Overloaded("too much mail is asked for at once: try again", check="mail throttle")
