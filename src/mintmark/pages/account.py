"""The account page: where am I signed in, which apps act for me, and an end to each of them."""

from datetime import datetime

from mintmark import browser as browsers
from mintmark import ending, texts
from mintmark.browser import Browser
from mintmark.events import ConsentWithdrawn, Event
from mintmark.pages import answers, farewell, words
from mintmark.pages.consent import person_name
from mintmark.protocol.authorization import Authorization
from mintmark.protocol.params import Params
from mintmark.server import Server, decided
from mintmark.store import authorizations, consents, sessions
from mintmark.store.changes import Change, Conflict
from mintmark.store.consents import Consent
from mintmark.store.people import Person
from mintmark.store.sessions import Seen
from mintmark.texts import _
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked

MOST = 100  # apps, and consents, on the page


async def show(server: Server, asked: Asked) -> Answer:
    now = server.clock()
    browser = await browsers.read(server, asked, now)
    if browser.session is None or browser.person is None:
        return redirect(f"{server.issuer}/login")
    holder = browser.person.holder
    return answers.page(
        server,
        "account.html",
        browser=browser,
        coop=True,
        person={"name": person_name(browser.person), "email": holder.email},
        sessions=[_session(seen, browser, now) for seen in await sessions.live_of(server.store, holder.id, now)],
        apps=[await _app(server, one, now) for one in await _apps(server, browser.person, now)],
        allowed=[await _allowed(server, *one, now) for one in await consents.of_person(server.store, holder.id, MOST)],
        csrf_token=browsers.csrf_token(server, browser),
    )


async def submit(server: Server, asked: Asked) -> Answer:
    """Ends one session or one authorization of the person who is signed in; another's is none."""
    now = server.clock()
    browser = await browsers.read(server, asked, now)
    params = asked.form()
    browsers.check_form(server, asked, params, browser)
    if browser.person is None:
        return redirect(f"{server.issuer}/login")
    person = browser.person

    mine = browser.session
    if mine is not None and params.get("end_session") == mine.id:  # here, where its frames can tell the apps
        frames = await farewell.end(server, asked, mine.id, mine.person_id, "ended by the person", now)
        return await farewell.answer(server, asked, frames, None, now)

    async def end() -> None:
        changes, events = await _ends(server, params, person, now)
        if changes:
            try:
                await server.commit(changes, events, asked, now)
            except Conflict:
                return  # it ended meanwhile

    await decided(end)
    return redirect(f"{server.issuer}/account")


async def _ends(server: Server, params: Params, person: Person, now: datetime) -> tuple[list[Change], list[Event]]:
    holder = person.holder
    session_id, authorization_id = params.get("end_session"), params.get("end_authorization")
    client_id = params.get("withdraw")
    if client_id is not None:
        return await _withdraws(server, holder.id, client_id, now)
    if session_id is not None:
        live = await sessions.live_of(server.store, holder.id, now)
        if any(seen.session.id == session_id for seen in live):
            return await ending.session(server, session_id, holder.id, "ended by the person", now)
    if authorization_id is not None:
        for one in await authorizations.live_of(server.store, holder.id, now):
            if one.id == authorization_id:
                changes, events = ending.authorization(one, "ended by the person", now, forget=True)
                return changes, list(events)
    return [], []


async def _withdraws(server: Server, person_id: str, client_id: str, now: datetime) -> tuple[list[Change], list[Event]]:
    """The consent, and whatever the client holds by it."""
    if await consents.find(server.store, person_id, client_id) is None:
        return [], []
    live = [one for one in await authorizations.live_of(server.store, person_id, now) if one.client_id == client_id]
    ends = [ending.authorization(one, "consent withdrawn", now) for one in live]
    changes = [consents.forget(person_id, client_id), *(change for changed, told in ends for change in changed)]
    events = [ConsentWithdrawn(client_id=client_id, person_id=person_id), *(one for _, told in ends for one in told)]
    return changes, events


async def _allowed(server: Server, client_id: str, since: datetime, given: Consent, now: datetime) -> dict[str, str]:
    client = await server.registry.client(client_id)
    listed = [_at(server, place, granted) for place, granted in given.by_resource(server.issuer).items() if granted]
    title = client_id if client is None else client.name
    return {"id": client_id, "title": title, "detail": texts.listed([*listed, words.ago(since, now)])}


def _at(server: Server, place: str, granted: tuple[str, ...]) -> str:
    known = server.registry.catalogue.resources.get(place)
    name = place if known is None else known.name or place
    return " ".join(granted if place == server.issuer else (f"{name}:", *granted))


async def _apps(server: Server, person: Person, now: datetime) -> list[Authorization]:
    return (await authorizations.live_of(server.store, person.holder.id, now))[:MOST]


async def _app(server: Server, one: Authorization, now: datetime) -> dict[str, str]:
    client = await server.registry.client(one.client_id)
    detail = texts.listed([" ".join(one.scope), words.ago(one.created_at, now)])
    return {"id": one.id, "title": one.client_id if client is None else client.name, "detail": detail}


def _session(seen: Seen, browser: Browser, now: datetime) -> dict[str, object]:
    current = browser.session is not None and browser.session.id == seen.session.id
    device = words.device_name(seen.user_agent)
    return {
        "id": seen.session.id,
        "title": _("This browser") if current else device,
        "detail": texts.listed([device, seen.address, words.ago(seen.session.last_used_at, now)]),
        "current": current,
    }
