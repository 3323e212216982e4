"""An authorization request that may go on: what is written, and what the app is answered (RFC 6749 §4.1.2)."""

from datetime import datetime

from mintmark import browser as browsers
from mintmark import logouts, mint, underway
from mintmark.endpoints import registering
from mintmark.endpoints.visiting import Visit
from mintmark.events import Authorized, ConsentGiven, Event
from mintmark.grants.earning import ADMINS
from mintmark.protocol import claims_request, ids, next_step
from mintmark.protocol import code as code_
from mintmark.protocol import consent as consents_
from mintmark.protocol import scope as scopes
from mintmark.protocol.authorization import Authorization
from mintmark.protocol.code import Code
from mintmark.protocol.errors import AccessDenied
from mintmark.protocol.limits import Limits
from mintmark.protocol.next_step import Approve
from mintmark.store import authorizations, clients, codes, consents, people, requests, sessions
from mintmark.store.changes import Change, Conflict
from mintmark.store.people import Person
from mintmark.wire import response_modes
from mintmark.wire.answer import Answer


async def approve(visit: Visit, step: Approve) -> Answer:
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
        *_relied_on(visit, person, step),
        authorizations.add(authorization),
        codes.add(_code(visit, authorization, secret, limits)),
        *logouts.joining(server, client, step.session, step.scope, now),
        *_completed(visit, person, step),
    ]
    await _commit(visit, changes, _authorized(visit, authorization, step))
    return _answer(visit, [("code", secret)])


def _answer(visit: Visit, members: list[tuple[str, str]]) -> Answer:
    """With the state, and with the issuer (RFC 9207 §2)."""
    request = visit.request
    state = [] if request.state is None else [("state", request.state)]
    state += browsers.told_state(visit.server, visit.asked, visit.browser, request)
    told = [*members, *state, ("iss", visit.server.issuer)]
    wanted = (*request.ui_locales, *visit.browser.languages)
    answer = response_modes.answer(visit.server, request.response_mode, request.return_address, told, wanted)
    session = visit.browser.session
    return answer if session is None else browsers.with_state(visit.server, visit.asked, answer, session.id)


async def _allow(visit: Visit, person: Person, step: Approve) -> None:
    """`response_type=none`: no code, so no authorization that one would hang on (Multiple Response Types §4)."""
    if visit.kept is None:
        return
    changes = [*_relied_on(visit, person, step), *_completed(visit, person, step)]
    events: list[Event] = []
    if visit.kept.decision is not None:
        whose = {"client_id": visit.client.id, "person_id": person.holder.id}
        events.append(ConsentGiven(**whose, scope=scopes.write(step.allowed)))
    await _commit(visit, changes, events)


def _relied_on(visit: Visit, person: Person, step: Approve) -> list[Change]:
    """Guards: all three are as they were when this was decided."""
    return [clients.stands(visit.client), people.stands(person.holder), sessions.stands(step.session.id)]


def _authorized(visit: Visit, authorization: Authorization, step: Approve) -> list[Event]:
    what: dict[str, str] = {"authorization_id": authorization.id, "scope": scopes.write(authorization.scope)}
    whose = {"client_id": authorization.client_id, "person_id": authorization.person_id}
    events: list[Event] = [Authorized(**whose, **what, session_id=authorization.session_id)]
    if visit.kept is not None and visit.kept.decision is not None:
        allowed = scopes.write(step.allowed)
        events.append(ConsentGiven(**whose, authorization_id=authorization.id, scope=allowed))
    return events


async def _commit(visit: Visit, changes: list[Change], events: list[Event]) -> None:
    try:
        await visit.server.commit(changes, events, visit.asked, visit.now)
    except Conflict:
        visit.server.registry.forget()  # what was kept in memory may be what is no longer so
        raise
    if visit.kept is not None:
        underway.is_over(visit.server, visit.kept.id)


def _completed(visit: Visit, person: Person, step: Approve) -> list[Change]:
    """The request is completed, once; a consent that was given on its page is remembered for the next time."""
    if visit.kept is None:
        return []
    changes: list[Change] = [requests.complete(visit.kept.id, visit.now)]
    if visit.kept.decision is None or not visit.tells_clients_apart:
        return changes
    before, allowed = visit.allowed, consents_.after(visit.allowed, visit.asked_for, step.allowed)
    if allowed and allowed != before:
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
        acr=next_step.told(visit.request, visit.server.levels, session.proofs, visit.now),
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
