"""What happens without a request: the registry is kept fresh, observations are flushed, keys turn, the expired go."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from mintmark import chaining, departures, expiry, keyring, logouts, logs, outbox, turns
from mintmark.events import ClientDeleted
from mintmark.server import Server
from mintmark.store import client_logos, configuration, people, purge, refusals, registrations
from mintmark.store import outbox as stored_outbox
from mintmark.store.changes import Conflict, Unavailable

FRESH_EVERY = 0.4  # seconds; well under the lease
FLUSH_EVERY = 0.5
OUTBOX_EVERY = 1.0
MEMORY_EVERY = 10.0
SESSIONS_EVERY = 30.0
KEYS_EVERY = 60.0
PURGE_EVERY = 300.0
HASHES_EVERY = 600.0
UNUSED_EVERY = 3600.0
MOST_BATCHES = 50  # of unused clients in one run: the rest is left to the next
SOON = 3.0  # after the start, which nothing of this may slow down


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that is done again and again."""

    name: str
    every: float  # seconds
    do: Callable[[Server], Awaitable[object]]
    everywhere: bool = False  # False: by one node at a time, whose turn it is


def duties() -> Sequence[Duty]:
    """One line a duty."""
    return (
        Duty("registry", FRESH_EVERY, freshen, everywhere=True),
        Duty("observations", FLUSH_EVERY, flush, everywhere=True),
        Duty("logouts", OUTBOX_EVERY, logouts.tell, everywhere=True),  # of two that tell one does
        Duty("sessions", SESSIONS_EVERY, expiry.Expiry().end),
        Duty("outbox", OUTBOX_EVERY, outbox.deliver, everywhere=True),  # each message is taken by one node
        Duty("rotation", KEYS_EVERY, turn_keys),
        Duty("purge", PURGE_EVERY, clear_away),
        Duty("registrations", UNUSED_EVERY, clear_unused),
        Duty("deletions", PURGE_EVERY, departures.delete_due),
        Duty("hashes", HASHES_EVERY, note_hashes, everywhere=True),
        Duty("memory", MEMORY_EVERY, let_go_of_memory, everywhere=True),
        Duty("seal", chaining.SEAL_EVERY, chaining.Chain().seal_audit, everywhere=True),  # of two seals one is written
        Duty("retire", chaining.RETIRE_EVERY, chaining.retire_audit),
    )


def start(server: Server) -> Sequence[asyncio.Task[None]]:
    """One task a duty; a duty that fails is told, and tried again at its next turn."""
    return [asyncio.create_task(_every(server, duty)) for duty in duties()]


async def stop(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def let_go(server: Server) -> None:
    """At the end: what is being sent gets a moment, and another node may do our duties at once."""
    await server.deliveries.stop()
    await server.logos.stop()
    await turns.give_back(server, [duty.name for duty in duties() if not duty.everywhere])


async def _every(server: Server, duty: Duty) -> None:
    await asyncio.sleep(min(duty.every, SOON))
    while True:
        await attempt(server, duty)
        await asyncio.sleep(duty.every)


async def attempt(server: Server, duty: Duty) -> None:
    """Does it where it is our turn. Raises nothing."""
    try:
        if duty.everywhere:
            await turns.counted(server, duty.name, duty.do)
        else:
            await turns.in_turn(server, duty.name, duty.every, duty.do)
    except Unavailable:
        server.journal.log.warning("upkeep_failed", duty=duty.name, why="the database does not answer")
    except Exception:
        server.journal.log.warning("upkeep_failed", duty=duty.name, exc_info=True)


async def freshen(server: Server) -> None:
    await server.registry.renew()


async def flush(server: Server) -> None:
    _tell_dropped(server)  # first: more are dropped while the database does not answer than ever else
    await server.journal.flush(server.store)


def _tell_dropped(server: Server) -> None:
    dropped = server.journal.count_dropped()
    if dropped:
        server.journal.log.warning("observations_dropped", number=dropped)
    refusals_dropped = server.journal.refusals.count_dropped()
    if refusals_dropped:
        server.journal.log.warning("refusals_dropped", number=refusals_dropped)


async def last_flush(server: Server) -> None:
    """At the end: what cannot be written then is lost, and only observations wait there."""
    _tell_dropped(server)
    with suppress(Unavailable, Conflict):
        await server.journal.flush(server.store)
    logs.flush(server.journal.log)


async def turn_keys(server: Server) -> None:
    """Rotation is due by the clock; another node that did it first leaves nothing to do.

    Of every algorithm that has a key: a client may have been the one that wanted it.
    """
    wanted = sorted({*keyring.AT_FIRST, *server.registry.policies_algs(), *server.registry.ring.algs})
    if await keyring.make_keys(server.store, server.sealer, server.settings, wanted, server.clock()):
        server.registry.forget()


async def clear_away(server: Server) -> None:
    await purge.purge(server.store, server.clock())
    kept, most = server.settings.refusals_kept, server.settings.refusals_most
    await refusals.forget(server.store, server.clock() - kept, most)
    await stored_outbox.purge(server.store, server.clock())


async def clear_unused(server: Server) -> None:
    """Clients that registered themselves and that nobody signed in to in all that time."""
    span, now = server.settings.registration_unused, server.clock()
    if span is None:
        return
    for _ in range(MOST_BATCHES):
        found = await registrations.unused(server.store, now - span)
        for client_id in found:
            gone = [registrations.delete_unused(client_id), client_logos.forget(client_id)]
            event = ClientDeleted(client_id=client_id, reason="never used")
            with suppress(Conflict):  # somebody signs in to it at this very moment, or another node was first
                await server.commit(gone, [event], None, now)
        if found:
            await server.store.commit([configuration.changed()])
        if len(found) < registrations.BATCH:
            return


async def note_hashes(server: Server) -> None:
    """Which hash schemes are there, so that a failed sign-in takes as long as the dearest."""
    await server.hashing.note_schemes(await people.some_hashes(server.store))


async def let_go_of_memory(server: Server) -> None:
    """What passwords are hashed in goes back to the system when nobody signs in."""
    server.hashing.let_go_if_idle()
