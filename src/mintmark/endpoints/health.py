"""Liveness, and readiness that means it: database, migrations, keys, and a clock that agrees with the database's."""

from mintmark.server import Server
from mintmark.store import clock as clock_
from mintmark.store import migrate
from mintmark.store.changes import Unavailable
from mintmark.wire.answer import Answer, json_answer
from mintmark.wire.asked import Asked

MOST_SKEW = 2.0  # seconds


async def live(server: Server, asked: Asked) -> Answer:
    return json_answer({"status": "live"})


async def ready(server: Server, asked: Asked) -> Answer:
    """200, or 503 that names what is missing and nothing more."""
    missing = await _missing(server)
    if missing:
        return json_answer({"status": "not ready", "missing": missing}, 503).plus((b"retry-after", b"1"))
    return json_answer({"status": "ready"})


async def _missing(server: Server) -> list[str]:
    try:
        registry = await server.registry.current()
        missing = [] if registry.ring.keys else ["keys"]
        await migrate.require_migrated(server.store)
        skew = abs((await clock_.read(server.store) - server.clock()).total_seconds())
        return missing if skew <= MOST_SKEW else [*missing, "clock"]
    except Unavailable:
        return ["database"]
    except migrate.Unmigrated:
        return ["migrations"]
