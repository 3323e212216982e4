"""What a person ends: sessions, apps, and what they allowed. Another's is none."""

from mintmark import ending
from mintmark.events import ConsentWithdrawn, Event
from mintmark.pages import farewell
from mintmark.pages.account import frame
from mintmark.pages.account.frame import Decided, Door, Visit
from mintmark.server import Server
from mintmark.store import authorizations, consents, sessions
from mintmark.store.changes import Change
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked

REASON = "ended by the person"


def door(place: str) -> Door:
    """POST of a page that lists what can be ended; it leads back there."""

    async def submit(server: Server, asked: Asked) -> Answer:
        visit = await frame.posted(server, asked)
        if visit is None:
            return frame.to_sign_in(server)
        if visit.params.get("end_session") == visit.session.id:  # here, where its frames can tell the apps
            frames = await farewell.end(server, asked, visit.session.id, visit.id, REASON, visit.now)
            return await farewell.answer(server, asked, frames, None, visit.now)
        if not await frame.is_fresh(visit):
            return frame.to_proof(server, place)
        await frame.ended(visit, lambda: _ends(visit))
        return redirect(visit.address(place, _done(visit) if place else None))

    return submit


def _done(visit: Visit) -> str:
    if visit.params.get("end_others"):
        return "sessions"
    return "session" if visit.params.get("end_session") else "app"


async def _ends(visit: Visit) -> Decided:
    """Whichever the form names."""
    params, server = visit.params, visit.server
    if (client_id := params.get("end_app")) is not None:
        return await _app(visit, client_id)
    if (client_id := params.get("withdraw")) is not None:
        known = await consents.find(server.store, visit.id, client_id)
        return ([], []) if known is None else await _app(visit, client_id)
    if params.get("end_others") is not None:
        return await ending.other_sessions(server, visit.id, visit.session.id, REASON, visit.now)
    if (session_id := params.get("end_session")) is not None:
        return await _session(visit, session_id)
    if (authorization_id := params.get("end_authorization")) is not None:
        return await _authorization(visit, authorization_id)
    return [], []


async def _session(visit: Visit, session_id: str) -> Decided:
    live = await sessions.live_of(visit.server.store, visit.id, visit.now)
    if all(seen.session.id != session_id for seen in live):
        return [], []
    return await ending.session(visit.server, session_id, visit.id, REASON, visit.now)


async def _authorization(visit: Visit, authorization_id: str) -> Decided:
    for one in await authorizations.live_of(visit.server.store, visit.id, visit.now):
        if one.id == authorization_id:
            return ending.authorization(one, REASON, visit.now, forget=True)
    return [], []


async def _app(visit: Visit, client_id: str) -> Decided:
    """The consent, and whatever the client holds by it."""
    store, person_id, now = visit.server.store, visit.id, visit.now
    live = [one for one in await authorizations.live_of(store, person_id, now) if one.client_id == client_id]
    given = await consents.find(store, person_id, client_id)
    if given is None and not live:
        return [], []
    ends = [ending.authorization(one, _why(visit), now) for one in live]
    changes: list[Change] = [consents.forget(person_id, client_id), *(one for changed, _ in ends for one in changed)]
    events: list[Event] = [one for _, told in ends for one in told]
    if given is not None:
        events.insert(0, ConsentWithdrawn(client_id=client_id, person_id=person_id))
    return changes, events


def _why(visit: Visit) -> str:
    return "consent withdrawn" if visit.params.get("withdraw") else REASON
