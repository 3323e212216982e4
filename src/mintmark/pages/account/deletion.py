"""Leaving for good: asked for with fresh proof, and taken back by whoever signs in again before the day comes."""

from datetime import datetime

from mintmark import browser as browsers
from mintmark import ending, mails, underway
from mintmark.events import DeletionAsked, DeletionTakenBack
from mintmark.grants.earning import ADMINS
from mintmark.pages import answers
from mintmark.pages.account import frame
from mintmark.pages.account.frame import Decided, Visit
from mintmark.protocol.errors import UntrustedRequest
from mintmark.server import Server
from mintmark.store import leaving
from mintmark.texts import _
from mintmark.underway import UnderWay
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked

PLACE = "delete"


async def show(visit: Visit) -> Answer:
    return await _page(visit)


async def submit(visit: Visit) -> Answer:
    """Signed out everywhere, apps too; the account itself goes when its day comes."""
    server, now = visit.server, visit.now
    why = _refused(visit)
    if why is not None:
        return await _page(visit, status=400)
    if visit.params.get("sure") is None:
        return await _page(visit, status=400, unsure=True)
    day = now + server.settings.deletion_grace

    async def decide() -> Decided:
        changes, events = ending.everything(visit.id, "person leaves", now)
        told, languages = _told(visit, day=day.date().isoformat()), visit.asked.languages
        letter = mails.send(server, "deletion_asked", visit.holder, told, now, languages=languages)
        asked = DeletionAsked(person_id=visit.id, session_id=visit.session.id, day=day.date().isoformat())
        return [leaving.ask(visit.id, day, now), *changes, *letter], [asked, *events]

    await frame.ended(visit, decide)
    return _goodbye(visit, day)


def _told(visit: Visit, **values: str) -> dict[str, str]:
    """What a letter says. Its link opens nothing by itself: it leads to the sign-in page."""
    return {"username": visit.holder.username, "url": f"{visit.server.issuer}/account", **values}


def _goodbye(visit: Visit, day: datetime) -> Answer:
    answer = answers.page(
        visit.server, "account/leaving.html", languages=visit.asked.languages, coop=True, day=day.date().isoformat()
    )
    answer = browsers.with_new_state(visit.server, browsers.without_cookie(visit.server, answer))
    return answer.plus((b"clear-site-data", b'"cache"'))


def _refused(visit: Visit) -> str | None:
    """Why somebody cannot go now. None: they can."""
    if not visit.server.settings.account_deletion:
        return _("Whoever runs this place deletes accounts. Ask them.")
    if ADMINS in visit.holder.groups:
        # Nobody is locked out of the admin API by the last of them leaving.
        return _("You run this place. Let another one take you out of the group admins first.")
    return None


async def _page(visit: Visit, *, status: int = 200, unsure: bool = False) -> Answer:
    return frame.page(
        visit,
        "delete.html",
        PLACE,
        fresh=await frame.is_fresh(visit),
        status=status,
        refused=_refused(visit),
        unsure=unsure,
        grace_days=visit.server.settings.deletion_grace.days,
    )


# ── thinking again


async def show_keep(visit: Visit) -> Answer:
    """Asked of whoever signs in meanwhile, before anything else goes on."""
    if visit.holder.delete_after is None:
        return redirect(await _onward(visit))
    found = await _under_way(visit)
    # Chromium holds the redirect to the app, which follows upon the form, to the page's policy too; and where the app
    # waits behind a pop-up, that must still know who opened it.
    ends_at = () if found is None else (found.request.return_address.form_action,)
    asked = visit.params.get("request") or ""
    return frame.page(visit, "keep.html", "keep", coop=found is None, request=asked, form_action=ends_at)


async def keep_door(server: Server, asked: Asked) -> Answer:
    """A sign-in is proof enough: what it brings about is that nothing happens."""
    visit = await frame.posted(server, asked)
    return frame.to_sign_in(server) if visit is None else await _keep(visit)


async def _keep(visit: Visit) -> Answer:

    async def decide() -> Decided:
        day = visit.holder.delete_after
        if day is None:
            return [], []
        kept = DeletionTakenBack(person_id=visit.id, session_id=visit.session.id)
        server, now, languages = visit.server, visit.now, visit.asked.languages
        letter = mails.send(server, "deletion_taken_back", visit.holder, _told(visit), now, languages=languages)
        return [leaving.keep(visit.id, day, visit.now), *letter], [kept]

    await frame.ended(visit, decide)
    return redirect(await _onward(visit))


async def _onward(visit: Visit) -> str:
    """The request that was under way in this browser, or the account."""
    found = await _under_way(visit)
    if found is None:
        return visit.address("", "kept")
    return underway.address(visit.server, found.client.id, found.kept.id)


async def _under_way(visit: Visit) -> UnderWay | None:
    """None: there was none, it is over, or it is another browser's."""
    id = visit.params.get("request")
    if id is None:
        return None
    try:
        return await underway.find(visit.server, id, visit.browser, visit.asked, visit.now)
    except UntrustedRequest:
        return None
