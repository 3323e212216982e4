"""The authorization door: every step of a sign-in returns here (RFC 6749 §4.1.1, OIDC Core §3.1.2)."""

from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from mintmark import browser as browsers
from mintmark import mint, steps, subjects, underway
from mintmark.endpoints import approving
from mintmark.endpoints.visiting import Visit
from mintmark.events import ConsentRefused, Event
from mintmark.keys import jwt
from mintmark.protocol import acr_levels, next_step, pkce
from mintmark.protocol import consent as consents_
from mintmark.protocol.authorization_request import CREATE, AuthorizationRequest, RefusedWithRedirect
from mintmark.protocol.client import Client
from mintmark.protocol.errors import AccessDenied, InteractionRequired, OAuthError, RequestUriNotSupported
from mintmark.protocol.limits import Limits
from mintmark.protocol.next_step import Approve, AskConsent, Facts, ProveMore, SignIn
from mintmark.protocol.params import Params
from mintmark.registry import Understood
from mintmark.server import Server, decided
from mintmark.store import requests
from mintmark.store.arrivals import NOBODYS
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked


async def authorize(server: Server, asked: Asked) -> Answer:
    """GET. Raises UntrustedRequest (a page); every other refusal goes back to the client."""
    now = server.clock()
    params = asked.query()
    if underway.ours(params) is None:
        params = await underway.resolved(server, params, now)  # once, however often it is decided
    return await decided(lambda: _go_on(server, asked, params, now))


async def authorize_by_post(server: Server, asked: Asked) -> Answer:
    """POST, which may come from any site: validate, keep, and go on by a GET, where the cookies arrive."""
    now = server.clock()
    params = asked.form()
    client = await underway.client_of(server, params)
    if (id := underway.ours(params)) is not None:
        return redirect(underway.address(server, client.id, id))
    params = await underway.resolved(server, params, now)
    underway.read(server, params, client, now)
    kept = await decided(lambda: underway.keep(server, client, params, None, asked, now))
    return redirect(underway.address(server, client.id, kept.id))


async def _go_on(server: Server, asked: Asked, params: Params, now: datetime) -> Answer:
    visit = await _visit(server, asked, params, now)
    try:
        answer = await _step(visit)
    except OAuthError as error:
        await _complete_refused(visit, error)
        back = _back(visit.request, error)
        back.more = browsers.told_state(server, asked, visit.browser, visit.request)
        raise back from error
    return browsers.with_cookie(server, answer, visit.browser.secret) if visit.browser.is_new else answer


async def _visit(server: Server, asked: Asked, params: Params, now: datetime) -> Visit:
    client = await underway.client_of(server, params)
    id = underway.ours(params)
    browser, consent, kept = await browsers.read_arriving(server, asked, client.id, id or NOBODYS, now)
    if id is None:
        request, version = underway.read(server, params, client, now), server.registry.version
        return Visit(server, asked, now, params, client, browser, request, None, consent, version)
    found = await underway.find(server, id, browser, asked, now, kept=kept)
    if found.client.id != client.id:
        raise _back(
            found.request,
            RequestUriNotSupported(
                "request_uri belongs to another client",
                check="request_uri client",
                expected=found.client.id,
                got=client.id,
            ),
        )
    return Visit(
        server, asked, now, params, client, browser, found.request, found.kept, consent, server.registry.version
    )


def _back(request: AuthorizationRequest, error: OAuthError) -> RefusedWithRedirect:
    return RefusedWithRedirect(error, request.return_address, request.state, request.response_mode)


async def _complete_refused(visit: Visit, error: OAuthError) -> None:
    """A refused request is over; the person's own refusal is remembered as theirs."""
    if visit.kept is None:
        return
    events: list[Event] = []
    if error.check == "consent" and isinstance(error, AccessDenied) and visit.browser.person is not None:
        events.append(ConsentRefused(client_id=visit.client.id, person_id=visit.browser.person.holder.id))
    await visit.server.commit([requests.complete(visit.kept.id, visit.now)], events, visit.asked, visit.now)
    underway.is_over(visit.server, visit.kept.id)


async def _step(visit: Visit) -> Answer:
    if _leaves(visit):
        return await _to_page(visit, "account/keep")
    facts = _facts(visit)
    step = next_step.next_step(visit.request, facts, visit.now)
    if isinstance(step, ProveMore) and visit.browser.person is not None:  # only now is it looked up what they could
        has = await steps.has(visit.server, visit.browser.person)
        step = next_step.next_step(visit.request, replace(facts, has=has), visit.now)
    match step:
        case Approve() as approved:
            return await approving.approve(visit, approved)
        case SignIn():
            return await _to_page(visit, "sign-up" if CREATE in visit.request.prompt else "login")
        case ProveMore():
            return await _to_page(visit, "login")
        case AskConsent():
            return await _to_page(visit, "consent")


def _leaves(visit: Visit) -> bool:
    """Whether who is signed in asked to be deleted: no app gets anything before they said that they stay."""
    person = visit.browser.person
    if person is None or person.holder.delete_after is None:
        return False
    if "none" in visit.request.prompt:
        raise InteractionRequired("the person has to say whether their account stays", check="person leaves")
    return True


async def _to_page(visit: Visit, page: str) -> Answer:
    """The page, which returns here; the request is kept meanwhile."""
    server = visit.server
    if visit.kept is None:
        kept = await underway.keep(server, visit.client, visit.params, visit.browser, visit.asked, visit.now)
        underway.understand(server, kept.id, Understood(visit.request, kept), visit.version)
        id = kept.id
    else:
        id = visit.kept.id
    return redirect(f"{server.issuer}/{page}?request={quote(id, safe='')}")


def _facts(visit: Visit) -> Facts:
    request, person, kept = visit.request, visit.browser.person, visit.kept
    groups = () if person is None else person.holder.groups
    limits = visit.server.registry.limits(visit.client, request.audience, groups, visit.now, offline=request.offline)
    _check(limits, request, visit.now)
    return Facts(
        session=visit.browser.session,
        began_at=visit.now if kept is None else kept.created_at,
        decision=None if kept is None else kept.decision,
        remembered=consents_.covered(visit.allowed, visit.asked_for),
        consent_is_remembered=visit.tells_clients_apart,
        consent_is_required=consents_.is_required(visit.client, by_policy=limits.require_consent),
        hinted=_hinted(visit),
        is_wanted=_is_wanted(visit),
        levels=visit.server.levels,
        demanded=acr_levels.demanded(limits.require_factors),
    )


def _check(limits: Limits, request: AuthorizationRequest, now: datetime) -> None:
    """What the person's groups state as well, who are known only once somebody is signed in."""
    if limits.over(now):
        raise mint.denied()
    if limits.require_pkce and request.wants_code and request.code_challenge is None:
        raise pkce.missing()


def _hinted(visit: Visit) -> str | None:
    """Whom id_token_hint names: who is signed in, or a nobody. An expired one counts, a foreign one does not."""
    hint, server = visit.request.id_token_hint, visit.server
    if hint is None:
        return None
    claims = jwt.verify_hint(server.registry.ring, hint, issuer=server.issuer, now=visit.now)
    if claims is None or not _is_for(visit.client, claims.get("aud")):
        return ""
    session = visit.browser.session
    if session is None or not subjects.is_of(server.registry, visit.client, session.person_id, claims.get("sub")):
        return ""
    return session.person_id


def _is_for(client: Client, audience: object) -> bool:
    return client.id in audience if isinstance(audience, list) else client.id == audience


def _is_wanted(visit: Visit) -> bool:
    """Whether who is signed in is one of those whom `sub` in claims names; where it names nobody, anybody is."""
    session, wanted = visit.browser.session, visit.request.claims.subjects
    if session is None or wanted is None:
        return True
    registry, client = visit.server.registry, visit.client
    return any(subjects.is_of(registry, client, session.person_id, subject) for subject in wanted)
