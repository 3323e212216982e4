"""Authorization requests under way: from the first valid one until the authorization completes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select

from mintmark.protocol.next_step import Decision
from mintmark.store import schema
from mintmark.store.changes import Change, Insert, Run, Update, Values
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.times import at, ms

_TABLE = schema.requests
MOST_PER_BROWSER = 20  # the oldest give way
COLUMNS = (
    _TABLE.c.browser_digest, _TABLE.c.id, _TABLE.c.client_id, _TABLE.c.parameters, _TABLE.c.created_at,
    _TABLE.c.expires_at, _TABLE.c.decision, _TABLE.c.completed_at,
)  # fmt: skip
_FIND = Read(select(*COLUMNS).where(_TABLE.c.id == bindparam("id")))
_NEWEST = (
    select(_TABLE.c.id)
    .where(_TABLE.c.browser_digest == bindparam("browser"))
    .order_by(_TABLE.c.created_at.desc(), _TABLE.c.id.desc())
    .limit(bindparam("most"))
)
_TRIM = delete(_TABLE).where(_TABLE.c.browser_digest == bindparam("browser"), _TABLE.c.id.not_in(_NEWEST))


@dataclass(frozen=True, slots=True)
class KeptRequest:
    id: str
    client_id: str
    browser_digest: bytes | None  # None: it came by a POST from another site and belongs to no browser yet
    parameters: Mapping[str, list[str]]
    created_at: datetime
    expires_at: datetime
    decision: Decision | None
    completed_at: datetime | None


async def find(store: Executor, id: str) -> KeptRequest | None:
    rows = await store.fetch(_FIND, id=id)
    return read_row(rows[0]) if rows else None


def read_row(row: Row) -> KeptRequest:
    """From COLUMNS."""
    browser, id, client_id, parameters, created, expires, decision, completed = row
    return KeptRequest(
        id, client_id, browser, json.loads(parameters), at(created), at(expires), _decision(decision), at(completed)
    )


def add(request: KeptRequest, *, is_first: bool) -> list[Change]:
    """The newest of this browser stay, `MOST_PER_BROWSER` of them. is_first: it cannot have others."""
    values: Values = {
        "id": request.id, "client_id": request.client_id, "browser_digest": request.browser_digest,
        "parameters": json.dumps(request.parameters), "created_at": ms(request.created_at),
        "expires_at": ms(request.expires_at), "decision": None, "completed_at": None,
    }  # fmt: skip
    kept: list[Change] = [Insert(_TABLE, values)]
    if not is_first:
        kept.append(Run(_TRIM, {"browser": request.browser_digest, "most": MOST_PER_BROWSER}, few=True))
    return kept


def adopt(id: str, browser_digest: bytes) -> Change:
    """The first browser that comes with it has it."""
    return Update(_TABLE, {"id": id, "browser_digest": None, "completed_at": None}, {"browser_digest": browser_digest})


def decide(id: str, decision: Decision) -> Change:
    scope = None if decision.scope is None else " ".join(decision.scope)
    values: Values = {"decision": json.dumps({"person_id": decision.person_id, "scope": scope})}
    return Update(_TABLE, {"id": id, "completed_at": None}, values)


def complete(id: str, now: datetime) -> Change:
    """Once: of two at the same time, one gets the code."""
    return Update(_TABLE, {"id": id, "completed_at": None}, {"completed_at": ms(now)})


def _decision(text: str | None) -> Decision | None:
    if text is None:
        return None
    decided = json.loads(text)
    scope = decided["scope"]
    return Decision(decided["person_id"], None if scope is None else tuple(scope.split()))
