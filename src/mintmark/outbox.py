"""Carries what waits in the outbox to its receivers, at least once each: they know a repeated one by its id.

Each node takes what is due under a lease, sends it outside of any transaction, and marks it. A receiver that hangs
keeps its own few places busy, here and on every other node, and nobody else's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from mintmark import logouts, webhooks
from mintmark.events import DeliveryGivenUp
from mintmark.mails import sending
from mintmark.mails.smtp import AddressRefused
from mintmark.outbound import Declined, NotReached, Pointless
from mintmark.server import Server
from mintmark.store import outbox
from mintmark.store.changes import Conflict, Unavailable
from mintmark.store.outbox import Message

Sender = Callable[[Server, Message], Awaitable[None]]  # raises NotReached

# Each kind of message, and who sends it.
SENDERS: Mapping[str, Sender] = MappingProxyType(
    {outbox.WEBHOOK: webhooks.send, outbox.LOGOUT: logouts.send, outbox.MAIL: sending.send}
)

AT_ONCE = 4  # to one receiver, by one process
LOOKS_AGAIN = 1.0  # seconds, while something is under way
LEASE = timedelta(seconds=60)  # longer than any sending takes
FIRST, FACTOR, LONGEST = 5.0, 3, 6 * 3600.0  # seconds between attempts: 5, 15, 45, … and then six hours
MOST_ATTEMPTS = 20  # the last one comes about three days after the first
MOST_DECLINED = 3  # of one that answers, and will not


async def deliver(server: Server) -> None:
    """Begins to send what is due, as far as there is room; does not wait for what comes of it."""
    due = await outbox.due_receivers(server.store, server.clock())
    if not due:
        return
    await server.registry.current()
    first = int.from_bytes(server.random(4)) % len(due)  # another one each time, so that no name is always last
    for receiver in (*due[first:], *due[:first]):
        if server.deliveries.has_room(receiver):
            server.deliveries.start(receiver, _serve(server, receiver))


async def deliver_all(server: Server) -> None:
    """Sends whatever is due, and waits for what comes of it."""
    await deliver(server)
    await server.deliveries.idle()


async def _serve(server: Server, receiver: str) -> None:
    """One message after the other, a few at a time, until nothing is due; after a failure the next turn goes on, so
    that one that is down is not asked a hundred thousand times in a row."""
    under_way: set[asyncio.Task[bool]] = set()
    goes_well = True
    try:
        while goes_well:
            taken = await _take(server, receiver, AT_ONCE - len(under_way))
            under_way |= {asyncio.create_task(_carry(server, message)) for message in taken}
            if not under_way:
                return
            ended, under_way = await asyncio.wait(under_way, timeout=LOOKS_AGAIN, return_when=asyncio.FIRST_COMPLETED)
            goes_well = all(task.result() for task in ended)
        if under_way:
            await asyncio.wait(under_way)
    except Unavailable:
        server.journal.log.warning("delivery_paused", receiver=receiver, why="the database does not answer")
    except Exception:
        server.journal.log.warning("delivery_paused", receiver=receiver, exc_info=True)
    finally:
        for task in under_way:
            task.cancel()


async def _take(server: Server, receiver: str, room: int) -> list[Message]:
    """What is ours for a minute. Raises Unavailable."""
    if room < 1:
        return []
    now = server.clock()
    found = await outbox.due(server.store, receiver, now, room, now + LEASE)
    outcomes = await asyncio.gather(*(server.store.commit([take]) for _, take in found), return_exceptions=True)
    for outcome in outcomes:
        if outcome is not None and not isinstance(outcome, Conflict):  # Conflict: another node was first
            raise outcome
    return [message for (message, _), outcome in zip(found, outcomes, strict=True) if outcome is None]


async def _carry(server: Server, message: Message) -> bool:
    """Sends and marks. Where the database is gone in between, the lease runs out and it is sent again."""
    try:
        return await _send(server, message)
    except Conflict:
        return True  # our lease was over, or an operator discarded it
    except Unavailable:
        server.journal.log.warning("delivery_unmarked", delivery=message.id, why="the database does not answer")
    except Exception:
        server.journal.log.warning("delivery_broken", delivery=message.id, kind=message.kind, exc_info=True)
    return False


async def _send(server: Server, message: Message) -> bool:
    sender = SENDERS.get(message.kind)
    try:
        if sender is None:
            raise NotReached("this version does not know how to send that")
        await sender(server, message)
    except NotReached as error:
        await _failed(server, message, error)
        # One address that is refused says nothing of the others that wait for the same mail server.
        return isinstance(error, AddressRefused | Pointless)
    await server.store.commit([outbox.done(message, server.clock())])
    _count(server.deliveries.sent, message.kind)
    return True


async def _failed(server: Server, message: Message, error: NotReached) -> None:
    now, why = server.clock(), str(error)
    _count(server.deliveries.failed, message.kind)
    if isinstance(error, Pointless):  # an operator took the receiver away: nobody waits to be told
        await server.store.commit([outbox.give_up(message, now, why)])
        return
    if message.attempts >= (MOST_DECLINED if isinstance(error, Declined) else MOST_ATTEMPTS):
        await _give_up(server, message, now, why)
        return
    due_at = now + pause(message.attempts, server.random(2))
    await server.store.commit([outbox.again(message, due_at, why)])
    server.journal.log.warning(
        "delivery_failed",
        delivery=message.id,
        kind=message.kind,
        receiver=message.receiver,
        subject=message.subject,
        attempt=message.attempts,
        why=why,
        again_at=due_at.isoformat(timespec="seconds"),
    )


async def _give_up(server: Server, message: Message, now: datetime, why: str) -> None:
    event = DeliveryGivenUp(
        kind=message.kind, receiver=message.receiver, subject=message.subject, delivery=message.id, why=why
    )
    await server.commit([outbox.give_up(message, now, why)], [event], None, now)
    _count(server.deliveries.given_up, message.kind)


def pause(attempts: int, random: bytes) -> timedelta:
    """After so many attempts. Two random bytes move it by a fifth up or down, so that what failed together comes back
    one by one."""
    seconds = min(LONGEST, FIRST * FACTOR ** min(attempts - 1, 20))
    return timedelta(seconds=seconds * (0.8 + 0.4 * int.from_bytes(random) / 0xFFFF))


def _count(counters: dict[str, int], kind: str) -> None:
    counters[kind] = counters.get(kind, 0) + 1
