"""The sign-up page: an address first, which a letter proves; everything else comes behind its link.

Nobody is looked up before the letter is sent, so the answer, and the way to it, is the same whether or not there is an
account (OWASP ASVS 5.0 §6.3.8).
"""

from datetime import datetime

from mintmark import browser as browsers
from mintmark import mails, refused, underway
from mintmark.browser import Browser
from mintmark.mails import limits
from mintmark.pages import answers
from mintmark.protocol import person_record
from mintmark.protocol.errors import Refusal, TooManyAttempts, UntrustedRequest
from mintmark.protocol.params import Params
from mintmark.protocol.person_record import RecordRefused
from mintmark.protocol.throttling import Wait
from mintmark.server import Server
from mintmark.texts import _
from mintmark.underway import UnderWay
from mintmark.wire.answer import Answer
from mintmark.wire.asked import Asked


async def show(server: Server, asked: Asked) -> Answer:
    now, params = server.clock(), asked.query()
    browser = await browsers.read(server, asked, now)
    found = await _under_way(server, asked, params, browser, now)
    return await _page(server, browser, found, now)


async def submit(server: Server, asked: Asked) -> Answer:
    now, params = server.clock(), asked.form()
    params.refuse_repeated()
    browser = await browsers.read(server, asked, now)
    browsers.check_form(server, asked, params, browser.signed_out())
    found = await _under_way(server, asked, params, browser, now)
    email = (params.get("email") or "").strip()
    try:
        await _check(server, asked, email, now)
    except Refusal as error:
        refused.tell(server, asked, error, now)
        again = await _page(server, browser, found, now, email=email, message=error.description, status=error.status)
        again = again.traced(asked.request_id)
        if isinstance(error, TooManyAttempts):
            return again.plus((b"retry-after", str(error.retry_after).encode()))
        return again
    until = now + server.settings.sign_up_link_lifetime
    values = {"request": "" if found is None else found.kept.id}
    letter = mails.sign_up(server, email, values, now, expires_at=until, languages=asked.languages)
    await server.commit(letter, [], asked, now)
    return answers.page(
        server,
        "done.html",
        browser=browser,
        title=_("Look into your mail"),
        lead=_("A letter is on its way to %(email)s. Its link goes on from here.", email=email),
        onward=f"{server.path}/login",
        label=_("Back to signing in"),
    )


async def _check(server: Server, asked: Asked, email: str, now: datetime) -> None:
    """Raises the refusal that the page shows."""
    settings = server.settings
    if not settings.signs_up:
        raise UntrustedRequest(_("You need an invitation to make an account here."), check="sign-up off")
    try:
        person_record.MEMBERS["email"]("email", email)
    except RecordRefused:
        raise UntrustedRequest(
            _("Enter your e-mail address, such as alice@example.org."), check="sign-up address"
        ) from None
    domain = email.rpartition("@")[2].lower()
    if settings.sign_up == "domains" and domain not in settings.sign_up_domains:
        raise UntrustedRequest(
            _("Addresses of %(domain)s cannot make an account here.", domain=domain),
            check="sign-up domain",
            expected=" ".join(settings.sign_up_domains),
        )
    await limit(server, asked, now)


async def limit(server: Server, asked: Asked, now: datetime) -> None:
    """Raises TooManyAttempts."""
    passed = await limits.signing_up(server, asked.address, now)
    if isinstance(passed, Wait):
        raise TooManyAttempts(
            _("Too many tries. Wait a moment."),
            passed.seconds,
            check="sign-up throttle",
            got=f"wait {passed.seconds} s",
        )


async def _under_way(server: Server, asked: Asked, params: Params, browser: Browser, now: datetime) -> UnderWay | None:
    id = params.get("request")
    return None if id is None else await underway.find(server, id, browser, asked, now)


async def _page(
    server: Server,
    browser: Browser,
    found: UnderWay | None,
    now: datetime,
    *,
    email: str = "",
    message: str | None = None,
    status: int = 200,
) -> Answer:
    return answers.page(
        server,
        "sign_up.html",
        browser=browser,
        status=status,
        ui_locales=() if found is None else found.request.ui_locales,
        client=None if found is None else await answers.shown(server, found.client, now),
        form_action=() if found is None else (found.request.return_address.form_action,),
        csrf_token=browsers.csrf_token(server, browser.signed_out()),
        request="" if found is None else found.kept.id,
        action=f"{server.path}/sign-up",
        is_open=server.settings.signs_up,
        email=email or (found.request.login_hint or "" if found is not None else "")[:320],
        message=message,
    )
