"""Who is signed in gives another address. It is the account's once a link that was sent there was followed."""

from mintmark import browser as browsers
from mintmark import mails, proving
from mintmark.browser import Browser
from mintmark.mails import verifying
from mintmark.pages import answers
from mintmark.protocol import person_record
from mintmark.protocol.person_record import RecordRefused
from mintmark.server import Server, decided
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked


async def show(server: Server, asked: Asked) -> Answer:
    now = server.clock()
    browser = await browsers.read(server, asked, now)
    if browser.person is None or not await proving.fresh(server, browser, now):
        return redirect(f"{server.issuer}/login?fresh=1")
    return _page(server, browser, browser.person.holder.email or "")


async def submit(server: Server, asked: Asked) -> Answer:
    """The same whether or not somebody else has the address: that is told to whoever reads its mail alone."""
    now = server.clock()
    params = asked.form()
    params.refuse_repeated()
    browser = await browsers.read(server, asked, now)
    browsers.check_form(server, asked, params, browser)
    if browser.person is None or not await proving.fresh(server, browser, now):
        return redirect(f"{server.issuer}/login?fresh=1")
    holder, typed = browser.person.holder, (params.get("email") or "").strip()
    try:
        person_record.read({"username": "x", "email": typed})
    except RecordRefused:
        return _page(server, browser, typed, message="That is no e-mail address.", status=400)

    async def ask() -> None:
        changes = await verifying.letter(server, holder.id, typed, now)
        if changes:
            await server.commit(changes, [], asked, now)

    await decided(ask)
    return answers.page(
        server, "done.html", browser=browser, coop=True, title="Look into your mail", onward=f"{server.path}/account",
        lead=f"A letter with a link is on its way to {typed}. The address is yours here once you followed it.",
        label="Back to your account",
    )  # fmt: skip


def _page(server: Server, browser: Browser, email: str, *, message: str | None = None, status: int = 200) -> Answer:
    return answers.page(
        server,
        "new_email.html",
        browser=browser,
        status=status,
        coop=True,
        csrf_token=browsers.csrf_token(server, browser),
        action=f"{server.path}/email",
        email=email,
        message=message,
        mail=mails.is_on(server),
    )
