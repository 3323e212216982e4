"""Who changes something of their account: signed in here, and with proof that is fresh."""

from datetime import datetime

from mintmark import browser as browsers
from mintmark import proving
from mintmark.browser import Browser
from mintmark.server import Server
from mintmark.store.people import Person
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked


async def who(server: Server, asked: Asked, page: str, now: datetime) -> tuple[Browser, Person] | Answer:
    """page: the one of the account to which the steps of `/login` lead back.

    An answer leads there, or to the sign-in page: nobody is signed in, or they proved themselves too long ago.
    """
    browser = await browsers.read(server, asked, now)
    if browser.person is None:
        return redirect(f"{server.issuer}/login")
    if not await proving.fresh(server, browser, now):
        return redirect(f"{server.issuer}/login?fresh={page}")
    return browser, browser.person
