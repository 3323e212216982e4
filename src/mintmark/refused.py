"""Every refusal is told: which check, what it expected, and of what it got only what cannot be secret (house)."""

import hmac
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit

from mintmark.events import RequestRefused
from mintmark.protocol.errors import Refusal
from mintmark.server import Server
from mintmark.wire import refusals
from mintmark.wire.asked import Asked

LONGEST = 200
MAY_BE_SHOWN = frozenset(
    {"grant_type", "scope", "response_type", "response_mode", "client_id", "redirect_uri", "resource", "standing"}
)


def tell(server: Server, asked: Asked, refusal: Refusal, now: datetime) -> None:
    event = RequestRefused(door=asked.path, error=refusals.code(refusal), check=refusal.check)
    server.see(event, asked, now, expected=refusal.expected, got=shown(server, refusal))


def shown(server: Server, refusal: Refusal) -> str:
    """The value where it cannot be secret, cut and escaped; else its length and eight digits of a keyed digest."""
    if refusal.got is None:
        return ""
    text = str(refusal.got)
    words = refusal.check.replace("refresh scope", "scope")
    if words not in MAY_BE_SHOWN:
        key = server.registry.secret("csrf")[1]
        mark = hmac.digest(key, b"log\0" + text.encode("utf-8", "replace"), sha256).hex()[:8]
        return f"{len(text)} characters, {mark}"
    if words in ("redirect_uri", "resource"):
        text = _without_query(text)
    return text[:LONGEST].encode("unicode_escape").decode("ascii")


def _without_query(uri: str) -> str:
    try:
        return urlsplit(uri)._replace(query="", fragment="").geturl()
    except ValueError:
        return "not a URI"
