"""Liveness, and readiness that means it: the database takes writes, its tables and its clock agree with ours, there are
keys, and nobody told this process to end."""

import asyncio

from mintmark.server import Server
from mintmark.store import clock as clock_
from mintmark.store import migrate, writable
from mintmark.store.changes import Conflict, Unavailable
from mintmark.wire.answer import Answer, json_answer
from mintmark.wire.asked import Asked

MOST_SKEW = 2.0  # seconds
PATIENCE = 1.5  # seconds: whoever probes waits two, and a database that hangs is one that is not there


class Health:
    """Both doors of one server. However many ask at once whether it is ready, the database is asked once."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._asking: asyncio.Task[list[str]] | None = None

    async def live(self, asked: Asked) -> Answer:
        return json_answer({"status": "live"})

    async def ready(self, asked: Asked) -> Answer:
        """200, or 503 that names what is missing and nothing more."""
        missing = ["leaving"] if self._server.leaving.begun else await self._missing()
        if missing:
            return json_answer({"status": "not ready", "missing": missing}, 503).plus((b"retry-after", b"1"))
        return json_answer({"status": "ready"})

    async def _missing(self) -> list[str]:
        """A question that hangs is not asked again as long as it does."""
        asking = self._asking
        if asking is None or asking.done():
            self._asking = asking = asyncio.create_task(missing(self._server))
        done, _ = await asyncio.wait([asking], timeout=PATIENCE)
        return asking.result() if done else ["database"]


async def missing(server: Server) -> list[str]:
    try:
        registry = await server.registry.current()
        found = [] if registry.ring.keys else ["keys"]
        await migrate.require_migrated(server.store)
        await writable.attempt(server.store)
        skew = abs((await clock_.read(server.store) - server.clock()).total_seconds())
        return found if skew <= MOST_SKEW else [*found, "clock"]
    except (Unavailable, Conflict):
        return ["database"]
    except migrate.Unmigrated:
        return ["migrations"]
