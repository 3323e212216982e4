"""The audit trail: one row a fact."""

from datetime import datetime

import orjson

from mintmark.events import Event
from mintmark.store import schema
from mintmark.store.changes import Change, Insert
from mintmark.store.times import ms

_TABLE = schema.audit


def add(id: str, event: Event, now: datetime, *, request_id: str | None, address: str | None, count: int = 1) -> Change:
    """count: how many equal observations this row stands for."""
    return Insert(
        _TABLE,
        {
            "id": id,
            "at": ms(now),
            "event": event.name,
            "outcome": event.outcome,
            "request_id": request_id,
            "client_id": event.client_id,
            "person_id": event.person_id,
            "session_id": event.session_id,
            "authorization_id": event.authorization_id,
            "actor": event.actor,
            "address": address,
            "count": count,
            "detail": orjson.dumps(event.detail()).decode(),
        },
    )
