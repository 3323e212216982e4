"""The end-session endpoint: a client asks that the person be signed out (OIDC RP-Initiated Logout §2)."""

from datetime import datetime
from urllib.parse import quote

from mintmark import browser as browsers
from mintmark.browser import Browser
from mintmark.keys import jwt
from mintmark.pages import farewell, sign_out
from mintmark.protocol import logout
from mintmark.protocol.logout import End, LogoutRequest
from mintmark.protocol.params import Params
from mintmark.server import Server
from mintmark.store import listed_sessions
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked


async def end_session(server: Server, asked: Asked) -> Answer:
    """GET: with a hint of this browser's session at once, else the person is asked."""
    now = server.clock()
    params = asked.query()
    browser = await browsers.read(server, asked, now)
    kept = params.get("request")
    request = await _read(server, params, now) if kept is None else await farewell.found(server, kept, now)
    return await _go_on(server, asked, browser, request, now)


async def end_session_by_post(server: Server, asked: Asked) -> Answer:
    """POST. A browser's may come from any site, where cookies stay behind: it goes on by a GET, and changes nothing
    itself. A client's server has no cookies at all, and its hint says which session it means."""
    now = server.clock()
    request = await _read(server, asked.form(), now)
    if asked.header(b"origin") is None and asked.header(b"sec-fetch-site") is None:
        browser = await browsers.read(server, asked, now)
        return await _go_on(server, asked, browser, request, now)
    return redirect(f"{server.issuer}/end_session?request={quote(farewell.kept(server, request, now), safe='')}")


async def _read(server: Server, params: Params, now: datetime) -> LogoutRequest:
    """Raises InvalidRequest, UntrustedRequest: a page, and nothing is ended."""
    params.refuse_repeated()
    sent = params.get("id_token_hint")
    ring = server.registry.ring
    claims = None if sent is None else jwt.verify_hint(ring, sent, issuer=server.issuer, now=now)
    hint = logout.hint_of(claims)
    client = await farewell.client_of(server, logout.client_id_of(params, hint))
    return logout.read(params, client, hint)


async def _go_on(
    server: Server, asked: Asked, browser: Browser, request: LogoutRequest | None, now: datetime
) -> Answer:
    """request: None, what was kept is too old."""
    session = browser.session
    step = None if request is None else logout.next_step(request, None if session is None else session.id)
    if not isinstance(step, End):
        return await sign_out.page(server, browser, request, now)
    person_id = session.person_id if session is not None else await _live(server, step.session_id)
    frames: list[str] = []
    if person_id is not None:
        frames = await farewell.end(server, asked, step.session_id, person_id, farewell.REASON, now)
    return await farewell.answer(server, asked, frames, request, now)


async def _live(server: Server, session_id: str) -> str | None:
    """Whose session it is; None: it is over already, and the answer is that of the first time."""
    found = await listed_sessions.find(server.store, session_id, all_over=server.registry.ended_before)
    return None if found is None or found.ended_at is not None else found.session.person_id
