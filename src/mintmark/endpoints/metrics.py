"""What Prometheus scrapes: for this machine, or with the token of the settings (contract, "Doors")."""

import asyncio
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from mintmark.counts import Counts
from mintmark.metrics import process, shared
from mintmark.metrics import text as texts
from mintmark.metrics.values import Values
from mintmark.metrics.workers import Folder
from mintmark.server import Server
from mintmark.wire.answer import NO_STORE, NOSNIFF, Answer, json_answer
from mintmark.wire.asgi import Route
from mintmark.wire.asked import Asked

TEXT = ((b"content-type", texts.CONTENT_TYPE), *NO_STORE, *NOSNIFF)
FORWARDED = (b"x-forwarded-for", b"forwarded", b"x-real-ip", b"x-forwarded-host", b"via")
_HERE = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?")


@dataclass(frozen=True, slots=True)
class Metrics:
    server: Server
    workers: Folder | None = None  # None: this process is all there is

    def values(self) -> Values:
        """This worker's."""
        return process.values(self.server)

    async def scrape(self, asked: Asked) -> Answer:
        if not (_comes_from_here(asked) or self._has_token(asked)):
            return self._refused()
        found = self.values()
        if self.workers is not None:
            found = await asyncio.to_thread(self.workers.together, found)
        found.add(await shared.values(self.server))
        return Answer(200, TEXT, texts.text(found))

    def _has_token(self, asked: Asked) -> bool:
        token = self.server.settings.metrics_token
        if token is None:
            return False
        scheme, _, given = (asked.header(b"authorization") or "").partition(" ")
        right = hmac.compare_digest(given.strip().encode("latin-1"), token.get_secret_value().encode())
        return right and scheme.lower() == "bearer"

    def _refused(self) -> Answer:
        """Who may not ask learns nothing but that, and not even that where nobody from elsewhere may."""
        if self.server.settings.metrics_token is None:
            return json_answer({"detail": "Not Found"}, 404)
        return json_answer({"detail": "the metrics are for whoever has their token"}, 403)


def _comes_from_here(asked: Asked) -> bool:
    """A proxy on this machine comes from here as well: it says for whom, or passes on a Host that is not here."""
    if any(asked.header(name) is not None for name in FORWARDED):
        return False
    try:
        is_here = ip_address(asked.address).is_loopback
    except ValueError:
        return False
    return is_here and _HERE.fullmatch(asked.header(b"host") or "") is not None


def watched(routes: Mapping[str, Route], counts: Counts, path: str) -> dict[str, Route]:
    """The same doors, each with its tally. path: the issuer's."""
    return {
        at: Route(route.methods, route.kind, counts.door(label(at, path)), route.head) for at, route in routes.items()
    }


def label(at: str, path: str) -> str:
    """What the door is called: its path under the issuer. All files of the pages are one door."""
    if path and at.startswith("/.well-known/"):
        at = at.removesuffix(path)  # the inserted forms (RFC 8414 §3.1)
    elif path and at.startswith(f"{path}/"):
        at = at.removeprefix(path)
    return "/static" if at.startswith("/static/") else at
