"""The frame that clients' pages ask whether the person is still signed in (OIDC Session Management §3.2, §3.3)."""

from mintmark import browser as browsers
from mintmark.server import Server
from mintmark.wire.answer import Answer
from mintmark.wire.asked import Asked

# Anybody may frame it: it shows nothing, and says only whether what they know already is still so.
_POLICY = b"default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"


async def show(server: Server, asked: Asked) -> Answer:
    """The same for everybody: what differs stands in a cookie that its script reads."""
    body = server.pages.page("check_session.html", state_cookie=browsers.state_cookie(server))
    headers = (
        (b"content-type", b"text/html; charset=utf-8"),
        (b"cache-control", b"public, max-age=3600"),
        (b"content-security-policy", _POLICY),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
        (b"cross-origin-resource-policy", b"cross-origin"),  # for pages that isolate themselves
    )
    return Answer(200, headers, body)
