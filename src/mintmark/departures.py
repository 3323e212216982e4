"""The upkeep that deletes whoever asked for it, once their day has come."""

from contextlib import suppress
from datetime import datetime

from mintmark import ending
from mintmark.events import PersonDeleted
from mintmark.server import Server
from mintmark.store import leaving
from mintmark.store.changes import Conflict

AT_ONCE = 50  # people in one run: the rest is left to the next


async def delete_due(server: Server) -> int:
    """How many went. Whoever thought again meanwhile stays, and of two nodes one deletes."""
    now, gone = server.clock(), 0
    for person_id, day in await leaving.due(server.store, now, AT_ONCE):
        with suppress(Conflict):
            await _delete(server, person_id, day, now)
            gone += 1
    return gone


async def _delete(server: Server, person_id: str, day: datetime, now: datetime) -> None:
    """Raises Conflict."""
    changes, events = ending.deletion(person_id, now)
    await server.commit(
        [leaving.stands(person_id, day), *changes], [PersonDeleted(person_id=person_id), *events], None, now
    )
