"""What happens without a request: the registry is kept fresh, observations are flushed, keys turn, the expired go."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from mintmark import chaining, keyring, logs
from mintmark.server import Server
from mintmark.store import people, purge
from mintmark.store.changes import Conflict, Unavailable

FRESH_EVERY = 0.4  # seconds; well under the lease
FLUSH_EVERY = 0.5
KEYS_EVERY = 60.0
PURGE_EVERY = 300.0
HASHES_EVERY = 600.0
SOON = 3.0  # after the start, which nothing of this may slow down


def start(server: Server) -> Sequence[asyncio.Task[None]]:
    """One task a duty; a duty that fails is told, and tried again at its next turn."""
    duties: tuple[tuple[float, Callable[[Server], Awaitable[object]]], ...] = (
        (FRESH_EVERY, freshen),
        (FLUSH_EVERY, flush),
        (KEYS_EVERY, turn_keys),
        (PURGE_EVERY, clear_away),
        (HASHES_EVERY, note_hashes),
        (chaining.SEAL_EVERY, chaining.Chain().seal_audit),
        (chaining.RETIRE_EVERY, chaining.retire_audit),
    )
    return [asyncio.create_task(_every(server, seconds, duty)) for seconds, duty in duties]


async def stop(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _every(server: Server, seconds: float, duty: Callable[[Server], Awaitable[object]]) -> None:
    await asyncio.sleep(min(seconds, SOON))
    while True:
        try:
            await duty(server)
        except Unavailable:
            server.journal.log.warning("upkeep_failed", duty=duty.__name__, why="the database does not answer")
        except Exception:
            server.journal.log.warning("upkeep_failed", duty=duty.__name__, exc_info=True)
        await asyncio.sleep(seconds)


async def freshen(server: Server) -> None:
    await server.registry.renew()


async def flush(server: Server) -> None:
    _tell_dropped(server)  # first: more are dropped while the database does not answer than ever else
    await server.journal.flush(server.store)


def _tell_dropped(server: Server) -> None:
    dropped = server.journal.count_dropped()
    if dropped:
        server.journal.log.warning("observations_dropped", number=dropped)


async def last_flush(server: Server) -> None:
    """At the end: what cannot be written then is lost, and only observations wait there."""
    _tell_dropped(server)
    with suppress(Unavailable, Conflict):
        await server.journal.flush(server.store)
    logs.flush(server.journal.log)


async def turn_keys(server: Server) -> None:
    """Rotation is due by the clock; another node that did it first leaves nothing to do."""
    wanted = sorted({*keyring.AT_FIRST, *server.registry.policies_algs()})
    if await keyring.make_keys(server.store, server.sealer, server.settings, wanted, server.clock()):
        server.registry.forget()


async def clear_away(server: Server) -> None:
    await purge.purge(server.store, server.clock())


async def note_hashes(server: Server) -> None:
    """Which hash schemes are there, so that a failed sign-in takes as long as the dearest."""
    await server.hashing.note_schemes(await people.some_hashes(server.store))
