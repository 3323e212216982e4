"""Whose turn it is to do a duty that one node does at a time, and what came of it: the table of duties (docs: upkeep).

The node that has a turn keeps it while it lives, and lets the others know a few times a minute. A turn that nobody
renewed goes to whoever asks first. It saves work and is no lock: each duty is right when two do it at once.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from mintmark.server import Server
from mintmark.store import duties
from mintmark.store.changes import Conflict, Unavailable
from mintmark.store.duties import Turn

LEAST = timedelta(seconds=30)  # how long a turn lasts that nobody renews
FACTOR = 1.5  # and at least so many times the pause between two runs
DONE, FAILED = "done", "failed"

Do = Callable[[Server], Awaitable[object]]


async def counted(server: Server, name: str, do: Do) -> None:
    """Does it, and counts how often and how long."""
    state = server.upkeep_state.of(name)
    began = time.monotonic()
    try:
        await do(server)
    except Exception:
        state.failures += 1
        raise
    finally:
        state.runs += 1
        state.seconds += time.monotonic() - began
        state.last_ended = server.clock()


async def in_turn(server: Server, name: str, every: float, do: Do) -> bool:
    """Does it where it is our turn, and says how it ended. False: another node's turn. Raises what `do` raises."""
    span = max(LEAST, timedelta(seconds=every * FACTOR))
    if not await _has_turn(server, name, span):
        return False
    keeping = asyncio.create_task(_keep(server, name, span))
    began = server.clock()
    try:
        await counted(server, name, do)
    except Exception:
        await _tell(server, name, began, FAILED)
        raise
    finally:
        keeping.cancel()
    await _tell(server, name, began, DONE)
    return True


async def _has_turn(server: Server, name: str, span: timedelta) -> bool:
    """Our turn is renewed when half of it is over: a duty of every second costs two writes a minute, and no more."""
    state, now = server.upkeep_state.of(name), server.clock()
    if state.held_until is not None and now < state.held_until - span / 2:
        return True
    found = await duties.find(server.store, name)
    if found is not None and found.holder != _me(server) and now < found.taken_until:
        state.held_until = None
        return False
    taken = Turn(name, _me(server), now + span, now, None, None)
    if found is not None:
        taken = replace(found, holder=_me(server), taken_until=now + span)
    return await _write(server, found, taken)


async def _keep(server: Server, name: str, span: timedelta) -> None:
    """While a run takes long: the turn stays ours."""
    while True:
        await asyncio.sleep(span.total_seconds() / 3)
        with suppress(Conflict, Unavailable):
            found = await duties.find(server.store, name)
            if found is not None and found.holder == _me(server):
                await _write(server, found, replace(found, taken_until=server.clock() + span))


async def _tell(server: Server, name: str, began: datetime, outcome: str) -> None:
    """For whoever looks: at once where it failed or has not been told lately, else with the next renewal."""
    state, now = server.upkeep_state.of(name), server.clock()
    if outcome == DONE and state.written_at is not None and now < state.written_at + LEAST / 2:
        return
    found = await duties.find(server.store, name)
    if found is None or found.holder != _me(server):
        return
    if await _write(server, found, replace(found, began_at=began, ended_at=now, outcome=outcome)):
        state.written_at = now


async def _write(server: Server, found: Turn | None, turn: Turn) -> bool:
    state = server.upkeep_state.of(turn.name)
    try:
        await server.store.commit([duties.take(found, turn)])
    except Conflict:  # another node was first
        state.held_until = None
        return False
    state.held_until = turn.taken_until
    return True


async def give_back(server: Server, names: list[str]) -> None:
    """At the end of a process: nobody waits for a turn that ran out."""
    with suppress(Unavailable, Conflict):
        for name in names:
            if server.upkeep_state.of(name).held_until is None:
                continue
            found = await duties.find(server.store, name)
            if found is not None and found.holder == _me(server):
                await server.store.commit([duties.take(found, replace(found, taken_until=server.clock()))])


def _me(server: Server) -> str:
    return server.upkeep_state.holder
