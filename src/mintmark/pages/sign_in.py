"""The sign-in page: who are you, and how do we know? Step by step (contract, "Doors")."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from mintmark import browser as browsers
from mintmark import factors, proving, refused, steps, underway
from mintmark.factors import email_code, external
from mintmark.factors.factor import Factor, Offer, WrongProof
from mintmark.pages import answers, code
from mintmark.protocol.errors import Refusal, TooManyAttempts
from mintmark.protocol.params import Params
from mintmark.server import Server
from mintmark.steps import Visit
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked


async def show(server: Server, asked: Asked) -> Answer:
    """GET. Without anything to prove, whoever is signed in goes on to their account."""
    now = server.clock()
    params = asked.query()
    # It is only shown here, and nothing is decided.
    visit = await steps.visit(server, asked, params, now, kept=underway.just_kept(server, params.get("request"), now))
    choices = _choices(visit)
    if not choices and visit.found is None and visit.browser.session is not None:
        return redirect(f"{server.issuer}/account")
    if params.get("another") is None and _is_beyond(visit):
        return await _set_up(visit, params)
    way = _way(params, choices)
    if way is not None and _is_step(visit, way):
        return await _second(visit, params, way, choices)
    return await _first(visit, params, _hinted(visit))


async def submit(server: Server, asked: Asked) -> Answer:
    """POST. Every outcome but success shows the page again, with the name in its place."""
    now = server.clock()
    params = asked.form()
    params.refuse_repeated()
    browser = await browsers.read(server, asked, now)
    browsers.check_form(server, asked, params, browser.signed_out())
    way = _sent(params)
    try:
        return await proving.prove(server, asked, params, way.name, now)
    except (WrongProof, TooManyAttempts) as error:
        again = await _again(server, asked, params, way, error)
        if isinstance(error, TooManyAttempts):
            return again.plus((b"retry-after", str(error.retry_after).encode()))
        return again


def _choices(visit: Visit) -> tuple[str, ...]:
    """What whoever is known here could prove next; (): they begin with who they are."""
    if visit.person is None:
        return ()
    return steps.missing(visit, visit.person, visit.proofs_of(visit.person)) or ()


def _way(params: Params, choices: Sequence[str]) -> Factor | None:
    if not choices:
        return None
    wanted = params.get("factor") or ""
    return factors.FACTORS[wanted if wanted in choices else choices[0]]


def _is_step(visit: Visit, way: Factor) -> bool:
    """Whether it is asked on a page of its own, of somebody who is known; otherwise it stands where sign-ins begin."""
    return not way.first or (way.second and visit.sign_in is not None)


def _sent(params: Params) -> Factor:
    """The factor that the form is of. Where it does not say, whoever recognises its fields; the password otherwise."""
    named = factors.FACTORS.get(params.get("factor") or "")
    if named is not None and named.recognises(params):
        return named
    # The operator's own comes first: its button stands beside the fields of others.
    ways = sorted(factors.FACTORS.values(), key=lambda factor: factor is not external.FACTOR)
    known = (factor for factor in ways if factor.recognises(params))
    return next(known, named or factors.FACTORS["password"])


def _hinted(visit: Visit) -> str:
    if visit.person is not None and visit.sign_in is not None:
        return visit.person.holder.username
    return (visit.found.request.login_hint or "")[:320] if visit.found is not None else ""


async def _again(server: Server, asked: Asked, params: Params, way: Factor, error: Refusal) -> Answer:
    """The page again. The factors have told the log; which it was, only operators can look up."""
    shows = error.shows if isinstance(error, WrongProof) else {}
    if not shows:
        refused.keep(server, asked, error, server.clock())
    visit = await steps.visit(server, asked, params, server.clock())
    choices = _choices(visit)
    if (way.name in choices and _is_step(visit, way)) or shows:
        again = await _second(visit, params, way, choices, message=error.description, status=error.status, shows=shows)
    else:
        username = params.get("username") or ""
        again = await _first(visit, params, username, message=error.description, status=error.status)
    return again if shows else again.traced(asked.request_id)  # what the page asks on is no refusal


async def _first(
    visit: Visit, params: Params, username: str, *, message: str | None = None, status: int = 200
) -> Answer:
    return await _page(
        visit,
        "sign_in.html",
        (factor for factor in factors.FACTORS.values() if factor.first or factor.may_begin(visit.server)),
        params,
        username=username,
        reauthenticate=visit.browser.session is not None or visit.sign_in is not None,
        code_url=code.address(visit) if email_code.is_on(visit.server) else "",
        message=message,
        status=status,
    )


async def _second(
    visit: Visit,
    params: Params,
    way: Factor,
    choices: Sequence[str],
    *,
    message: str | None = None,
    status: int = 200,
    shows: Mapping[str, object] = MappingProxyType({}),
) -> Answer:
    others = [factors.FACTORS[name] for name in choices if name != way.name]
    return await _page(
        visit,
        "second_step.html",
        [way],
        params,
        factor=way.name,
        fields=way.template,
        trust_days=_trust_days(visit),
        others=[{"label": other.label, "url": _link(visit, other)} for other in others],
        message=message,
        status=status,
        shows=shows,
    )


def _trust_days(visit: Visit) -> int | None:
    """How long this browser can be trusted. None: nobody is asked."""
    lasts = visit.server.settings.trusted_browser
    return None if lasts is None or visit.sign_in is None else max(1, lasts.days)


def _is_beyond(visit: Visit) -> bool:
    """Whether the app demands of who is signed in what they have not set up."""
    if visit.person is None or visit.sign_in is not None or visit.found is None:
        return False
    return steps.is_beyond(visit, visit.person)


async def _set_up(visit: Visit, params: Params) -> Answer:
    """The app demands more than this person has: what they can do about it."""
    here, factors_ = visit.page(), f"{visit.server.path}/account/factors"
    another = f"{here}&another=1"
    return await _page(visit, "set_up.html", [], params, another=another, account=factors_, here=here, status=403)


def _link(visit: Visit, factor: Factor) -> str:
    page = visit.page(None if visit.sign_in is None else visit.sign_in.id)
    return f"{page}{'&' if '?' in page else '?'}{urlencode({'factor': factor.name})}"


async def _page(
    visit: Visit,
    template: str,
    ways: Iterable[Factor],
    params: Params,
    *,
    status: int,
    shows: Mapping[str, object] = MappingProxyType({}),
    **context: Any,  # what the template asks for
) -> Answer:
    server, found, browser = visit.server, visit.found, visit.browser
    step = None if visit.sign_in is None else visit.sign_in.id
    prepared: dict[str, Any] = {}
    for way in ways:
        prepared |= await way.prepare(server, Offer(visit.asked, params, visit.person, browser, visit.now, step))
    return answers.page(
        server,
        template,
        browser=browser,
        ui_locales=() if found is None else found.request.ui_locales,
        form_action=() if found is None else (found.request.return_address.form_action,),
        status=status,
        client=None if found is None else await answers.shown(server, found.client, visit.now),
        csrf_token=browsers.csrf_token(server, browser.signed_out()),
        request="" if found is None else found.kept.id,
        step=step or "",
        fresh=visit.fresh,
        action=f"{server.path}/login",
        **{**context, **prepared, **shows},
    )
