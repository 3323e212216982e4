"""The account at a glance: where am I signed in, which apps act for me, and an end to each of them."""

from datetime import datetime

from mintmark import texts
from mintmark.pages import words
from mintmark.pages.account import frame, recovery_codes
from mintmark.pages.account.frame import Visit
from mintmark.pages.account.sessions import row as session_row
from mintmark.protocol.authorization import Authorization
from mintmark.server import Server
from mintmark.store import authorizations, consents, sessions
from mintmark.store.consents import Consent
from mintmark.wire.answer import Answer

MOST = 100  # apps, and consents, on the page


async def show(visit: Visit) -> Answer:
    server, now, store = visit.server, visit.now, visit.server.store
    live = await sessions.live_of(store, visit.id, now)
    apps = (await authorizations.live_of(store, visit.id, now))[:MOST]
    allowed = await consents.of_person(store, visit.id, MOST)
    return frame.page(
        visit,
        "overview.html",
        "",
        few_codes=await recovery_codes.few(visit),
        sessions=[session_row(seen, visit) for seen in live],
        apps=[await _app(server, one, now) for one in apps],
        allowed=[await _allowed(server, *one, now) for one in allowed],
    )


async def _app(server: Server, one: Authorization, now: datetime) -> dict[str, str]:
    client = await server.registry.client(one.client_id)
    detail = texts.listed([" ".join(one.scope), words.ago(one.created_at, now)])
    return {"id": one.id, "title": one.client_id if client is None else client.name, "detail": detail}


async def _allowed(server: Server, client_id: str, since: datetime, given: Consent, now: datetime) -> dict[str, str]:
    client = await server.registry.client(client_id)
    listed = [_at(server, place, granted) for place, granted in given.by_resource(server.issuer).items() if granted]
    title = client_id if client is None else client.name
    return {"id": client_id, "title": title, "detail": texts.listed([*listed, words.ago(since, now)])}


def _at(server: Server, place: str, granted: tuple[str, ...]) -> str:
    known = server.registry.catalogue.resources.get(place)
    name = place if known is None else known.name or place
    return " ".join(granted if place == server.issuer else (f"{name}:", *granted))
