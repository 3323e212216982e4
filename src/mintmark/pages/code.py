"""A one-time code by mail: asked for here, and where nobody is known yet also shown here. Only where the operator
allows it; the answer is the same whoever is named."""

from urllib.parse import urlencode

from mintmark import browser as browsers
from mintmark import proving, refused, steps
from mintmark.factors import email_code
from mintmark.factors.factor import Offer, WrongProof
from mintmark.factors.password import LONGEST_NAME
from mintmark.mails import limits
from mintmark.pages import answers
from mintmark.protocol.errors import Refusal, TooManyAttempts
from mintmark.protocol.params import Params
from mintmark.protocol.throttling import Wait
from mintmark.server import Server, decided
from mintmark.steps import Visit
from mintmark.texts import _
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked


async def show(server: Server, asked: Asked) -> Answer:
    params = asked.query()
    return await _page(await steps.visit(server, asked, params, server.clock()), params)


async def submit(server: Server, asked: Asked) -> Answer:
    """With a code it is looked at; without one, one is sent."""
    params = asked.form()
    params.refuse_repeated()
    visit = await steps.visit(server, asked, params, server.clock())
    browsers.check_form(server, asked, params, visit.browser.signed_out())
    try:
        return await (_prove(visit, params) if params.get("code") else _send(visit, params))
    except (WrongProof, TooManyAttempts) as error:
        tell = refused.keep if isinstance(error, WrongProof) else refused.tell  # of a wrong code the factor has told
        tell(server, asked, error, visit.now)
        again = (await _page(visit, params, error)).traced(asked.request_id)
        if isinstance(error, TooManyAttempts):
            return again.plus((b"retry-after", str(error.retry_after).encode()))
        return again


async def _send(visit: Visit, params: Params) -> Answer:
    server, now = visit.server, visit.now
    name = (params.get("username") or "")[:LONGEST_NAME]
    if not name and visit.sign_in is None:
        raise WrongProof(_("Enter your username or e-mail address."), check="sign-in form", expected="a name")
    passed = await limits.asker(server, visit.asked.address, now)
    if isinstance(passed, Wait):
        raise TooManyAttempts(
            _("Too many letters were asked for here. Wait a while."),
            passed.seconds,
            check="mail throttle",
            got=f"wait {passed.seconds} s",
        )
    reference = email_code.new_reference(server)
    await server.commit(email_code.asked(server, _offer(visit, params), reference, name), [], visit.asked, now)
    if visit.sign_in is None:
        return redirect(address(visit, reference=reference))
    query = urlencode({"factor": "email_code", "reference": reference})
    return redirect(f"{visit.page(visit.sign_in.id)}&{query}")


def address(visit: Visit, **more: str) -> str:
    """Of this page, with what is under way."""
    query = {
        **({} if visit.found is None else {"request": visit.found.kept.id}),
        **({"fresh": visit.fresh} if visit.fresh else {}),
        **more,
    }
    return f"{visit.server.issuer}/code" + (f"?{urlencode(query)}" if query else "")


async def _prove(visit: Visit, params: Params) -> Answer:
    async def attempt() -> Answer:
        here = await steps.visit(visit.server, visit.asked, params, visit.now)
        return await proving.go_on(here, await email_code.prove(visit.server, _offer(here, params)))

    return await decided(attempt)


def _offer(visit: Visit, params: Params) -> Offer:
    """Only whose sign-in is under way is known: whoever is signed in may sign in as somebody else."""
    known, step = (None, None) if visit.sign_in is None else (visit.person, visit.sign_in.id)
    return Offer(visit.asked, params, known, visit.browser, visit.now, step)


async def _page(visit: Visit, params: Params, error: Refusal | None = None) -> Answer:
    server, found = visit.server, visit.found
    return answers.page(
        server,
        "code.html",
        browser=visit.browser,
        form_action=() if found is None else (found.request.return_address.form_action,),
        ui_locales=() if found is None else found.request.ui_locales,
        status=200 if error is None else error.status,
        client=None if found is None else await answers.shown(server, found.client, visit.now),
        csrf_token=browsers.csrf_token(server, visit.browser.signed_out()),
        request="" if found is None else found.kept.id,
        fresh=visit.fresh,
        action=f"{server.path}/code",
        again_url=address(visit),
        username=params.get("username") or "",
        reference=email_code.reference(server, params),
        sent=params.get("reference") is not None and (error is None or not isinstance(error, TooManyAttempts)),
        message=None if error is None else error.description,
    )
