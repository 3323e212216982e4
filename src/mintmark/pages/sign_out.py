"""Sign-out: a page with a button; only the button, with its token, ends the session."""

from mintmark import browser as browsers
from mintmark import ending
from mintmark.pages import answers
from mintmark.server import Server, decided
from mintmark.store.changes import Conflict
from mintmark.wire.answer import Answer
from mintmark.wire.asked import Asked


async def show(server: Server, asked: Asked) -> Answer:
    now = server.clock()
    browser = await browsers.read(server, asked, now)
    return answers.page(
        server,
        "sign_out.html",
        browser=browser,
        client=None,
        csrf_token=browsers.csrf_token(server, browser),
        action=f"{server.path}/logout",
    )


async def submit(server: Server, asked: Asked) -> Answer:
    """Twice is once: whoever is signed out already sees the same page."""
    now = server.clock()
    browser = await browsers.read(server, asked, now)
    params = asked.form()
    browsers.check_form(server, asked, params, browser)
    session = browser.session
    if session is not None:

        async def end() -> None:
            changes, events = await ending.session(server, session.id, session.person_id, "signed out", now)
            try:
                await server.commit(changes, events, asked, now)
            except Conflict:
                return  # it ended meanwhile

        await decided(end)
    answer = answers.page(server, "signed_out.html")
    return browsers.without_cookie(server, answer).plus((b"clear-site-data", b'"cache"'))
