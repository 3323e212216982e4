"""In front of the operators' doors: what every request and every answer of theirs has in common."""

import json
import secrets
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from mintmark import refused
from mintmark.admin import paths, problems
from mintmark.protocol.errors import InvalidRequest
from mintmark.server import Server
from mintmark.wire.answer import NO_STORE, NOSNIFF
from mintmark.wire.asgi import App, Receive, Scope, Send, address_of, check_host
from mintmark.wire.asked import Asked


@dataclass(slots=True)
class Traced:
    """Sends on; every problem says the trace id under which its refusal is found, whichever room it comes from."""

    send: Send
    trace_id: str
    _head: MutableMapping[str, Any] | None = None  # held back until its body is known. Any: ASGI's own shape

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 400:
            self._head = message
            return
        if self._head is not None:
            head, self._head = self._head, None
            is_problem = (b"content-type", problems.MEDIA_TYPE.encode()) in head["headers"]
            body = self._with_id(message["body"]) if is_problem else message.get("body", b"")
            kept = [pair for pair in head["headers"] if pair[0] != b"content-length"]
            more = [(b"content-length", b"%d" % len(body)), (b"x-trace-id", self.trace_id.encode())]
            await self.send({**head, "headers": [*kept, *more]})
            message = {**message, "body": body}
        await self.send(message)

    def _with_id(self, body: bytes) -> bytes:
        return json.dumps({**json.loads(body), "trace_id": self.trace_id}).encode()


@dataclass(frozen=True, slots=True)
class Front:
    app: App
    server: Server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        trace_id = secrets.token_hex(6)
        carried = Traced(self._carried(scope, send), trace_id)
        asked = Asked(
            method=scope["method"],
            path=scope["path"],
            query_string=scope["query_string"],
            headers=scope["headers"],
            body=b"",  # `bodies` reads it, once it is known who asks
            address=address_of(scope, self.server.settings.trusted_proxies),
            request_id=trace_id,
        )
        try:
            check_host(scope["headers"])
        except InvalidRequest as error:
            refused.tell(self.server, asked, error, self.server.clock(), door=self.server.path + "/admin/api")
            await problems.refused(error)(scope, receive, carried)
            return
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        inner = {**scope, "path": paths.whole(scope), "method": method, "state": {"asked": asked}}
        await self.app(inner, receive, carried)

    def _carried(self, scope: Scope, send: Send) -> Send:
        """Nobody keeps an answer, or guesses what it is; to HEAD goes the head alone."""
        https = self.server.settings.is_https
        always = [*NO_STORE, *NOSNIFF]
        if https:
            always.append((b"strict-transport-security", b"max-age=63072000; includeSubDomains"))

        async def carry(message: MutableMapping[str, Any]) -> None:  # Any: ASGI's own shape
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *always]}
            elif scope["method"] == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        return carry
