"""`/keys` and `/keys/rotate`: the signing keys, of which nobody sees the private half."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from mintmark import keyring, nearest
from mintmark.admin import bodies, lists, making, patching, problems, shown
from mintmark.admin.bodies import Body
from mintmark.admin.door import Door
from mintmark.admin.lists import Nothing, Paging
from mintmark.admin.making import IdempotencyKey, Made
from mintmark.admin.operator import READ, WRITE, Operator, needs, reads, writes
from mintmark.events import KeysChanged
from mintmark.protocol.client_metadata import MetadataRefused
from mintmark.protocol.policy import ALGS
from mintmark.store import signing_keys

NAME = "keys"
MEMBERS = ("alg", "emergency")
Reads = Annotated[Operator, reads("keys")]
Writes = Annotated[Operator, writes("keys")]
router = APIRouter(route_class=Door, tags=["keys"])


class KeysAsked(Paging):
    ended: bool = Field(default=False, description="Removed ones as well.")


@router.get(
    "/keys",
    operation_id="listKeys",
    summary="List the signing keys",
    responses=problems.answers("Keys") | problems.responses(),
    openapi_extra=needs(READ, "keys"),
)
async def index(operator: Reads, asked: Annotated[KeysAsked, Query()]) -> Response:
    there = [key.facts for key in await signing_keys.all(operator.server.store)]
    wanted = [one.kid for one in there if asked.ended or one.removed_at is None]
    found = shown.keys(there, wanted, operator.now)
    page = lists.cut(operator.server.registry, NAME, found, asked, lambda one: str(one["kid"]))
    await operator.commit()
    return making.shown(page.document(dict))


@router.post(
    "/keys/rotate",
    operation_id="rotateKeys",
    summary="Announce new keys, which sign later; in an emergency at once, and no node takes the old ones any more",
    responses=problems.answers("Rotation") | problems.responses(413, 415, 422),
    openapi_extra=needs(WRITE, "keys") | bodies.documented("Rotate", required=False),
)
async def rotate(
    operator: Writes,
    request: Request,
    asked: Annotated[Nothing, Query()],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    body = await bodies.read_optional(request)
    alg, emergency = patching.readable(_read, body)

    async def decide() -> Made:
        server, now = operator.server, operator.now
        done = await keyring.rotate(server.store, server.sealer, server.settings, alg, now, emergency=emergency)
        document = {"created": list(done.created), "removed": list(done.removed)}
        if not done.changes:
            return Made(document)
        kids = ", ".join([*done.created, *done.removed])
        event = KeysChanged(kids=kids, change="emergency" if emergency else "rotate", actor=operator.actor)
        return Made(document, done.changes, [event], settles=emergency)

    return await making.post(operator, idempotency_key, body, decide)


def _read(body: Body) -> tuple[str | None, bool]:
    for name in body:
        if name not in MEMBERS:
            raise MetadataRefused(name, f"is no member of a rotation{nearest.hint(name, MEMBERS)}")
    alg, emergency = body.get("alg"), body.get("emergency")
    if alg is not None and alg not in ALGS:
        raise MetadataRefused("alg", f"must be {' or '.join(ALGS)}")
    if emergency is not None and not isinstance(emergency, bool):
        raise MetadataRefused("emergency", "must be true or false")
    return alg, bool(emergency)
