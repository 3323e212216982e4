"""Where somebody is signed in: since when, with what browser, from which address."""

from mintmark import devices, texts
from mintmark.pages import words
from mintmark.pages.account import frame
from mintmark.pages.account.frame import Visit
from mintmark.store import sessions
from mintmark.store.sessions import Seen
from mintmark.texts import _
from mintmark.wire.answer import Answer

PLACE = "sessions"


async def show(visit: Visit) -> Answer:
    live = await sessions.live_of(visit.server.store, visit.id, visit.now)
    live.sort(key=lambda seen: (seen.session.id == visit.session.id, seen.session.last_used_at), reverse=True)
    return frame.page(
        visit,
        "sessions.html",
        PLACE,
        fresh=await frame.is_fresh(visit),
        sessions=[{**row(seen, visit), "began": words.ago(seen.session.created_at, visit.now)} for seen in live],
    )


def row(seen: Seen, visit: Visit) -> dict[str, object]:
    """Of a list of sessions."""
    current = visit.session.id == seen.session.id
    device = devices.name(seen.user_agent)
    detail = [seen.address, words.ago(seen.session.last_used_at, visit.now)]
    return {
        "id": seen.session.id,
        "title": _("This browser") if current else device,
        "detail": texts.listed([device, *detail] if current else detail),
        "current": current,
    }
