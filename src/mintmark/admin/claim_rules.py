"""`/claim-rules` and `/claim-rules/{name}`: how claims are made of what is known of people and clients."""

import json
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from mintmark.admin import bodies, lists, making, patching, paths, problems
from mintmark.admin.bodies import Body
from mintmark.admin.door import Door
from mintmark.admin.lists import Nothing, Paging
from mintmark.admin.making import IdempotencyKey, Made
from mintmark.admin.operator import READ, WRITE, Operator, needs, reads, writes
from mintmark.admin.patching import IfMatch
from mintmark.admin.problems import BadMembers, NotFound, Taken
from mintmark.events import Configured
from mintmark.protocol import claim_rule, claim_rule_record
from mintmark.protocol import scope as scopes
from mintmark.protocol.claim_rule import ClaimRule
from mintmark.protocol.claim_rule_record import MOST, References
from mintmark.protocol.person_record import RecordRefused
from mintmark.store import claim_rules, clients

NAME = "claim-rules"
Reads = Annotated[Operator, reads(NAME)]
Writes = Annotated[Operator, writes(NAME)]
router = APIRouter(route_class=Door, tags=[NAME])
ADDRESS = "/claim-rules/{name}"


@router.get(
    "/claim-rules",
    operation_id="listClaimRules",
    summary="List claim rules, in order of their names",
    responses=problems.answers("ClaimRules") | problems.responses(),
    openapi_extra=needs(READ, NAME),
)
async def index(operator: Reads, asked: Annotated[Paging, Query()]) -> Response:
    found = await _all(operator)
    page = lists.cut(operator.server.registry, NAME, list(found.values()), asked, lambda one: one.name)
    await operator.commit()
    return making.shown(page.document(claim_rule_record.document))


@router.get(
    ADDRESS,
    operation_id="getClaimRule",
    summary="Show a claim rule",
    responses=problems.answers("ClaimRule", tag=True) | problems.responses(404),
    openapi_extra=needs(READ, NAME),
)
async def show(operator: Reads, name: paths.Name, asked: Annotated[Nothing, Query()]) -> Response:
    found = _require(await _all(operator), name)
    await operator.commit()
    return making.shown(claim_rule_record.document(found), tag=True)


@router.post(
    "/claim-rules",
    operation_id="createClaimRule",
    summary="Add a claim rule",
    status_code=201,
    responses=problems.answers("ClaimRule", 201, tag=True) | problems.responses(409, 413, 415, 422),
    openapi_extra=needs(WRITE, NAME) | bodies.documented("NewClaimRule"),
)
async def add(
    operator: Writes, request: Request, asked: Annotated[Nothing, Query()], idempotency_key: IdempotencyKey = None
) -> Response:
    body = await bodies.read(request)

    async def decide() -> Made:
        there, found = await _all(operator), await _readable(operator, body)
        if found.name in there:
            raise Taken(("name", "is there already"), check="rule taken")
        if len(there) >= MOST:
            raise Taken(("name", f"would be the {len(there) + 1}th rule, and there may be {MOST}"), check="rule taken")
        document = claim_rule_record.document(found)
        event = _configured(operator, found.name, "create", patching.changed({}, document))
        address = paths.to(operator.server.registry.catalogue.admin_api, NAME, found.name)
        return Made(document, claim_rules.add(found.name, document, operator.now), [event], 201, address, tag=True)

    return await making.post(operator, idempotency_key, body, decide)


@router.patch(
    ADDRESS,
    operation_id="changeClaimRule",
    summary="Change a claim rule",
    responses=problems.answers("ClaimRule", tag=True) | problems.responses(404, 409, 412, 413, 415, 428),
    openapi_extra=needs(WRITE, NAME) | bodies.documented("ClaimRuleChange", patch=True),
)
async def change(
    operator: Writes,
    request: Request,
    name: paths.Name,
    asked: Annotated[Nothing, Query()],
    if_match: IfMatch = None,
) -> Response:
    body = await bodies.read_patch(request)

    async def decide() -> Made:
        patch = dict(body)
        before = claim_rule_record.document(_require(await _all(operator), name))
        patching.must_match(if_match, before)
        patching.take_unchanged(patch, before, ("name",))
        document = claim_rule_record.document(await _readable(operator, patching.merge(before, patch)))
        names = patching.changed(before, document)
        if not names:
            return Made(document, tag=True)
        event = _configured(operator, name, "update", names)
        return Made(document, claim_rules.change(name, document, operator.now), [event], tag=True)

    return await making.change(operator, decide)


@router.delete(
    ADDRESS,
    operation_id="deleteClaimRule",
    summary="Delete a claim rule",
    status_code=204,
    responses=problems.responses(404, 409, 412),
    openapi_extra=needs(WRITE, NAME),
)
async def delete(
    operator: Writes, name: paths.Name, asked: Annotated[Nothing, Query()], if_match: IfMatch = None
) -> Response:
    async def decide() -> Made:
        there = await _all(operator)
        if name not in there and await making.was_deleted(operator, NAME, name):
            return Made(None)
        patching.must_match(if_match, claim_rule_record.document(_require(there, name)), wanted=False)
        gone = [*claim_rules.delete_(name), await making.remember_deleted(operator, NAME, name, operator.now)]
        return Made(None, gone, [_configured(operator, name, "delete")])

    return await making.change(operator, decide)


async def _all(operator: Operator) -> dict[str, ClaimRule]:
    language, kept = claim_rule.language(), await claim_rules.all(operator.server.store)
    return {name: claim_rule_record.stored(json.loads(text), language) for name, text in kept.items()}


def _require(there: dict[str, ClaimRule], name: str) -> ClaimRule:
    if name not in there:
        raise NotFound("there is no such claim rule", check="claim rule")
    return there[name]


async def _readable(operator: Operator, whole: Body) -> ClaimRule:
    """What it names is there."""
    language = claim_rule.language()
    found = patching.readable(lambda left: claim_rule_record.read(left, language), whole)
    resources = operator.server.registry.catalogue.resources
    words = {*scopes.IDENTITY, *(word for one in resources.values() for word in one.scopes)}
    some = [one for one in found.clients if await clients.find(operator.server.store, one) is not None]
    try:
        claim_rule_record.check_references(found, References(words, tuple(resources), some))
    except RecordRefused as refusal:
        raise BadMembers((refusal.path, refusal.message), check="members") from None
    return found


def _configured(operator: Operator, name: str, change: str, members: str = "") -> Configured:
    return Configured(kind="claim_rule", subject=name, change=change, members=members, actor=operator.actor)
