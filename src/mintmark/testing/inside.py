"""Requests without a connection, from whatever loop or thread they come: the server lives in a loop of its own."""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, Protocol, TypeVar

import httpx2

from mintmark.testing.faults import AnswerLost
from mintmark.wire.asgi import App, Receive, Scope, Send

T = TypeVar("T")


class Loop(Protocol):
    """Where the server lives."""

    def do(self, work: Coroutine[Any, Any, T]) -> T: ...  # Any: nothing is sent into it
    def soon(self, work: Coroutine[Any, Any, T]) -> Awaitable[T]: ...


class Inside:
    """An ASGI application for any loop: `httpx2.ASGITransport(app=…)`, or whatever else takes one."""

    def __init__(self, app: App, loop: Loop) -> None:
        self._app, self._loop = app, loop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError("the server under test was started already, and speaks HTTP only")
        for message in await self._loop.soon(self._answer(dict(scope), await _body(receive))):
            await send(message)

    async def _answer(self, scope: Scope, body: bytes) -> list[Any]:
        """Every message of the answer; Any: ASGI's own shape."""
        messages: list[Any] = []
        unread = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            return unread.pop() if unread else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            messages.append(message)

        await self._app(scope, receive, send)
        return messages


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


class Transport(httpx2.AsyncBaseTransport, httpx2.BaseTransport):
    """For clients of httpx2, with `await` and without."""

    def __init__(self, app: Inside, loop: Loop) -> None:
        self._within = httpx2.ASGITransport(app=app)
        self._loop = loop

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            return await self._within.handle_async_request(request)
        except AnswerLost as lost:
            raise httpx2.RemoteProtocolError("Server disconnected without sending a response.") from lost

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        body = request.read()

        async def ask() -> httpx2.Response:
            again = httpx2.Request(request.method, request.url, headers=request.headers, content=body)
            answer = await self.handle_async_request(again)
            content = await answer.aread()
            return httpx2.Response(answer.status_code, headers=answer.headers, content=content)

        return self._loop.do(ask())


def is_here(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether who asks runs in that very loop."""
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
