"""The authorization door: every step of a sign-in returns here (RFC 6749 §4.1.1, OIDC Core §3.1.2)."""

from datetime import datetime, timedelta
from urllib.parse import quote

from mintmark import browser as browsers
from mintmark import mint, underway
from mintmark.browser import Browser
from mintmark.events import Authorized, ConsentRefused, Event
from mintmark.grants.earning import ADMINS
from mintmark.keys import jwt
from mintmark.protocol import code as code_
from mintmark.protocol import ids, next_step
from mintmark.protocol import scope as scopes
from mintmark.protocol.authorization import Authorization
from mintmark.protocol.authorization_request import AuthorizationRequest, RefusedWithRedirect
from mintmark.protocol.client import Client
from mintmark.protocol.code import Code
from mintmark.protocol.errors import AccessDenied, OAuthError, RequestUriNotSupported
from mintmark.protocol.limits import Limits
from mintmark.protocol.next_step import Approve, AskConsent, Decision, Facts, SignIn
from mintmark.protocol.params import Params
from mintmark.server import Server, decided
from mintmark.store import authorizations, clients, codes, consents, people, requests, sessions
from mintmark.store.changes import Change
from mintmark.store.people import Person
from mintmark.store.requests import KeptRequest
from mintmark.wire import refusals
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked


async def authorize(server: Server, asked: Asked) -> Answer:
    """GET. Raises UntrustedRequest (a page); every other refusal goes back to the client."""
    now = server.clock()
    params = asked.query()
    try:
        return await decided(lambda: _go_on(server, asked, params, now))
    except RefusedWithRedirect as refused:
        return refusals.as_redirect(refused, server.issuer)


async def authorize_by_post(server: Server, asked: Asked) -> Answer:
    """POST, which may come from any site: validate, keep, and go on by a GET, where the cookies arrive."""
    now = server.clock()
    params = asked.form()
    try:
        client = await underway.client_of(server, params)
        underway.read(server, params, client, now)
    except RefusedWithRedirect as refused:
        return refusals.as_redirect(refused, server.issuer)
    kept = await decided(lambda: underway.keep(server, client, params, None, asked, now))
    return redirect(underway.address(server, client.id, kept))


async def _go_on(server: Server, asked: Asked, params: Params, now: datetime) -> Answer:
    client = await underway.client_of(server, params)
    browser = await browsers.read(server, asked, now)
    kept: KeptRequest | None = None
    request_uri = params.get("request_uri") if not params.is_repeated("request_uri") else None
    if request_uri is not None and request_uri.startswith(underway.URN):
        found = await underway.find(server, request_uri.removeprefix(underway.URN), browser, asked, now)
        kept, request = found.kept, found.request
        if found.client.id != client.id:
            raise _foreign(request)
    else:
        request = underway.read(server, params, client, now)
    try:
        answer = await _step(server, asked, params, client, browser, request, kept, now)
    except OAuthError as error:
        await _complete_refused(server, asked, error, kept, client, browser, now)
        raise RefusedWithRedirect(error, request.return_address, request.state, request.response_mode) from error
    return browsers.with_cookie(server, answer, browser.secret) if browser.is_new else answer


def _foreign(request: AuthorizationRequest) -> RefusedWithRedirect:
    error = RequestUriNotSupported("request_uri belongs to another client")
    return RefusedWithRedirect(error, request.return_address, request.state, request.response_mode)


async def _complete_refused(
    server: Server,
    asked: Asked,
    error: OAuthError,
    kept: KeptRequest | None,
    client: Client,
    browser: Browser,
    now: datetime,
) -> None:
    """A refused request is over; the person's own refusal is remembered as theirs."""
    if kept is None:
        return
    events: list[Event] = []
    if isinstance(error, AccessDenied) and browser.person is not None:
        events.append(ConsentRefused(client_id=client.id, person_id=browser.person.holder.id))
    await server.commit([requests.complete(kept.id, now)], events, asked, now)


async def _step(
    server: Server,
    asked: Asked,
    params: Params,
    client: Client,
    browser: Browser,
    request: AuthorizationRequest,
    kept: KeptRequest | None,
    now: datetime,
) -> Answer:
    remembered = await _remembered(server, client, browser)
    facts = _facts(server, client, browser, request, kept, remembered or (), now)
    step = next_step.next_step(request, facts, now)
    if isinstance(step, Approve):
        return await _approve(server, asked, client, browser, request, kept, step, remembered, now)
    id = kept.id if kept is not None else await underway.keep(server, client, params, browser, asked, now)
    page = {SignIn: "login", AskConsent: "consent"}[type(step)]
    return redirect(f"{server.issuer}/{page}?request={quote(id, safe='')}")


async def _remembered(server: Server, client: Client, browser: Browser) -> tuple[str, ...] | None:
    if browser.person is None:
        return None
    return await consents.find(server.store, browser.person.holder.id, client.id)


def _facts(
    server: Server,
    client: Client,
    browser: Browser,
    request: AuthorizationRequest,
    kept: KeptRequest | None,
    remembered: tuple[str, ...],
    now: datetime,
) -> Facts:
    groups = () if browser.person is None else browser.person.holder.groups
    limits = server.registry.limits(client, request.audience, groups, now, offline=request.offline)
    return Facts(
        session=browser.session,
        began_at=now if kept is None else kept.created_at,
        decision=None if kept is None else kept.decision,
        remembered=remembered,
        consent_is_remembered=not (client.is_public and request.return_address.is_native),
        consent_is_required=limits.require_consent,
        hinted=_hinted(server, request, client, now),
    )


def _hinted(server: Server, request: AuthorizationRequest, client: Client, now: datetime) -> str | None:
    """Whom id_token_hint names; an expired one still does, another client's or a forged one names a nobody."""
    if request.id_token_hint is None:
        return None
    claims = jwt.verify_hint(server.registry.ring, request.id_token_hint, issuer=server.issuer, now=now)
    if claims is None or claims.get("aud") != client.id:
        return ""
    return str(claims["sub"])


async def _approve(
    server: Server,
    asked: Asked,
    client: Client,
    browser: Browser,
    request: AuthorizationRequest,
    kept: KeptRequest | None,
    step: Approve,
    remembered: tuple[str, ...] | None,
    now: datetime,
) -> Answer:
    person = browser.person
    assert person is not None  # noqa: S101  a session has one
    if any(map(scopes.is_admin, step.scope)) and ADMINS not in person.holder.groups:
        raise AccessDenied("this person may not have the admin API's scopes", check="admins")
    audience = server.registry.catalogue.audience(step.scope, request.resources)
    offline = scopes.OFFLINE in step.scope
    limits = server.registry.limits(client, audience, person.holder.groups, now, offline=offline)
    if limits.over(now):
        raise mint.denied()
    authorization = _authorization(server, client, step, audience, limits, now)
    secret = ids.secret(code_.PREFIX, server.random(32))
    code = _code(client, request, authorization, secret, limits, now)
    changes: list[Change] = [
        clients.stands(client),
        people.stands(person.holder),
        sessions.stands(step.session.id),
        authorizations.add(authorization),
        codes.add(code),
        *_decided(client, person, request, kept, step, remembered, now),
    ]
    event = Authorized(
        client_id=client.id,
        person_id=person.holder.id,
        session_id=step.session.id,
        authorization_id=authorization.id,
        scope=scopes.write(step.scope),
    )
    try:
        await server.commit(changes, [event], asked, now)
    except Exception:
        server.registry.forget()
        raise
    members = [("code", secret), *((("state", request.state),) if request.state is not None else ())]
    members.append(("iss", server.issuer))
    return redirect(refusals.MODES[request.response_mode](request.return_address, members))


def _decided(
    client: Client,
    person: Person,
    request: AuthorizationRequest,
    kept: KeptRequest | None,
    step: Approve,
    remembered: tuple[str, ...] | None,
    now: datetime,
) -> list[Change]:
    """The request is completed, once; a consent that was given on its page is remembered for the next time."""
    if kept is None:
        return []
    changes: list[Change] = [requests.complete(kept.id, now)]
    asked = kept.decision is not None and isinstance(kept.decision, Decision)
    may_remember = not (client.is_public and request.return_address.is_native)
    if asked and may_remember and not set(step.scope) <= set(remembered or ()):
        changes.append(consents.remember(person.holder.id, client.id, remembered, step.scope, now))
    return changes


def _authorization(
    server: Server, client: Client, step: Approve, audience: tuple[str, ...], limits: Limits, now: datetime
) -> Authorization:
    session = step.session
    return Authorization(
        id=ids.uuid7(now, server.random(10)),
        person_id=session.person_id,
        client_id=client.id,
        session_id=session.id,
        scope=step.scope,
        resources=audience,
        ends_with_session=limits.ends_with_session,
        authenticated_at=session.authenticated_at,
        acr=session.acr,
        amr=session.amr,
        created_at=now,
        expires_at=min(_ends(client, step, limits, now)),
        ended_at=None,
    )


def _ends(client: Client, step: Approve, limits: Limits, now: datetime) -> list[datetime]:
    """Nothing that hangs on the authorization outlives any of these."""
    refreshes = "refresh_token" in client.grant_types
    lifetime = limits.refresh_token_lifetime if refreshes else limits.code_lifetime + limits.access_token_lifetime
    ends = [now + max(lifetime, timedelta(seconds=1))]
    if limits.not_after is not None:
        ends.append(limits.not_after)
    if limits.ends_with_session:
        ends.append(step.session.expires_at)
    return ends


def _code(
    client: Client,
    request: AuthorizationRequest,
    authorization: Authorization,
    secret: str,
    limits: Limits,
    now: datetime,
) -> Code:
    return Code(
        digest=ids.digest(secret),
        authorization_id=authorization.id,
        client_id=client.id,
        redirect_uri=request.return_address.uri,
        code_challenge=request.code_challenge,
        nonce=request.nonce,
        created_at=now,
        expires_at=min(now + limits.code_lifetime, authorization.expires_at),
        spent_at=None,
    )
