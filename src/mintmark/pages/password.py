"""Who is signed in changes their password, after a fresh proof of who they are (OWASP ASVS 5.0 §6.2.3, §7.5.1)."""

from mintmark import browser as browsers
from mintmark import factors, proving
from mintmark.browser import Browser
from mintmark.pages import answers, new_password
from mintmark.server import Server, decided
from mintmark.store import held, people
from mintmark.store.people import Person
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked


async def show(server: Server, asked: Asked) -> Answer:
    now = server.clock()
    browser = await browsers.read(server, asked, now)
    if browser.person is None or not await proving.fresh(server, browser, now):
        return _prove(server)
    return await _page(server, browser, browser.person)


async def submit(server: Server, asked: Asked) -> Answer:
    now = server.clock()
    params = asked.form()
    params.refuse_repeated()
    browser = await browsers.read(server, asked, now)
    browsers.check_form(server, asked, params, browser)
    session = browser.session
    if session is None or browser.person is None or not await proving.fresh(server, browser, now):
        return _prove(server)
    chosen, holder = params.get("new_password") or "", browser.person.holder
    refused = await new_password.refusal(server, chosen, holder, two=await _needs_two(server, browser.person))
    if refused is not None:
        return await _page(server, browser, browser.person, message=refused, status=400)

    async def change() -> Answer:
        person = await people.find(server.store, holder.id)
        if person is None:
            return _prove(server)
        changes, events = await new_password.changed(server, person, chosen, "changed", now, keeping=session.id)
        await server.commit([people.stands(person.holder), *changes], events, asked, now)
        return redirect(f"{server.issuer}/account")

    return await decided(change)


def _prove(server: Server) -> Answer:
    """It ends at the account page."""
    return redirect(f"{server.issuer}/login?fresh=1")


async def _page(
    server: Server, browser: Browser, person: Person, *, message: str | None = None, status: int = 200
) -> Answer:
    return answers.page(
        server,
        "new_password.html",
        browser=browser,
        status=status,
        coop=True,
        csrf_token=browsers.csrf_token(server, browser),
        link="",
        action=f"{server.path}/password",
        username=person.holder.username,
        message=message,
        **new_password.shown(server, two=await _needs_two(server, person)),
    )


async def _needs_two(server: Server, person: Person) -> bool:
    return factors.oblige(server, person.holder, await held.find(server.store, person.holder.id))
