"""What can go wrong between a client and its authorization server, switched on for the length of a `with` block."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mintmark.wire.answer import json_answer
from mintmark.wire.asgi import App, Receive, Scope, Send

JWKS = "/.well-known/jwks.json"


class AnswerLost(ConnectionResetError):
    """The request was carried out, and nobody will hear of it."""


@dataclass(eq=False, slots=True)
class Fault:
    """Is met by requests for its paths; none: for all."""

    meet: Callable[["Fault", App, Scope, Receive, Send], Awaitable[None]]
    paths: tuple[str, ...] = ()
    times: int | None = None  # how often it still happens; None: always
    seconds: float = 0
    met: int = 0

    def is_for(self, path: str) -> bool:
        return self.times != 0 and (not self.paths or any(path.endswith(one) for one in self.paths))


@dataclass(slots=True)
class Faulty:
    """The application with whatever faults are on. The newest is met first."""

    app: App
    on: list[Fault] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "") if scope["type"] == "http" else None
        fault = None if path is None else next((one for one in reversed(self.on) if one.is_for(path)), None)
        if fault is None:
            await self.app(scope, receive, send)
            return
        fault.met += 1
        if fault.times is not None:
            fault.times -= 1
        await fault.meet(fault, self.app, scope, receive, send)

    @contextmanager
    def switched_on(self, fault: Fault) -> Iterator[Fault]:
        self.on.append(fault)
        try:
            yield fault
        finally:
            if fault in self.on:  # a test's end takes all of them away
                self.on.remove(fault)


async def lost(fault: Fault, app: App, scope: Scope, receive: Receive, send: Send) -> None:
    """The server answers, and the connection breaks before the first byte."""

    async def nowhere(message: dict[str, Any]) -> None:  # Any: ASGI's own shape
        pass

    await app(scope, receive, nowhere)  # type: ignore[arg-type]  # a dict is a mutable mapping
    cycle = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is None:  # no connection: asked in process
        raise AnswerLost("the answer was lost on its way, as the test wished")
    transport.abort()
    while not getattr(cycle, "disconnected", True):  # noqa: ASYNC110  uvicorn has no event for it; it is one turn
        await asyncio.sleep(0)


async def slow(fault: Fault, app: App, scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(fault.seconds)
    await app(scope, receive, send)


async def unavailable(fault: Fault, app: App, scope: Scope, receive: Receive, send: Send) -> None:
    """What a server without its database answers."""
    answer = json_answer({"error": "temporarily_unavailable", "error_description": "the test wished it so"}, 503)
    headers = [*answer.headers, (b"retry-after", b"1"), (b"content-length", b"%d" % len(answer.body))]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
