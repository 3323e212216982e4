"""Links from letters: the page asks, and only its form spends (NIST SP 800-63B-4 §4.2; OWASP ASVS 5.0 §6.4).

Whoever looks first at such an address is often no person: mail servers open what they let through. And an address is
kept in histories and logs: so the secret moves into a cookie at once.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from mintmark import browser as browsers
from mintmark import links, underway
from mintmark.browser import Browser
from mintmark.links import LinkOver, Opened
from mintmark.pages import end_sessions, join, reset, verify
from mintmark.pages.opened import Here
from mintmark.protocol import link
from mintmark.protocol.errors import Refusal
from mintmark.protocol.link import Kind
from mintmark.protocol.params import Params
from mintmark.server import Server, decided
from mintmark.texts import _
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked

SECRET = re.compile(re.escape(link.PREFIX) + "[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Page:
    """What a kind of link leads to."""

    show: Callable[[Here], Awaitable[Answer]]
    submit: Callable[[Here, Params], Awaitable[Answer]]  # spends it; Conflict: it is asked again from a fresh read


PAGES: Final[Mapping[Kind, Page]] = MappingProxyType(
    {
        "verify": Page(verify.show, verify.submit),
        "reset": Page(reset.show, reset.submit),
        "invite": Page(join.show, join.submit),
        "sign_up": Page(join.show, join.submit),
        "end_sessions": Page(end_sessions.show, end_sessions.submit),
    }
)


async def show(server: Server, asked: Asked) -> Answer:
    """GET. With the secret in the address it only moves it away; nothing is looked up."""
    token = asked.query().get("token")
    if token is not None:
        answer = redirect(f"{server.issuer}/link")
        return browsers.with_link(server, answer, token) if SECRET.fullmatch(token) else answer
    now = server.clock()
    browser = await browsers.read(server, asked, now)
    here = await _here(server, asked, browser, now)
    return await PAGES[here.opened.link.kind].show(here)


async def submit(server: Server, asked: Asked) -> Answer:
    """POST. Spends the link, in the commit of what it brings about."""
    now = server.clock()
    params = asked.form()
    params.refuse_repeated()
    browser = await browsers.read(server, asked, now)
    browsers.check_form(server, asked, params, browser)

    async def attempt() -> Answer:
        here = await _here(server, asked, browser, now)
        if params.get("link") != here.mark:
            raise LinkOver(
                _("Another link was opened in this browser since. Open the one in your letter again."),
                check="link of another page",
                expected="the link that the form was shown for",
            )
        return await PAGES[here.opened.link.kind].submit(here, params)

    return await decided(attempt)


async def _here(server: Server, asked: Asked, browser: Browser, now: datetime) -> Here:
    secret = asked.cookies.get(browsers.link_cookie(server), "")
    opened: Opened = await links.open(server, secret, tuple(PAGES), now)
    return Here(server, asked, browser, opened, now, await _ends_at(server, asked, browser, opened, now))


async def _ends_at(server: Server, asked: Asked, browser: Browser, opened: Opened, now: datetime) -> Sequence[str]:
    """Chromium holds the redirect to the app, which follows upon the form, to the page's policy too."""
    id = opened.link.detail.get("request")
    if not isinstance(id, str) or not id:
        return ()
    try:
        found = await underway.find(server, id, browser, asked, now)
    except Refusal:  # it is over, or another browser's: the form ends here
        return ()
    return (found.request.return_address.form_action,)
