"""`/policies`, `/policies/server`, `/policies/groups/{name}`: limits for everybody, and for the people of a group."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from mintmark import nearest
from mintmark.admin import bodies, lists, making, patching, paths, problems
from mintmark.admin.bodies import Body
from mintmark.admin.door import Door
from mintmark.admin.lists import Nothing, Paging
from mintmark.admin.making import IdempotencyKey, Made
from mintmark.admin.operator import READ, WRITE, Operator, needs, reads, writes
from mintmark.admin.patching import IfMatch
from mintmark.admin.problems import NotFound, Taken
from mintmark.events import Configured
from mintmark.protocol import person_record
from mintmark.protocol.person_record import RecordRefused
from mintmark.protocol.policy import Place, Policy, PolicyRefused
from mintmark.store import resources

NAME = "policies"
SERVER: tuple[Place, str] = ("server", "")
Reads = Annotated[Operator, reads("policies")]
Writes = Annotated[Operator, writes("policies")]
router = APIRouter(route_class=Door, tags=["policies"])
Documents = dict[tuple[str, str], Policy]


@router.get(
    "/policies",
    operation_id="listPolicies",
    summary="List what is stated for groups and for the server",
    responses=problems.answers("Policies") | problems.responses(),
    openapi_extra=needs(READ, "policies"),
)
async def index(operator: Reads, asked: Annotated[Paging, Query()]) -> Response:
    stated = [*((await _stated(operator)).items())]
    page = lists.cut(operator.server.registry, NAME, stated, asked, lambda one: "/".join(one[0]))
    await operator.commit()
    return making.shown(page.document(lambda one: _document(one[0][1], one[1])))


@router.get(
    "/policies/server",
    operation_id="getServerPolicy",
    summary="Show what is stated for the server",
    responses=problems.answers("ServerPolicy", tag=True) | problems.responses(),
    openapi_extra=needs(READ, "policies"),
)
async def show_server(operator: Reads, asked: Annotated[Nothing, Query()]) -> Response:
    found = (await _stated(operator))[SERVER]
    await operator.commit()
    return making.shown(_document("", found), tag=True)


@router.patch(
    "/policies/server",
    operation_id="changeServerPolicy",
    summary="State other limits for the server",
    responses=problems.answers("ServerPolicy", tag=True) | problems.responses(412, 413, 415, 428),
    openapi_extra=needs(WRITE, "policies") | bodies.documented("ServerPolicyChange", patch=True),
)
async def change_server(
    operator: Writes, request: Request, asked: Annotated[Nothing, Query()], if_match: IfMatch = None
) -> Response:
    return await _change(operator, await bodies.read_patch(request), SERVER, if_match)


@router.post(
    "/policies",
    operation_id="createGroupPolicy",
    summary="State limits for the people of a group",
    status_code=201,
    responses=problems.answers("GroupPolicy", 201, tag=True) | problems.responses(409, 413, 415, 422),
    openapi_extra=needs(WRITE, "policies") | bodies.documented("NewGroupPolicy"),
)
async def add(
    operator: Writes,
    request: Request,
    asked: Annotated[Nothing, Query()],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    body = await bodies.read(request)

    async def decide() -> Made:
        name, policy = patching.readable(_read_new, body)
        if ("group", name) in await _stated(operator):
            raise Taken(("group", "has a policy already"), check="policy taken")
        document = _document(name, policy)
        event = _configured(operator, name, "create", patching.changed({}, {"policy": document["policy"]}))
        address = paths.to(operator.server.registry.catalogue.admin_api, NAME, "groups", name)
        changes = resources.add_policy("group", name, policy, operator.now)
        return Made(document, changes, [event], 201, address, tag=True)

    return await making.post(operator, idempotency_key, body, decide)


@router.get(
    "/policies/groups/{name}",
    operation_id="getGroupPolicy",
    summary="Show what is stated for a group",
    responses=problems.answers("GroupPolicy", tag=True) | problems.responses(404),
    openapi_extra=needs(READ, "policies"),
)
async def show_group(operator: Reads, name: paths.Name, asked: Annotated[Nothing, Query()]) -> Response:
    found = _require(await _stated(operator), name)
    await operator.commit()
    return making.shown(_document(name, found), tag=True)


@router.patch(
    "/policies/groups/{name}",
    operation_id="changeGroupPolicy",
    summary="State other limits for a group",
    responses=problems.answers("GroupPolicy", tag=True) | problems.responses(404, 412, 413, 415, 428),
    openapi_extra=needs(WRITE, "policies") | bodies.documented("GroupPolicyChange", patch=True),
)
async def change_group(
    operator: Writes,
    request: Request,
    name: paths.Name,
    asked: Annotated[Nothing, Query()],
    if_match: IfMatch = None,
) -> Response:
    return await _change(operator, await bodies.read_patch(request), ("group", name), if_match)


@router.delete(
    "/policies/groups/{name}",
    operation_id="deleteGroupPolicy",
    summary="State nothing for a group any more",
    status_code=204,
    responses=problems.responses(404, 412),
    openapi_extra=needs(WRITE, "policies"),
)
async def delete(
    operator: Writes, name: paths.Name, asked: Annotated[Nothing, Query()], if_match: IfMatch = None
) -> Response:
    async def decide() -> Made:
        stated = await _stated(operator)
        if ("group", name) not in stated and await making.was_deleted(operator, NAME, name):
            return Made(None)
        patching.must_match(if_match, _document(name, _require(stated, name)), wanted=False)
        gone = [*resources.delete_policy("group", name)]
        gone.append(await making.remember_deleted(operator, NAME, name, operator.now))
        return Made(None, gone, [_configured(operator, name, "delete")])

    return await making.change(operator, decide)


async def _change(operator: Operator, body: Body, at: tuple[Place, str], if_match: str | None) -> Response:
    async def decide() -> Made:
        there, (place, name), patch = await _stated(operator), at, dict(body)
        known = there[SERVER] if place == "server" else _require(there, name)
        before = _document(name, known)
        patching.must_match(if_match, before)
        patching.take_unchanged(patch, before, ("group",))
        policy = patching.readable(lambda left: _read(left, place), patching.merge({"policy": before["policy"]}, patch))
        document = _document(name, policy)
        names = patching.changed(before, document)
        if not names:
            return Made(document, tag=True)
        is_new = at not in await resources.policies(operator.server.store)
        writing = resources.add_policy if is_new else resources.change_policy
        event = _configured(operator, name, "create" if is_new else "update", names)
        return Made(document, writing(place, name, policy, operator.now), [event], tag=True)

    return await making.change(operator, decide)


async def _stated(operator: Operator) -> Documents:
    """The server's is always there, and states nothing at first."""
    return {SERVER: Policy(), **await resources.policies(operator.server.store)}


def _require(stated: Documents, name: str) -> Policy:
    if ("group", name) not in stated:
        raise NotFound("nothing is stated for such a group", check="policy")
    return stated["group", name]


def _document(name: str, policy: Policy) -> dict[str, Any]:
    """group: null, it is the server's."""
    return {"group": name or None, "policy": policy.document()}


def _read_new(body: Body) -> tuple[str, Policy]:
    if "group" not in body:
        raise RecordRefused("group", "is missing")
    rest = {name: value for name, value in body.items() if name != "group"}
    try:
        person_record.MEMBERS["groups"]("group", [body["group"]])
    except RecordRefused as refusal:
        raise RecordRefused("group", refusal.message) from None
    return str(body["group"]), _read(rest, "group")


def _read(body: Mapping[str, object], at: Place) -> Policy:
    for name in body:
        if name != "policy":
            raise RecordRefused(name, f"is no member of what is stated here{nearest.hint(name, ('policy',))}")
    stated = body.get("policy")
    if stated is not None and not isinstance(stated, Mapping):
        raise RecordRefused("policy", "must be an object of policy members")
    try:
        return Policy.read(stated or {}, at=at)
    except PolicyRefused as refusal:
        raise RecordRefused(f"policy.{refusal.path}", refusal.message) from None


def _configured(operator: Operator, name: str, change: str, members: str = "") -> Configured:
    subject = f"group {name}" if name else "server"
    return Configured(kind="policy", subject=subject, change=change, members=members, actor=operator.actor)
