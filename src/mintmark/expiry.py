"""Sessions that run out are ended as by anybody else, so that whoever takes part in them hears of it.

They were over at their instant, whether or not a row says so: nothing waits for this.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from mintmark import ending
from mintmark.server import Server
from mintmark.store import sessions
from mintmark.store.changes import Conflict

AT_ONCE = 50  # sessions that are looked for, and ended, together
MOST = 200  # times in one run
EXPIRED = "expired"
ALL_ENDED = "everything ended"

Find = Callable[[], Awaitable[list[tuple[str, str]]]]


class Expiry:
    """Remembers up to which watermark nothing is left, so that it looks once for each."""

    def __init__(self) -> None:
        self._clear_up_to = 0  # ms

    async def end(self, server: Server) -> None:
        """Ends what ran out, and what a watermark over everything has ended. Raises Unavailable."""
        now, watermark = server.clock(), server.registry.ended_before
        await _end_all(server, lambda: sessions.run_out(server.store, now, AT_ONCE), EXPIRED, now)
        if watermark > self._clear_up_to and await _end_all(
            server, lambda: sessions.outrun(server.store, watermark, now, AT_ONCE), ALL_ENDED, now
        ):
            self._clear_up_to = watermark


async def _end_all(server: Server, find: Find, reason: str, now: datetime) -> bool:
    """Whether none is left."""
    for _ in range(MOST):
        found = await find()
        await asyncio.gather(*(_end(server, id, person_id, reason, now) for id, person_id in found))
        if len(found) < AT_ONCE:
            return True
    return False


async def _end(server: Server, id: str, person_id: str, reason: str, now: datetime) -> None:
    changes, events = await ending.session(server, id, person_id, reason, now)
    try:
        await server.commit(changes, events, None, now)
    except Conflict:
        return  # somebody else ended it meanwhile
