"""In front of the operators' doors: what every request and every answer of theirs has in common."""

import secrets
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from mintmark.admin import paths, problems
from mintmark.protocol.errors import InvalidRequest
from mintmark.server import Server
from mintmark.wire.answer import NO_STORE, NOSNIFF
from mintmark.wire.asgi import App, Receive, Scope, Send, address_of, check_host
from mintmark.wire.asked import Asked


@dataclass(frozen=True, slots=True)
class Front:
    app: App
    server: Server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        carried = self._carried(scope, send)
        asked = Asked(
            method=scope["method"],
            path=scope["path"],
            query_string=scope["query_string"],
            headers=scope["headers"],
            body=b"",  # `bodies` reads it, once it is known who asks
            address=address_of(scope, self.server.settings.trusted_proxies),
            request_id=secrets.token_hex(6),
        )
        try:
            check_host(scope["headers"])
        except InvalidRequest as error:
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
