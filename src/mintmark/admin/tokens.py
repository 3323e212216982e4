"""`/tokens/revoke`: an end to the tokens of a person, a client, a session, or of all that were issued before a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from mintmark import nearest
from mintmark.admin import bodies, making, patching, problems, shown
from mintmark.admin.bodies import Body
from mintmark.admin.door import Door
from mintmark.admin.lists import LONGEST, Nothing
from mintmark.admin.making import IdempotencyKey, Made
from mintmark.admin.operator import WRITE, Operator, needs, writes
from mintmark.admin.problems import BadMembers
from mintmark.events import TokensRevoked
from mintmark.protocol.client_metadata import MetadataRefused
from mintmark.store import authorizations, clients, configuration, listed_sessions, people
from mintmark.store.changes import Change

REASON = "revoked by an operator"
MEMBERS = ("user_id", "client_id", "session_id", "issued_before")
Writes = Annotated[Operator, writes("tokens")]
router = APIRouter(route_class=Door, tags=["tokens"])


@router.post(
    "/tokens/revoke",
    operation_id="revokeTokens",
    summary="End tokens; answers when no node takes them any more. Sessions stay, unless all is ended",
    status_code=204,
    responses=problems.responses(413, 415, 422),
    openapi_extra=needs(WRITE, "tokens") | bodies.documented("Revoke"),
)
async def revoke(
    operator: Writes,
    request: Request,
    asked: Annotated[Nothing, Query()],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    body = await bodies.read(request)
    wanted = patching.readable(lambda left: _read(left, operator.now), body)

    async def decide() -> Made:
        await _check_known(operator, wanted)
        changes = _changes(wanted, operator.now)
        event = TokensRevoked(
            kind=wanted.kind,
            person_id=wanted.person_id,
            client_id=wanted.client_id,
            session_id=wanted.session_id,
            before=shown.when(wanted.before),
            actor=operator.actor,
        )
        settles = wanted.kind in ("client", "everything")  # of people and sessions nobody keeps anything
        return Made(None, changes, [event], 204, settles=settles)

    return await making.post(operator, idempotency_key, body, decide)


@dataclass(frozen=True, slots=True)
class _Wanted:
    person_id: str | None
    client_id: str | None
    session_id: str | None
    before: datetime | None  # None: up to now

    @property
    def kind(self) -> str:
        if self.session_id is not None:
            return "session"
        if self.person_id is not None:
            return "person" if self.client_id is None else "person and client"
        return "everything" if self.client_id is None else "client"


def _read(body: Body, now: datetime) -> _Wanted:
    for name in body:
        if name not in MEMBERS:
            raise MetadataRefused(name, f"is nothing that tokens are revoked by{nearest.hint(name, MEMBERS)}")
    person_id, client_id, session_id = (_id(name, body.get(name)) for name in MEMBERS[:3])
    wanted = _Wanted(person_id, client_id, session_id, _moment(body.get("issued_before"), now))
    if wanted.session_id is not None and (wanted.person_id or wanted.client_id or wanted.before):
        raise MetadataRefused("session_id", "must be alone")
    if wanted.person_id is not None and wanted.client_id is not None and wanted.before is not None:
        raise MetadataRefused("issued_before", "must be with user_id, with client_id, or alone")
    if wanted.kind == "everything" and wanted.before is None:
        raise MetadataRefused("", f"one of {', '.join(MEMBERS)} must be there")
    return wanted


def _id(name: str, value: object) -> str | None:
    if value is not None and (not isinstance(value, str) or not 0 < len(value) <= LONGEST):
        raise MetadataRefused(name, f"must be text of 1 to {LONGEST} characters")
    return value


def _moment(value: object, now: datetime) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise MetadataRefused("issued_before", "must be an RFC 3339 time such as 2026-11-25T12:00:00Z")
    try:
        moment = moment.astimezone(now.tzinfo)
    except OverflowError:
        raise MetadataRefused("issued_before", "must be a time of our era") from None
    if moment > now:
        raise MetadataRefused("issued_before", "must be a time that is over")
    return moment


async def _check_known(operator: Operator, wanted: _Wanted) -> None:
    """Whoever mistypes an id must not believe that its tokens are over."""
    store, errors = operator.server.store, list[tuple[str, str]]()
    if wanted.person_id is not None and await people.find(store, wanted.person_id) is None:
        errors.append(("user_id", "is nobody"))
    if wanted.client_id is not None and await clients.find(store, wanted.client_id) is None:
        errors.append(("client_id", "is no client"))
    if wanted.session_id is not None:
        session = await listed_sessions.find(store, wanted.session_id, all_over=operator.all_over)
        if session is None:
            errors.append(("session_id", "is no session"))
    if errors:
        raise BadMembers(*errors, check="members")


def _changes(wanted: _Wanted, now: datetime) -> Sequence[Change]:
    """By watermark, however many they are; the rows of authorizations follow, where all of one are over."""
    person_id, client_id, before = wanted.person_id, wanted.client_id, wanted.before
    match wanted.kind:
        case "session":
            return [authorizations.end_by_session(str(wanted.session_id), REASON, now, everything=True)]
        case "person and client":
            return [authorizations.end_by_person_and_client(str(person_id), str(client_id), REASON, now)]
        case "person":
            ends = [authorizations.end_by_person(str(person_id), REASON, now, everything=True)]
            return [people.end_tokens(str(person_id), before or now), *([] if before else ends)]
        case "client":
            return clients.end_tokens(str(client_id), before or now)
    return [configuration.end_before(before or now)]
