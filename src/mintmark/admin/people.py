"""`/users` and `/users/{id}`: the people who can sign in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from mintmark import ending, nearest
from mintmark.admin import bodies, lists, making, patching, paths, problems, rights, shown
from mintmark.admin.bodies import Body
from mintmark.admin.door import Door
from mintmark.admin.lists import Asking, Nothing, Paging, Text
from mintmark.admin.making import IdempotencyKey, Made
from mintmark.admin.operator import READ, WRITE, Operator, needs, reads, writes
from mintmark.admin.patching import IfMatch
from mintmark.admin.problems import NotFound, Taken
from mintmark.events import Configured, Event
from mintmark.factors import hash_formats, hashing
from mintmark.protocol import ids, person_record
from mintmark.protocol.authorization import Holder
from mintmark.protocol.person_record import PersonRecord, RecordRefused
from mintmark.store import accounts, listed_people, people
from mintmark.store.changes import Change, Insert
from mintmark.store.people import Person
from mintmark.store.times import at, ms

NAME = "users"
KEPT = ("id", "has_password", "created_at", "updated_at")  # members that the server keeps
WRITE_ONLY = ("password", "password_hash")
Reads = Annotated[Operator, reads("users")]
Writes = Annotated[Operator, writes("users")]
router = APIRouter(route_class=Door, tags=["users"])


class UsersAsked(Paging):
    username: Text | None = Field(default=None, description="Whose username that is, in any spelling.")
    email: Text | None = Field(default=None, description="Whose address that is, verified or not.")


class ChangeAsked(Asking):
    end_sessions: bool = Field(default=False, description="End every session and token as well.")


@router.get(
    "/users",
    operation_id="listUsers",
    summary="List people",
    responses=problems.answers("Users") | problems.responses(),
    openapi_extra=needs(READ, "users"),
)
async def index(operator: Reads, asked: Annotated[UsersAsked, Query()]) -> Response:
    registry = operator.server.registry
    found = await listed_people.page(
        operator.server.store,
        after=lists.read_cursor(registry, NAME, asked.after),
        limit=asked.limit + 1,
        username=asked.username,
        email=asked.email,
    )
    await operator.commit()
    return making.shown(lists.page(registry, NAME, found, asked, lambda one: one.holder.id).document(shown.person))


@router.get(
    "/users/{id}",
    operation_id="getUser",
    summary="Show a person",
    responses=problems.answers("User", tag=True) | problems.responses(404),
    openapi_extra=needs(READ, "users"),
)
async def show(operator: Reads, id: paths.Name, asked: Annotated[Nothing, Query()]) -> Response:
    found = shown.person(await require(operator, id))
    await operator.commit()
    return making.shown(found, tag=True)


@router.post(
    "/users",
    operation_id="createUser",
    summary="Add a person",
    status_code=201,
    responses=problems.answers("User", 201, tag=True) | problems.responses(409, 413, 415, 422),
    openapi_extra=needs(WRITE, "users") | bodies.documented("NewUser"),
)
async def add(
    operator: Writes,
    request: Request,
    asked: Annotated[Nothing, Query()],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    body = await bodies.read(request)
    wanted = await _wanted(operator, dict(body), {})

    async def decide() -> Made:
        record, now = wanted.record, operator.now
        rights.may_change_person(operator, record.groups)
        await _must_be_free(operator, record, None)
        id = ids.uuid7(now, operator.server.random(10))
        made = people.add(id, people.record(record), wanted.hashed, now)
        if wanted.disabled and isinstance(made, Insert):  # a row cannot be changed in the set that makes it
            made = made._replace(values={**made.values, "disabled_at": ms(now)})
        found = _as_stored(id, wanted, now)
        names = patching.changed({}, {**body, "username": record.username})
        event = _configured(operator, found, "create", names)
        document, address = shown.person(found), paths.to(operator.server.registry.catalogue.admin_api, NAME, id)
        return Made(document, [made], [event], 201, address, tag=True)

    return await making.post(operator, idempotency_key, body, decide)


@router.patch(
    "/users/{id}",
    operation_id="changeUser",
    summary="Change a person; a password that is sent is set, and never shown",
    responses=problems.answers("User", tag=True) | problems.responses(404, 409, 412, 413, 415, 428),
    openapi_extra=needs(WRITE, "users") | bodies.documented("UserChange", patch=True),
)
async def change(
    operator: Writes,
    request: Request,
    id: paths.Name,
    asked: Annotated[ChangeAsked, Query()],
    if_match: IfMatch = None,
) -> Response:
    body = await bodies.read_patch(request)
    before = await require(operator, id)
    rights.may_change_person(operator, before.holder.groups)
    patching.must_match(if_match, shown.person(before))
    patching.take_unchanged(body, shown.person(before), KEPT)
    wanted = await _wanted(operator, body, person_record.of(before.holder).document(), before)

    async def decide() -> Made:
        known = await require(operator, id)
        rights.may_change_person(operator, known.holder.groups, wanted.record.groups)
        patching.must_match(if_match, shown.person(known))
        await _must_be_free(operator, wanted.record, id)
        return _changed(operator, known, wanted, end_sessions=asked.end_sessions)

    return await making.change(operator, decide)


@router.delete(
    "/users/{id}",
    operation_id="deleteUser",
    summary="Delete a person, with all that they allowed",
    status_code=204,
    responses=problems.responses(404, 412),
    openapi_extra=needs(WRITE, "users"),
)
async def delete(
    operator: Writes, id: paths.Name, asked: Annotated[Nothing, Query()], if_match: IfMatch = None
) -> Response:
    async def decide() -> Made:
        known, now = await people.find(operator.server.store, id), operator.now
        if known is None:
            if await making.was_deleted(operator, NAME, id):
                return Made(None)
            raise _nobody()
        rights.may_change_person(operator, known.holder.groups)
        patching.must_match(if_match, shown.person(known), wanted=False)
        gone, events = ending.deletion(id, now, actor=operator.actor)
        gone.append(await making.remember_deleted(operator, NAME, id, now))
        return Made(None, gone, [*events, _configured(operator, known, "delete")])

    return await making.change(operator, decide)


async def require(operator: Operator, id: str) -> Person:
    found = await people.find(operator.server.store, id)
    if found is None:
        raise _nobody()
    return found


def _nobody() -> NotFound:
    return NotFound("there is no such person", check="person")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A person as they are to be; what is None stays as it is."""

    record: PersonRecord
    disabled: bool | None
    hashed: str | None = field(repr=False)


async def _wanted(operator: Operator, body: Body, before: Mapping[str, object], known: Person | None = None) -> _Wanted:
    """Raises BadMembers. Hashes the password: whoever is refused by then has cost nothing."""
    own = {name: body.pop(name) for name in (*WRITE_ONLY, "disabled") if name in body}
    whole = patching.merge(before, body)
    if "email" in body and body["email"] != before.get("email") and "email_verified" not in body:
        whole.pop("email_verified", None)  # that was said of another address
    checked = patching.readable(_read, {**whole, **own})
    if known is not None and known.holder.disabled_at is None and checked.disabled is False:
        checked = replace(checked, disabled=None)
    if (password := own.get("password")) is None:
        return checked
    return replace(checked, hashed=await operator.server.hashing.hash(str(password)))


def _read(document: Body) -> _Wanted:
    """Of the members of a person, and those that are only written. `hashed` is the hash that was sent, if any."""
    for name in document:
        if name not in person_record.MEMBERS and name not in (*WRITE_ONLY, "disabled"):
            hint = nearest.hint(name, (*person_record.MEMBERS, *WRITE_ONLY, "disabled"))
            raise RecordRefused(name, f"is no member of a person{hint}")
    password, hashed = document.get("password"), document.get("password_hash")
    _check("password", password, hashing.check)
    _check("password_hash", hashed, hash_formats.check)
    if password is not None and hashed is not None:
        raise RecordRefused("password_hash", "cannot stand beside password")
    disabled = False if document.get("disabled", False) is None else document.get("disabled")
    if disabled is not None and not isinstance(disabled, bool):
        raise RecordRefused("disabled", "must be true or false")
    record = person_record.read({name: document[name] for name in document if name in person_record.MEMBERS})
    return _Wanted(record, disabled, hashed)


def _check(name: str, value: Any, check: Any) -> None:  # Any: whatever was sent, and a rule for text
    if value is None:
        return
    if not isinstance(value, str):
        raise RecordRefused(name, "must be text")
    try:
        check(value)
    except ValueError as refusal:
        raise RecordRefused(name, str(refusal)) from None


async def _must_be_free(operator: Operator, record: PersonRecord, own: str | None) -> None:
    """Nobody signs in by a name or an address that is another's."""
    errors = []
    for member, key in (("username", record.username_key), ("email", record.email_key)):
        other = None if key is None else await people.find_signing_in(operator.server.store, key)
        if other is not None and other.holder.id != own:
            errors.append((member, f"belongs to {other.holder.username!r} already"))
    if errors:
        raise Taken(*errors, check="person taken")


def _changed(operator: Operator, known: Person, wanted: _Wanted, *, end_sessions: bool) -> Made:
    id, now, actor = known.holder.id, operator.now, operator.actor
    before = person_record.of(known.holder).document()
    names = patching.changed(before, wanted.record.document())
    record = people.record(wanted.record)
    changes: list[Change] = []
    events: list[Event] = []
    if wanted.hashed is not None:
        changes += accounts.set_password(known, wanted.hashed, now, people.columns(record, now))
        names += " password"
    elif names:
        changes.append(people.change(id, record, now))
    is_disabled = known.holder.disabled_at is not None
    turns = wanted.disabled is not None and wanted.disabled != is_disabled
    if turns:
        changes.append(people.disable(id, now) if wanted.disabled else people.enable(id, now))
        names += " disabled"
    if end_sessions or (wanted.disabled and not is_disabled):
        reason = "person disabled" if wanted.disabled else "ended by an operator"
        ends, ended = ending.everything(id, reason, now, actor=actor)
        changes, events = [*changes, *ends], [*ended]
    found = _as_stored(id, wanted, now, known) if names else known
    if wanted.hashed is not None and not turns:
        found = replace(found, updated_at=at(known.later(now)))
    if names:
        events.insert(0, _configured(operator, found, "update", names.strip()))
    return Made(shown.person(found), changes, events, tag=True)


def _as_stored(id: str, wanted: _Wanted, now: datetime, before: Person | None = None) -> Person:
    """The person as the next read shows them."""
    record, moment = people.record(wanted.record), _whole(now)
    was_disabled = None if before is None else before.holder.disabled_at
    disabled_at = was_disabled if wanted.disabled is None else ((was_disabled or moment) if wanted.disabled else None)
    holder = Holder(
        id, record.username, record.email, record.email_key is not None, record.groups, record.claims,
        record.custom_claims, disabled_at, 0, 0,
    )  # fmt: skip
    hashed = wanted.hashed or (None if before is None else before.password_hash)
    return Person(holder, hashed, moment if before is None else before.created_at, moment)


def _whole(now: datetime) -> datetime:
    """As it is stored: milliseconds."""
    return now.astimezone(UTC).replace(microsecond=now.microsecond // 1000 * 1000)


def _configured(operator: Operator, person: Person, change: str, members: str = "") -> Configured:
    holder = person.holder
    return Configured(
        kind="user", subject=holder.username, change=change, members=members, person_id=holder.id, actor=operator.actor
    )
