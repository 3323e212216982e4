"""Who forgot their password asks for a link. The answer, and the way to it, is the same whoever they name
(OWASP ASVS 5.0 §6.3.8)."""

from mintmark import browser as browsers
from mintmark import mails, refused
from mintmark.browser import Browser
from mintmark.factors.password import LONGEST_NAME
from mintmark.mails import limits
from mintmark.pages import answers
from mintmark.protocol.errors import TooManyAttempts
from mintmark.protocol.throttling import Wait
from mintmark.server import Server
from mintmark.texts import _
from mintmark.wire.answer import Answer
from mintmark.wire.asked import Asked

SENT = _("If there is an account of that name, and its address is confirmed, a letter with a link is on its way to it.")


async def show(server: Server, asked: Asked) -> Answer:
    browser = await browsers.read(server, asked, server.clock())
    return _page(server, browser)


async def submit(server: Server, asked: Asked) -> Answer:
    """Nobody is looked up before the letter is sent: what is written here does not depend on who is named."""
    now = server.clock()
    params = asked.form()
    params.refuse_repeated()
    browser = await browsers.read(server, asked, now)
    browsers.check_form(server, asked, params, browser.signed_out())
    name = (params.get("username") or "")[:LONGEST_NAME]
    if not name or not mails.is_on(server):
        return _page(server, browser, message=_("Enter your username or e-mail address."), status=400)
    passed = await limits.asker(server, asked.address, now)
    if isinstance(passed, Wait):
        error = TooManyAttempts(_("Too many letters were asked for here. Wait a while."), passed.seconds,
                                check="mail throttle", got=f"wait {passed.seconds} s")  # fmt: skip
        refused.tell(server, asked, error, now)
        answer = _page(server, browser, username=name, message=error.description, status=error.status)
        return answer.traced(asked.request_id).plus((b"retry-after", str(error.retry_after).encode()))
    expires_at = now + server.settings.reset_link_lifetime
    letter = mails.ask(server, "reset_password", {"name": name}, now, expires_at=expires_at, languages=asked.languages)
    await server.commit(letter, [], asked, now)
    return answers.page(
        server, "done.html", browser=browser, title=_("Look into your mail"), lead=SENT,
        onward=f"{server.path}/login", label=_("Back to signing in"),
    )  # fmt: skip


def _page(
    server: Server, browser: Browser, *, username: str = "", message: str | None = None, status: int = 200
) -> Answer:
    return answers.page(
        server,
        "forgot.html",
        browser=browser,
        status=status,
        csrf_token=browsers.csrf_token(server, browser.signed_out()),
        action=f"{server.path}/forgot",
        username=username,
        message=message,
        mail=mails.is_on(server),
    )
