"""What is to be sent: written in the commit of its cause, taken by one node at a time, kept until it arrived.

A row that is taken becomes due again when its lease is over: a node that dies while it sends has nothing to clear up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Delete, Select, bindparam, delete, exists, func, select, update

from mintmark.events import Event
from mintmark.protocol import ids, webhook
from mintmark.protocol.webhook import Webhook
from mintmark.store import schema
from mintmark.store.changes import Change, Insert, Run, Update, Value
from mintmark.store.executor import Executor, Read
from mintmark.store.times import at, ms

_TABLE = schema.outbox
WEBHOOK, LOGOUT, MAIL = "webhook", "logout", "mail"  # kinds
LONGEST_ERROR = 300  # characters
BATCH, MOST = 500, 200  # rows in one change set of the purge; change sets in one call


@dataclass(frozen=True, slots=True)
class Message:
    """Something to be sent, taken by us."""

    id: str
    kind: str
    receiver: str
    subject: str
    payload: str
    created_at: datetime
    attempts: int  # this one counted


def add(id: str, kind: str, receiver: str, subject: str, payload: str, now: datetime) -> Change:
    """Goes with the changes that are its cause."""
    return Insert(
        _TABLE,
        {"id": id, "kind": kind, "receiver": receiver, "subject": subject, "payload": payload,
         "created_at": ms(now), "due_at": ms(now), "attempts": 0},
    )  # fmt: skip


def told(
    webhooks: Iterable[Webhook], events: Iterable[Event], now: datetime, request_id: str | None, random: bytes
) -> list[Change]:
    """A row for each webhook that wants an event. random: ten bytes; each row's id is made of them and its number."""
    start = int.from_bytes(random)
    made: list[Change] = []
    for event in events:
        for one in webhook.wanted(webhooks, event.name):
            id = ids.uuid7(now, ((start + len(made)) % (1 << 80)).to_bytes(10))
            made.append(add(id, WEBHOOK, one.id, event.name, webhook.message(event, now, request_id), now))
    return made


# ── sending

# Receivers are skipped through by their index, however much waits for each.
_pending = _TABLE.c.due_at.is_not(None)
_first = select(func.min(_TABLE.c.receiver).label("receiver")).where(_pending).cte("receivers", recursive=True)
_next = select(func.min(_TABLE.c.receiver)).where(_pending, _TABLE.c.receiver > _first.c.receiver).scalar_subquery()
_receivers = _first.union_all(select(_next).where(_first.c.receiver.is_not(None)))
_waits = exists().where(_pending, _TABLE.c.receiver == _receivers.c.receiver, _TABLE.c.due_at <= bindparam("now"))
_DUE_RECEIVERS = Read(select(_receivers.c.receiver).where(_receivers.c.receiver.is_not(None), _waits))
_DUE = Read(
    select(_TABLE.c.id, _TABLE.c.kind, _TABLE.c.receiver, _TABLE.c.subject, _TABLE.c.payload, _TABLE.c.created_at,
           _TABLE.c.attempts, _TABLE.c.due_at)
    .where(_pending, _TABLE.c.receiver == bindparam("receiver"), _TABLE.c.due_at <= bindparam("now"))
    .order_by(_TABLE.c.due_at)
    .limit(bindparam("limit"))
)  # fmt: skip


async def due_receivers(store: Executor, now: datetime) -> list[str]:
    """For whom something is due."""
    return [row[0] for row in await store.fetch(_DUE_RECEIVERS, now=ms(now))]


async def due(
    store: Executor, receiver: str, now: datetime, limit: int, until: datetime
) -> list[tuple[Message, Change]]:
    """What is due for the receiver, oldest first, and the change that takes it until then: of several that try at
    once, one succeeds, and the others meet Conflict."""
    found: list[tuple[Message, Change]] = []
    for id, kind, to, subject, payload, created, attempts, due_at in await store.fetch(
        _DUE, receiver=receiver, now=ms(now), limit=limit
    ):
        message = Message(id, kind, to, subject, payload, at(created), attempts + 1)
        guard = {"id": id, "due_at": due_at, "attempts": attempts}
        lease = ms(until)
        found.append(
            (message, Update(_TABLE, guard, {"due_at": lease, "taken_until": lease, "attempts": attempts + 1}))
        )
    return found


def done(message: Message, now: datetime) -> Change:
    """Conflict where the lease was over and another took it, or an operator discarded it."""
    return _ended(message, {"done_at": ms(now), "last_error": None})


def again(message: Message, due_at: datetime, why: str) -> Change:
    values = {"due_at": ms(due_at), "taken_until": None, "last_error": why[:LONGEST_ERROR]}
    return Update(_TABLE, _taken(message), values)


def give_up(message: Message, now: datetime, why: str) -> Change:
    return _ended(message, {"given_up_at": ms(now), "last_error": why[:LONGEST_ERROR]})


def _ended(message: Message, values: dict[str, Any]) -> Change:
    return Update(_TABLE, _taken(message), {"due_at": None, "taken_until": None, **values})


def _taken(message: Message) -> dict[str, Any]:
    return {"id": message.id, "attempts": message.attempts, "done_at": None, "given_up_at": None}


# ── what operators do

_DISCARD_ALL = (
    update(_TABLE)
    .where(_TABLE.c.receiver == bindparam("of_receiver"), _pending)
    .values(due_at=None, taken_until=None, given_up_at=bindparam("at"), last_error=bindparam("why"))
)


def retry(id: str, attempts: int, taken_until: datetime | None, now: datetime) -> Change:
    """From the beginning, also of one that is done or given up; the rest as it was read, else Conflict."""
    values = {"due_at": ms(now), "taken_until": None, "attempts": 0, "done_at": None, "given_up_at": None}
    return Update(_TABLE, {"id": id, "attempts": attempts, "taken_until": ms(taken_until)}, values)


def discard(id: str, attempts: int, now: datetime, why: str) -> Change:
    values = {"due_at": None, "taken_until": None, "given_up_at": ms(now), "last_error": why}
    return Update(_TABLE, {"id": id, "attempts": attempts, "done_at": None, "given_up_at": None}, values)


def discard_all(receiver: str, now: datetime, why: str) -> Change:
    """Whatever still waits for it."""
    return Run(_DISCARD_ALL, {"of_receiver": receiver, "at": ms(now), "why": why})


# ── what goes

KEPT_DONE = timedelta(days=7)
KEPT_GIVEN_UP = timedelta(days=30)  # somebody may mend the receiver, and want it all again


def _gone(ended: Any) -> Select[*tuple[Any, ...]]:  # Any: a column
    # An id tells when the row was made: no row ended before that. So the index of the state finds the old ones.
    old = select(_TABLE.c.id).where(ended.is_not(None), _TABLE.c.id < bindparam("oldest"), ended < bindparam("before"))
    return old.order_by(_TABLE.c.id).limit(BATCH)


def _delete(ended: Any) -> Delete:  # Any: a column
    return delete(_TABLE).where(_TABLE.c.id.in_(_gone(ended).with_for_update(skip_locked=True)))


_DONE, _GIVEN_UP = Read(_gone(_TABLE.c.done_at)), Read(_gone(_TABLE.c.given_up_at))
_DELETE_DONE, _DELETE_GIVEN_UP = _delete(_TABLE.c.done_at), _delete(_TABLE.c.given_up_at)


async def purge(store: Executor, now: datetime) -> int:
    """Deletes what ended long ago, a few hundred rows at a time; answers how many."""
    gone = 0
    for read, statement, kept in ((_DONE, _DELETE_DONE, KEPT_DONE), (_GIVEN_UP, _DELETE_GIVEN_UP, KEPT_GIVEN_UP)):
        before = now - kept
        bounds: dict[str, Value] = {"before": ms(before), "oldest": ids.uuid7(before, bytes(10))}
        for _ in range(MOST):
            found = len(await store.fetch(read, **bounds))
            if found:
                await store.commit([Run(statement, bounds)])
            gone += found
            if found < BATCH:
                break
    return gone
