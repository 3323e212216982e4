"""Sign-out: a page with a button; only the button, with its token, ends the session."""

from datetime import datetime

from mintmark import browser as browsers
from mintmark.browser import Browser
from mintmark.pages import answers, farewell
from mintmark.protocol.logout import LogoutRequest
from mintmark.server import Server
from mintmark.wire.answer import Answer
from mintmark.wire.asked import Asked


async def show(server: Server, asked: Asked) -> Answer:
    now = server.clock()
    browser = await browsers.read(server, asked, now)
    return await page(server, browser, None, now)


async def page(server: Server, browser: Browser, request: LogoutRequest | None, now: datetime) -> Answer:
    """request: on whose behalf the person is asked; None: they came by themselves."""
    client = None if request is None else request.client
    address = None if request is None else request.return_address
    return answers.page(
        server,
        "sign_out.html",
        browser=browser,
        ui_locales=() if request is None else request.ui_locales,
        form_action=() if address is None else (address.form_action,),
        client=None if client is None else await answers.shown(server, client, now),
        csrf_token=browsers.csrf_token(server, browser),
        request="" if request is None else farewell.kept(server, request, now),
        action=f"{server.path}/logout",
    )


async def submit(server: Server, asked: Asked) -> Answer:
    """Twice is once: whoever is signed out already sees the same page, or goes the same way."""
    now = server.clock()
    browser = await browsers.read(server, asked, now)
    params = asked.form()
    browsers.check_form(server, asked, params, browser)
    kept = params.get("request")
    request = None if kept is None else await farewell.found(server, kept, now)
    frames: list[str] = []
    if browser.session is not None:
        session = browser.session
        frames = await farewell.end(server, asked, session.id, session.person_id, farewell.REASON, now)
    return await farewell.answer(server, asked, frames, request, now)
