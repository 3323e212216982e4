"""Where the API stands in the server. Its rooms are read with the first request: no start waits for them."""

import asyncio
import re

from starlette.routing import Mount

from mintmark.server import Server
from mintmark.wire.asgi import App, Receive, Scope, Send


def mount(path: str, app: App) -> Mount:
    """Starlette's own expression knows no line end, which an address may hold, percent-encoded."""
    found = Mount(path, app)
    found.path_regex = re.compile(found.path_regex.pattern, re.DOTALL)
    return found


class Late:
    """The API of this server. What comes first waits for it, and nobody else does: it is made in a thread."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._made: App | None = None
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._made or await self._ready())(scope, receive, send)

    async def _ready(self) -> App:
        async with self._making:
            if self._made is None:
                self._made = await asyncio.to_thread(self._make)
            return self._made

    def _make(self) -> App:
        from mintmark.admin import api

        return api.build(self._server)
