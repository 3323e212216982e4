"""Who operates: the bearer of an access token of this server that is for the admin API and for nothing else."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from mintmark.endpoints import bearer, tokens_seen
from mintmark.endpoints.tokens_seen import NOT_GOOD, LiveToken
from mintmark.events import Event, TokenSpent
from mintmark.protocol.errors import InsufficientScope, InvalidToken
from mintmark.protocol.scope import ADMIN, ADMIN_PREFIX, ADMIN_READ, ADMIN_WRITE
from mintmark.server import Server
from mintmark.store import access_tokens
from mintmark.store.changes import Change, Conflict
from mintmark.wire.asked import Asked

READ, WRITE = ADMIN_READ, ADMIN_WRITE


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever asks, proved; a one-use token is not spent before the request succeeds."""

    server: Server
    asked: Asked
    now: datetime
    token: str
    found: LiveToken
    turn: asyncio.Lock  # one change of the configuration at a time: those of a process would only undo one another

    @property
    def actor(self) -> str:
        """The person, or the client where it acts for itself."""
        standing = self.found.standing
        return self.found.client.id if standing is None else standing.authorization.person_id

    @property
    def all_over(self) -> int:
        """The watermark under which everything is over."""
        return self.server.registry.ended_before

    def going_on(self) -> "Operator":
        """For another commit of the same request: a one-use token was spent by the first."""
        return replace(self, found=self.found._replace(one_use=False))

    async def commit(self, changes: Sequence[Change] = (), events: Sequence[Event] = ()) -> None:
        """Writes, and spends a one-use token in the same commit. Raises Conflict, or InvalidToken where it is spent."""
        if self.found.one_use:
            changes = [*changes, access_tokens.spend(self.found.claims["jti"], self.now)]
            spent = TokenSpent(client_id=self.found.client.id, authorization_id=self.found.claims.get("aid"))
            events = [*events, spent]
        if not changes:
            return
        try:
            await self.server.commit(changes, events, self.asked, self.now)
        except Conflict:
            if await tokens_seen.find(self.server, self.token, self.now) is None:
                raise InvalidToken(NOT_GOOD, check="one use", expected="its first use") from None  # of two at once
            raise


def needs(scope: str, subject: str) -> dict[str, Any]:
    """For the OpenAPI document: either the wide scope or the subject's own."""
    return {"security": [{"oauth2": [scope]}, {"oauth2": [own(subject)]}]}


def own(subject: str) -> str:
    """The scope for reading and writing of one subject alone."""
    name = ADMIN_PREFIX + subject
    assert name in ADMIN, name  # noqa: S101
    return name


def reads(subject: str) -> Any:  # Any: what Depends gives is FastAPI's own
    return Depends(_asking(READ, own(subject)))


def writes(subject: str) -> Any:
    return Depends(_asking(WRITE, own(subject)))


def _asking(*scopes: str) -> Callable[[Request], Awaitable[Operator]]:
    """An operator with one of the scopes; a refusal names the first."""

    async def operator(request: Request) -> Operator:
        return await _operator(request, *scopes)

    return operator


async def _operator(request: Request, *wanted: str) -> Operator:
    """With any of these scopes."""
    server: Server = request.app.state.server
    asked: Asked = request.state.asked
    now = server.clock()
    token = bearer.read(asked)
    found = await tokens_seen.find(server, token, now)
    audience = server.registry.catalogue.admin_api
    if found is None or found.audience != (audience,):
        raise tokens_seen.not_good(server, token, found, now, audience)
    if not set(wanted) & set(found.scope):
        scope = wanted[0]
        raise InsufficientScope(
            f"this needs the scope {' or '.join(wanted)}",
            scope,
            check="admin scope",
            got=" ".join(found.scope),
            client_id=found.client.id,
        )
    asked.query().refuse_repeated()
    return Operator(server, asked, now, token, found, request.app.state.turn)


Reading = Annotated[Operator, Depends(_asking(READ))]
Writing = Annotated[Operator, Depends(_asking(WRITE))]
