"""The sign-in page: who are you? (contract, "Doors")."""

from dataclasses import replace
from datetime import datetime, timedelta

from mintmark import browser as browsers
from mintmark import ending, refused, underway
from mintmark.browser import Browser
from mintmark.events import Event, SignedIn
from mintmark.factors import password as passwords
from mintmark.pages import answers
from mintmark.protocol import ids
from mintmark.protocol.errors import Refusal, TooManyAttempts, UntrustedRequest
from mintmark.protocol.params import Params
from mintmark.protocol.session import ONE_FACTOR, Session
from mintmark.server import Server, decided
from mintmark.store import people, sessions
from mintmark.store.changes import Change
from mintmark.store.people import Person
from mintmark.texts import _
from mintmark.underway import UnderWay
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked


async def show(server: Server, asked: Asked) -> Answer:
    """GET. Without a request under way, whoever is signed in goes on to their account."""
    now = server.clock()
    params = asked.query()
    browser = await browsers.read(server, asked, now)
    found = await _under_way(server, params, browser, asked, now)
    if found is None and browser.session is not None:
        return redirect(f"{server.issuer}/account")
    hint = None if found is None else found.request.login_hint
    return await _page(server, browser, found, now, username=(hint or "")[:320])


async def submit(server: Server, asked: Asked) -> Answer:
    """POST. Every outcome but success shows the page again, with the name in its place."""
    now = server.clock()
    params = asked.form()
    params.refuse_repeated()
    browser = await browsers.read(server, asked, now)
    browsers.check_form(server, asked, params, browser.signed_out())
    found = await _under_way(server, params, browser, asked, now)
    username, password = params.get("username") or "", params.get("password") or ""
    if not username or not password:
        error = UntrustedRequest(_("Enter your name and password."), check="sign-in form", expected="both")
        return await _again(server, asked, browser, found, username, error, now)
    try:
        person, written = await passwords.prove(server, asked, username, password, now)
    except passwords.WrongPassword as error:
        return await _again(server, asked, browser, found, username, error, now)
    except TooManyAttempts as error:
        again = await _again(server, asked, browser, found, username, error, now)
        return again.plus((b"retry-after", str(error.retry_after).encode()))

    async def begin() -> tuple[str, str]:
        seen = await browsers.read(server, asked, now)  # anew: the session that was here may have ended meanwhile
        return await _begin(server, asked, seen, person, written, now)

    secret, session_id = await decided(begin)
    await _keep_to_limit(server, asked, person, now)
    answer = browsers.with_cookie(server, redirect(_next(server, found)), secret)
    answer = browsers.with_state(server, asked, answer, session_id)
    return browsers.with_device(server, answer, person.holder.id)


def _next(server: Server, found: UnderWay | None) -> str:
    return f"{server.issuer}/account" if found is None else underway.address(server, found.client.id, found.kept.id)


async def _under_way(server: Server, params: Params, browser: Browser, asked: Asked, now: datetime) -> UnderWay | None:
    id = params.get("request")
    return None if id is None else await underway.find(server, id, browser, asked, now)


async def _again(
    server: Server,
    asked: Asked,
    browser: Browser,
    found: UnderWay | None,
    username: str,
    error: Refusal,
    now: datetime,
) -> Answer:
    """The page again. The factors have told the log; which it was, only operators can look up."""
    refused.keep(server, asked, error, now)
    again = await _page(server, browser, found, now, username=username, message=error.description, status=error.status)
    return again.traced(asked.request_id)


async def _page(
    server: Server,
    browser: Browser,
    found: UnderWay | None,
    now: datetime,
    *,
    username: str,
    message: str | None = None,
    status: int = 200,
) -> Answer:
    return answers.page(
        server,
        "sign_in.html",
        browser=browser,
        ui_locales=() if found is None else found.request.ui_locales,
        form_action=() if found is None else (found.request.return_address.form_action,),
        status=status,
        client=None if found is None else await answers.shown(server, found.client, now),
        username=username,
        message=message,
        csrf_token=browsers.csrf_token(server, browser.signed_out()),
        request="" if found is None else found.kept.id,
        action=f"{server.path}/login",
        reauthenticate=browser.session is not None,
    )


async def _begin(
    server: Server, asked: Asked, browser: Browser, person: Person, written: tuple[Change, ...], now: datetime
) -> tuple[str, str]:
    """A session's new secret, and its sid. The same person keeps theirs; another person ends it."""
    secret = browsers.new_secret(server, browser)
    digest = ids.digest(secret)
    limits = server.registry.session_limits(person.holder.groups, now)
    if limits.over(now):
        raise UntrustedRequest(
            _("Nobody can sign in any more."),
            check="not_after",
            expected="a not_after that lies ahead",
            got=limits.not_after,
        )
    current = browser.session
    changes: list[Change] = [people.stands(person.holder), *written]
    events: list[Event] = []
    if current is not None and current.person_id == person.holder.id:
        session = _proved_again(current, now, limits.session_idle)
        changes.append(sessions.prove_again(session, digest))
        replaced = None
    else:
        session = _new(server, person, now, limits.session_idle, now + limits.session_lifetime, limits.not_after)
        changes.append(sessions.add(session, digest, asked.address, asked.header(b"user-agent") or ""))
        replaced = None if current is None else current.id
    if current is not None and replaced is not None:
        ended, told = await ending.session(server, current.id, current.person_id, "another person signed in", now)
        changes, events = [*changes, *ended], [*told]
    signed_in = SignedIn(person_id=person.holder.id, session_id=session.id, amr="pwd", replaced=replaced)
    await server.commit(changes, [signed_in, *events], asked, now)
    return secret, session.id


def _new(
    server: Server, person: Person, now: datetime, idle: timedelta, end: datetime, not_after: datetime | None
) -> Session:
    expires_at = end if not_after is None else min(end, not_after)
    return Session(
        id=ids.uuid7(now, server.random(10)),
        person_id=person.holder.id,
        created_at=now,
        authenticated_at=now,
        last_used_at=now,
        idle_expires_at=min(now + idle, expires_at),
        expires_at=expires_at,
        ended_at=None,
        acr=ONE_FACTOR,
        amr=("pwd",),
    )


def _proved_again(current: Session, now: datetime, idle: timedelta) -> Session:
    return replace(
        current,
        authenticated_at=now,
        last_used_at=now,
        idle_expires_at=min(now + idle, current.expires_at),
        acr=ONE_FACTOR,
        amr=("pwd",),
    )


async def _keep_to_limit(server: Server, asked: Asked, person: Person, now: datetime) -> None:
    """`max_sessions`: the oldest end when one too many has begun, however many began at once."""
    most = server.registry.session_limits(person.holder.groups, now).max_sessions
    if most is None:
        return

    async def trim() -> None:
        live = await sessions.live_of(server.store, person.holder.id, now)
        for seen in live[: max(0, len(live) - most)]:
            id = seen.session.id
            changes, events = await ending.session(server, id, person.holder.id, "too many sessions", now)
            await server.commit(changes, events, asked, now)

    await decided(trim)
