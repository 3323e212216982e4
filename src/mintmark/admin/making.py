"""How an operation changes something: in its turn, guarded, with its facts, and at most once for an Idempotency-Key."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

from fastapi import Header
from starlette.responses import Response

from mintmark.admin import patching
from mintmark.admin.bodies import Body
from mintmark.admin.operator import Operator
from mintmark.admin.problems import AnotherBody, Stuck
from mintmark.events import Event
from mintmark.keys.sealing import WrongSealingKey
from mintmark.protocol.errors import InvalidRequest
from mintmark.registry import SETTLED
from mintmark.server import decided
from mintmark.store import configuration, idempotency
from mintmark.store.changes import Change
from mintmark.store.idempotency import KEPT, SECRETS_KEPT, Kept
from mintmark.wire.answer import to_json

T = TypeVar("T")
LONGEST_KEY = 255
IdempotencyKey = Annotated[
    str | None,
    Header(description="Whoever sends the same again, with the same key and body, within 24 hours gets this answer."),
]


@dataclass(frozen=True, slots=True)
class Made:
    """What an operation comes to: what it answers, and what is written with that."""

    document: Mapping[str, object] | None  # None: an answer without content
    changes: Sequence[Change] = ()
    events: Sequence[Event] = ()
    status: int = 200
    location: str | None = None
    secrets: Sequence[str] = ()  # members that are shown this once
    settles: bool = False  # answers when no node acts by what was before
    tag: bool = field(default=False)  # the document has an ETag


def answer(made: Made, **headers: str) -> Response:
    if made.location is not None:
        headers["location"] = made.location
    if made.tag and made.document is not None:
        headers["etag"] = patching.etag(made.document)
    if made.document is None:
        return Response(status_code=204, headers=headers)
    return Response(to_json(made.document), made.status, headers, "application/json")


def shown(document: Mapping[str, object], *, tag: bool = False) -> Response:
    return answer(Made(document, tag=tag))


async def change(operator: Operator, decide: Callable[[], Awaitable[Made]]) -> Response:
    """`decide` reads and decides, and is asked again where somebody else was first."""

    async def attempt() -> Made:
        made = await decide()
        await _commit(operator, made.changes, made.events)
        return made

    made = await _in_turn(operator, attempt)
    if made.settles and made.changes:
        await operator.server.wait(SETTLED)
    return answer(made)


async def post(operator: Operator, key: str | None, body: Body, decide: Callable[[], Awaitable[Made]]) -> Response:
    """The same, once for each key: whoever comes while it is under way waits, and is told the same."""
    if key is None:
        return await change(operator, decide)
    wanted = _Wanted.of(operator, key, body)

    async def attempt() -> tuple[Made, Response]:
        kept = await idempotency.find(operator.server.store, wanted.id)
        if kept is not None and operator.now < kept.expires_at:
            found = await wanted.told(kept)
            await operator.commit()
            return found, answer(found, **{"idempotency-replayed": "true"})
        made = await decide()
        await _commit(operator, [*made.changes, *await wanted.keep(made, kept)], made.events)
        return made, answer(made)

    made, response = await _in_turn(operator, attempt)
    if made.settles:
        await operator.server.wait(SETTLED)
    return response


async def _in_turn(operator: Operator, attempt: Callable[[], Awaitable[T]]) -> T:
    async def fresh() -> T:
        async with operator.turn:
            await operator.server.registry.renew()
            return await attempt()

    return await decided(fresh)


async def _commit(operator: Operator, changes: Sequence[Change], events: Sequence[Event]) -> None:
    if not changes:
        await operator.commit()
        return
    registry = operator.server.registry
    guarded = [configuration.stands(registry.version), *configuration.moved_once(changes)]
    await operator.commit(guarded, events)
    registry.forget()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is asked for under a key. The digest of the body is keyed, for a body may hold a password."""

    operator: Operator
    id: bytes
    body: bytes

    @classmethod
    def of(cls, operator: Operator, key: str, body: Body) -> "_Wanted":
        asked = operator.asked
        if asked.count(b"idempotency-key") > 1 or not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
            raise InvalidRequest(
                f"Idempotency-Key must be one, of 1 to {LONGEST_KEY} printable characters",
                check="idempotency key",
                got=f"{len(key)} characters",
            )
        claims = operator.found.claims
        id = idempotency.id_of("answer", claims["client_id"], operator.actor, asked.path, key)
        return cls(operator, id, json.dumps([asked.query_string.decode("latin-1"), body], sort_keys=True).encode())

    async def told(self, kept: Kept) -> Made:
        """What was answered. Raises AnotherBody."""
        server = self.operator.server
        if not server.registry.is_mac("csrf", self._said(), kept.body_digest):
            raise AnotherBody("this Idempotency-Key was sent with another body before", check="idempotent body")
        found = self._opened(self.id, kept)
        document, names = found["document"], found["secrets"]
        if names:
            document |= await self._secrets(names)
        settles = found["settles"] and self.operator.now - kept.created_at < timedelta(seconds=2 * SETTLED)
        return Made(document, status=kept.status, location=found["location"], settles=settles, tag=found["tag"])

    async def _secrets(self, names: Sequence[str]) -> dict[str, Any]:
        id = idempotency.secrets_of(self.id)
        kept = await idempotency.find(self.operator.server.store, id)
        if kept is None or kept.expires_at <= self.operator.now:
            return {**dict.fromkeys(names), "forgotten": list(names)}
        return dict(self._opened(id, kept))

    def _opened(self, id: bytes, kept: Kept) -> Any:
        try:
            return json.loads(self.operator.server.sealer.open(kept.answer, bound_to=idempotency.bound_to(id)))
        except WrongSealingKey:
            raise Stuck(
                "this was done before, and its answer cannot be opened any more", check="idempotent answer"
            ) from None

    async def keep(self, made: Made, before: Kept | None) -> list[Change]:
        """before: what is kept under the key, expired."""
        document = None if made.document is None else dict(made.document)
        hidden = {name: document.pop(name) for name in made.secrets} if document is not None else {}
        told = {
            "document": document,
            "location": made.location,
            "secrets": list(hidden),
            "settles": made.settles,
            "tag": made.tag,
        }
        changes = [self._row(self.id, before, made.status, told, KEPT)]
        if hidden:
            id = idempotency.secrets_of(self.id)
            old = await idempotency.find(self.operator.server.store, id)
            changes.append(self._row(id, old, made.status, hidden, SECRETS_KEPT))
        return changes

    def _row(self, id: bytes, before: Kept | None, status: int, told: object, span: timedelta) -> Change:
        server, now = self.operator.server, self.operator.now
        sealed = server.sealer.seal(json.dumps(told).encode(), bound_to=idempotency.bound_to(id))
        digest = server.registry.mac("csrf", self._said())
        return idempotency.keep(id, before, body_digest=digest, status=status, answer=sealed, now=now, span=span)

    def _said(self) -> bytes:
        return b"idempotency\0" + self.id + self.body


async def was_deleted(operator: Operator, kind: str, name: str) -> bool:
    return await idempotency.deleted(operator.server.store, kind, name, operator.now)


async def remember_deleted(operator: Operator, kind: str, name: str, now: datetime) -> Change:
    return await idempotency.remember_deleted(operator.server.store, kind, name, now)
