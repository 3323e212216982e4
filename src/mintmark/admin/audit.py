"""`/audit` and `/audit/seals`: what was done, by whom and to whom, and how it is sealed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field

from mintmark.admin import lists, problems
from mintmark.admin.documents import Document
from mintmark.admin.door import Door
from mintmark.admin.lists import Asking, Text
from mintmark.admin.operator import READ, Operator, needs, reads
from mintmark.protocol import audit_chain
from mintmark.protocol.audit_chain import Seal
from mintmark.store import audit_seals, listed_audit, listing
from mintmark.store.listed_audit import Entry, Wanted
from mintmark.store.times import at

NAME, SEALS = "audit", "audit seals"
NEWEST = 2**63 - 1  # behind every number
router = APIRouter(route_class=Door, tags=["audit"])
Reading = Annotated[Operator, reads("audit")]


class AuditEvent(Document):
    """A row of the audit trail."""

    id: str
    at: datetime
    event: str = Field(description="Such as `session_ended`; docs/audit.md lists them.")
    outcome: Literal["done", "refused"]
    request_id: str | None = Field(description="null: no request was its cause.")
    client_id: str | None
    user_id: str | None
    session_id: str | None
    authorization_id: str | None
    actor: str | None = Field(description="Who did it, where that was neither the person nor the client.")
    address: str | None = Field(description="From where; null where nobody knows, or the person was erased.")
    count: int = Field(description="How many equal observations it stands for.")
    seal: int | None = Field(description="The seal that chains it; null: it comes within a second or two.")
    detail: Mapping[str, Any]  # Any: the event's own members


class AuditEvents(Document):
    items: tuple[AuditEvent, ...]
    next: str = Field(default="", description="`after` of the next page; absent on the last.")


class AuditSeal(Document):
    """A link of the chain. Whoever keeps its head elsewhere can prove later that nothing before it was changed."""

    number: int
    sealed_at: datetime
    rows: int = Field(description="How many rows it chains.")
    head: str = Field(description="In hexadecimal.")
    signature: str | None = Field(description="A compact JWS over number, head and time.")


class AuditSeals(Document):
    items: tuple[AuditSeal, ...]
    next: str = Field(default="", description="`after` of the next page; absent on the last.")


class SealsAsked(Asking):
    limit: int = Field(default=50, ge=1, le=listing.MOST, description="How many items at most.")
    after: str | None = Field(default=None, max_length=1000, description="`next` of the page before.")


class AuditAsked(SealsAsked):
    user_id: Text | None = None
    client_id: Text | None = None
    event: Text | None = None
    actor: Text | None = None
    address: Text | None = None
    outcome: Literal["done", "refused"] | None = None
    since: AwareDatetime | None = Field(default=None, description="From this instant on.")
    until: AwareDatetime | None = Field(default=None, description="Before this instant.")


@router.get(
    "/audit",
    operation_id="listAudit",
    summary="List what happened",
    response_model=AuditEvents,
    response_model_exclude_unset=True,
    responses=problems.responses(),
    openapi_extra=needs(READ, "audit"),
)
async def index(operator: Reading, asked: Annotated[AuditAsked, Query()]) -> AuditEvents:
    registry = operator.server.registry
    wanted = Wanted(
        person_id=asked.user_id,
        client_id=asked.client_id,
        actor=asked.actor,
        event=asked.event,
        address=asked.address,
        outcome=asked.outcome,
        since=asked.since,
        until=asked.until,
    )
    after = lists.read_cursor(registry, NAME, asked.after)
    found = await listed_audit.page(operator.server.store, wanted, limit=asked.limit + 1, after=after)
    items = tuple(_event(entry) for entry in found[: asked.limit])
    await operator.commit()
    if len(found) == len(items):
        return AuditEvents(items=items)
    return AuditEvents(items=items, next=lists.cursor(registry, NAME, items[-1].id))


@router.get(
    "/audit/seals",
    operation_id="listAuditSeals",
    summary="List the seals of the audit trail",
    response_model=AuditSeals,
    response_model_exclude_unset=True,
    responses=problems.responses(),
    openapi_extra=needs(READ, "audit"),
)
async def seals(operator: Reading, asked: Annotated[SealsAsked, Query()]) -> AuditSeals:
    registry = operator.server.registry
    after = lists.read_cursor(registry, SEALS, asked.after)
    before = NEWEST if after is None else int(after)
    found = await audit_seals.newest(operator.server.store, before, asked.limit + 1)
    items = tuple(_seal(seal) for seal in found[: asked.limit])
    await operator.commit()
    if len(found) == len(items):
        return AuditSeals(items=items)
    return AuditSeals(items=items, next=lists.cursor(registry, SEALS, str(items[-1].number)))


def _event(entry: Entry) -> AuditEvent:
    return AuditEvent(
        id=entry.id,
        at=entry.at,
        event=entry.event,
        outcome="refused" if entry.outcome == "refused" else "done",
        request_id=entry.request_id,
        client_id=entry.client_id,
        user_id=entry.person_id,
        session_id=entry.session_id,
        authorization_id=entry.authorization_id,
        actor=entry.actor,
        address=entry.address,
        count=entry.count,
        seal=entry.seal,
        detail=entry.detail,
    )


def _seal(seal: Seal) -> AuditSeal:
    return AuditSeal(
        number=seal.number,
        sealed_at=at(seal.sealed_at),
        rows=len(audit_chain.read_list(seal.rows) or ()),
        head=seal.head.hex(),
        signature=seal.signature,
    )
