"""The authorization door: every step of a sign-in returns here (RFC 6749 §4.1.1, OIDC Core §3.1.2)."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from mintmark import browser as browsers
from mintmark import logouts, mint, subjects, underway
from mintmark.browser import Browser
from mintmark.endpoints import registering
from mintmark.events import Authorized, ConsentGiven, ConsentRefused, Event
from mintmark.grants.earning import ADMINS
from mintmark.keys import jwt
from mintmark.protocol import claims_request, ids, next_step, pkce
from mintmark.protocol import code as code_
from mintmark.protocol import scope as scopes
from mintmark.protocol.authorization import Authorization
from mintmark.protocol.authorization_request import AuthorizationRequest, RefusedWithRedirect
from mintmark.protocol.client import Client
from mintmark.protocol.code import Code
from mintmark.protocol.errors import AccessDenied, OAuthError, RequestUriNotSupported
from mintmark.protocol.limits import Limits
from mintmark.protocol.next_step import Approve, AskConsent, Facts, SignIn
from mintmark.protocol.params import Params
from mintmark.server import Server, decided
from mintmark.store import authorizations, clients, codes, consents, people, requests, sessions
from mintmark.store.changes import Change, Conflict
from mintmark.store.consents import Consent
from mintmark.store.people import Person
from mintmark.store.requests import KeptRequest
from mintmark.wire import response_modes
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser at this door with a checked request: all that was read before anything is decided."""

    server: Server
    asked: Asked
    now: datetime
    params: Params
    client: Client
    browser: Browser
    request: AuthorizationRequest
    kept: KeptRequest | None  # None: the request comes for the first time
    consent: Consent | None  # what this person allowed this client before

    @property
    def tells_clients_apart(self) -> bool:
        """False: another program could pose as this client, so its consent is not remembered (RFC 8252 §8.6)."""
        return not (self.client.is_public and self.request.return_address.is_native)

    @property
    def allowed_before(self) -> tuple[str, ...]:
        """What was allowed at one resource says nothing of another that has scopes of the same names."""
        if self.consent is None or not set(self.request.audience) <= set(self.consent.resources):
            return ()
        return self.consent.scope


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
    return redirect(underway.address(server, client.id, kept))


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
    browser = await browsers.read(server, asked, now)
    consent = None
    if browser.person is not None:
        consent = await consents.find(server.store, browser.person.holder.id, client.id)
    id = underway.ours(params)
    if id is None:
        request = underway.read(server, params, client, now)
        return Visit(server, asked, now, params, client, browser, request, None, consent)
    found = await underway.find(server, id, browser, asked, now)
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
    return Visit(server, asked, now, params, client, browser, found.request, found.kept, consent)


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


async def _step(visit: Visit) -> Answer:
    match next_step.next_step(visit.request, _facts(visit), visit.now):
        case Approve() as approved:
            return await _approve(visit, approved)
        case SignIn():
            return await _to_page(visit, "login")
        case AskConsent():
            return await _to_page(visit, "consent")


async def _to_page(visit: Visit, page: str) -> Answer:
    """The page, which returns here; the request is kept meanwhile."""
    server, kept = visit.server, visit.kept
    kept_id = (
        kept.id
        if kept is not None
        else await underway.keep(server, visit.client, visit.params, visit.browser, visit.asked, visit.now)
    )
    return redirect(f"{server.issuer}/{page}?request={quote(kept_id, safe='')}")


def _facts(visit: Visit) -> Facts:
    request, person, kept = visit.request, visit.browser.person, visit.kept
    groups = () if person is None else person.holder.groups
    limits = visit.server.registry.limits(visit.client, request.audience, groups, visit.now, offline=request.offline)
    _check(limits, request, visit.now)
    return Facts(
        session=visit.browser.session,
        began_at=visit.now if kept is None else kept.created_at,
        decision=None if kept is None else kept.decision,
        remembered=visit.allowed_before,
        consent_is_remembered=visit.tells_clients_apart,
        consent_is_required=limits.require_consent,
        hinted=_hinted(visit),
        subject=_subject(visit),
    )


def _check(limits: Limits, request: AuthorizationRequest, now: datetime) -> None:
    """What the person's groups state as well, who are known only once somebody is signed in."""
    if limits.over(now):
        raise mint.denied()
    if limits.require_pkce and request.wants_code and request.code_challenge is None:
        raise pkce.missing()


def _hinted(visit: Visit) -> str | None:
    """Whom id_token_hint names, as the client knows them; an expired one does, a foreign one names a nobody."""
    hint, server = visit.request.id_token_hint, visit.server
    if hint is None:
        return None
    claims = jwt.verify_hint(server.registry.ring, hint, issuer=server.issuer, now=visit.now)
    if claims is None or not _is_for(visit.client, claims.get("aud")):
        return ""
    return str(claims["sub"])


def _is_for(client: Client, audience: object) -> bool:
    return client.id in audience if isinstance(audience, list) else client.id == audience


def _subject(visit: Visit) -> str:
    """As whom the client knows who is signed in, where the request names somebody."""
    person, request = visit.browser.person, visit.request
    if person is None or (request.id_token_hint is None and request.claims.subjects is None):
        return ""
    return subjects.of(visit.server.registry, visit.client, person.holder.id)


async def _approve(visit: Visit, step: Approve) -> Answer:
    """An authorization with its code, written before the browser leaves; of `none`, what the person allowed."""
    server, client, now, person = visit.server, visit.client, visit.now, visit.browser.person
    if person is None:
        raise AccessDenied("nobody is signed in", check="nobody signed in", expected="a session")
    if any(map(scopes.is_admin, step.scope)) and ADMINS not in person.holder.groups:
        raise AccessDenied(
            "this person may not have the admin API's scopes",
            check="admins",
            expected=f"the group {ADMINS}",
            got=" ".join(person.holder.groups),
        )
    audience = server.registry.catalogue.audience(step.scope, visit.request.resources)
    offline = scopes.OFFLINE in step.scope
    limits = server.registry.limits(client, audience, person.holder.groups, now, offline=offline)
    if limits.over(now):
        raise mint.denied()
    await registering.mark_used(server, client, now)
    if not visit.request.wants_code:
        await _allow(visit, person, step)
        return _answer(visit, [])
    authorization = _authorization(visit, step, audience, limits)
    secret = ids.secret(code_.PREFIX, server.random(32))
    changes: list[Change] = [
        clients.stands(client),
        people.stands(person.holder),
        sessions.stands(step.session.id),
        authorizations.add(authorization),
        codes.add(_code(visit, authorization, secret, limits)),
        *logouts.joining(server, client, step.session, step.scope, now),
        *_completed(visit, person, step),
    ]
    await _commit(visit, changes, authorization, step)
    return _answer(visit, [("code", secret)])


def _answer(visit: Visit, members: list[tuple[str, str]]) -> Answer:
    """With the state, and with the issuer (RFC 9207 §2)."""
    request = visit.request
    state = [] if request.state is None else [("state", request.state)]
    state += browsers.told_state(visit.server, visit.asked, visit.browser, request)
    told = [*members, *state, ("iss", visit.server.issuer)]
    answer = response_modes.answer(visit.server, request.response_mode, request.return_address, told)
    session = visit.browser.session
    return answer if session is None else browsers.with_state(visit.server, visit.asked, answer, session.id)


async def _allow(visit: Visit, person: Person, step: Approve) -> None:
    """`response_type=none`: no code, so no authorization that one would hang on (Multiple Response Types §4)."""
    if visit.kept is None:
        return
    changes: list[Change] = [
        clients.stands(visit.client),
        people.stands(person.holder),
        sessions.stands(step.session.id),
        *_completed(visit, person, step),
    ]
    events: list[Event] = []
    if visit.kept.decision is not None:
        whose = {"client_id": visit.client.id, "person_id": person.holder.id}
        events.append(ConsentGiven(**whose, scope=scopes.write(step.allowed)))
    await visit.server.commit(changes, events, visit.asked, visit.now)


async def _commit(visit: Visit, changes: list[Change], authorization: Authorization, step: Approve) -> None:
    what: dict[str, str] = {"authorization_id": authorization.id, "scope": scopes.write(authorization.scope)}
    whose = {"client_id": authorization.client_id, "person_id": authorization.person_id}
    events: list[Event] = [Authorized(**whose, **what, session_id=authorization.session_id)]
    if visit.kept is not None and visit.kept.decision is not None:
        allowed = scopes.write(step.allowed)
        events.append(ConsentGiven(**whose, authorization_id=authorization.id, scope=allowed))
    try:
        await visit.server.commit(changes, events, visit.asked, visit.now)
    except Conflict:
        visit.server.registry.forget()  # what was kept in memory may be what is no longer so
        raise


def _completed(visit: Visit, person: Person, step: Approve) -> list[Change]:
    """The request is completed, once; a consent that was given on its page is remembered for the next time."""
    if visit.kept is None:
        return []
    changes: list[Change] = [requests.complete(visit.kept.id, visit.now)]
    was_asked = visit.kept.decision is not None
    if was_asked and visit.tells_clients_apart and not set(step.allowed) <= set(visit.allowed_before):
        allowed = Consent(step.allowed, visit.request.audience)
        changes.append(consents.remember(person.holder.id, visit.client.id, visit.consent, allowed, visit.now))
    return changes


def _authorization(visit: Visit, step: Approve, audience: tuple[str, ...], limits: Limits) -> Authorization:
    session = step.session
    return Authorization(
        id=ids.uuid7(visit.now, visit.server.random(10)),
        person_id=session.person_id,
        client_id=visit.client.id,
        session_id=session.id,
        scope=step.scope,
        resources=audience,
        ends_with_session=limits.ends_with_session,
        authenticated_at=session.authenticated_at,
        acr=session.acr,
        amr=session.amr,
        created_at=visit.now,
        expires_at=min(_ends(visit, step, limits)),
        ended_at=None,
        claims=claims_request.written(visit.request.claims.within(step.allowed)),
    )


def _ends(visit: Visit, step: Approve, limits: Limits) -> list[datetime]:
    """Nothing that hangs on the authorization outlives any of these."""
    refreshes = "refresh_token" in visit.client.grant_types
    lifetime = limits.refresh_token_lifetime if refreshes else limits.code_lifetime + limits.access_token_lifetime
    ends = [visit.now + lifetime]
    if limits.not_after is not None:
        ends.append(limits.not_after)
    if limits.ends_with_session:
        ends.append(step.session.expires_at)
    return ends


def _code(visit: Visit, authorization: Authorization, secret: str, limits: Limits) -> Code:
    return Code(
        digest=ids.digest(secret),
        authorization_id=authorization.id,
        client_id=authorization.client_id,
        redirect_uri=visit.request.return_address.uri,
        code_challenge=visit.request.code_challenge,
        nonce=visit.request.nonce,
        created_at=visit.now,
        expires_at=min(visit.now + limits.code_lifetime, authorization.expires_at),
        spent_at=None,
    )
