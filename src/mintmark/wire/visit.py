"""What is learnt of a request on its way through an application that is not ours alone, the admin API's."""

import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from mintmark.counts import Counts
from mintmark.wire.asgi import App, Receive, Scope, Send

KEY = "mintmark.visit"
Told = Callable[["Visit", str, float], None]  # with the method, and seconds


@dataclass(slots=True)
class Visit:
    door: str = ""  # the template of the address; "": nothing is there
    error: str = ""  # the OAuth error code; "": none was said
    request_id: str | None = None  # None: nothing is there
    status: int = 500


def of(scope: Scope) -> Visit:
    """One that nobody looks at where nobody watches."""
    found = scope.get(KEY)
    return found if isinstance(found, Visit) else Visit()


@dataclass(frozen=True, slots=True)
class Watched:
    """The application, with its requests counted and told of."""

    app: App
    name: str  # comes before each door's
    counts: Counts
    told: Told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        visit, began = of(scope), time.perf_counter()

        async def seen(message: MutableMapping[str, Any]) -> None:  # Any: ASGI's own shape
            if message["type"] == "http.response.start":
                visit.status = message["status"]
            await send(message)

        try:
            await self.app({**scope, KEY: visit}, receive, seen)
        finally:
            seconds = time.perf_counter() - began
            self.counts.door(self.name + visit.door).note(scope["method"], visit.status, visit.error, seconds)
            self.told(visit, scope["method"], seconds)
