"""How somebody signs in: each factor that they set up, and the browsers that are trusted, with an end to each."""

from collections.abc import Sequence
from datetime import datetime

from mintmark import devices, texts
from mintmark.events import BrowserDistrusted
from mintmark.pages import words
from mintmark.pages.account import frame
from mintmark.pages.account.frame import Decided, Visit
from mintmark.store import enrolled, people
from mintmark.texts import _
from mintmark.wire.answer import Answer, redirect

PLACE = "factors"


async def show(visit: Visit) -> Answer:
    """A read for each kind, however many of it there are."""
    store, now = visit.server.store, visit.now
    person = await people.find(store, visit.id)
    passkeys, apps = await enrolled.passkeys(store, visit.id), await enrolled.apps(store, visit.id)
    codes = await enrolled.codes(store, visit.id)
    browsers = await enrolled.browsers(store, visit.id, now)
    return frame.page(
        visit,
        "factors.html",
        PLACE,
        fresh=await frame.is_fresh(visit),
        has_password=person is not None and person.password_hash is not None,
        passkeys=[
            {
                "id": one.id,
                "title": one.name,
                "detail": texts.listed(
                    [*_times(one.created_at, one.last_used_at, now), *([_("synchronised")] if one.backed_up else [])]
                ),
            }
            for one in passkeys
        ],
        authenticators=[
            {"id": one.id, "title": one.name, "detail": texts.listed(_times(one.created_at, one.last_used_at, now))}
            for one in apps
        ],
        codes=codes,
        codes_detail=texts.listed(_times(codes.created_at or now, codes.last_used_at, now)),
        few=codes.made > 0 and codes.left <= FEW,
        browsers=[
            {
                "id": one.id,
                "title": devices.name(one.user_agent),
                "detail": texts.listed(
                    [
                        one.address,
                        *_times(one.created_at, one.last_used_at, now),
                        _("until %(day)s", day=one.expires_at.date().isoformat()),
                    ]
                ),
            }
            for one in browsers
        ],
    )


FEW = 3  # recovery codes: it is time for new ones


def _times(created_at: datetime, last_used_at: datetime | None, now: datetime) -> Sequence[str]:
    used = _("not used yet") if last_used_at is None else _("last used: %(when)s", when=words.ago(last_used_at, now))
    return [_("added: %(when)s", when=words.ago(created_at, now)), used]


async def submit(visit: Visit) -> Answer:
    """A browser is trusted no more. The other factors end at pages of their own, where they are set up."""

    async def decide() -> Decided:
        id = visit.params.get("end_browser")
        known = await enrolled.browsers(visit.server.store, visit.id, visit.now)
        if all(one.id != id for one in known):
            return [], []
        event = BrowserDistrusted(person_id=visit.id, session_id=visit.session.id, browser=str(id))
        return [enrolled.distrust(str(id), visit.id)], [event]

    gone = await frame.ended(visit, decide)
    return redirect(visit.address(PLACE, "browser" if gone else None))
