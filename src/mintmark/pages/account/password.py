"""A new password, after a fresh proof of who somebody is (OWASP ASVS 5.0 §6.2.3, §7.5.1)."""

from mintmark import browser as browsers
from mintmark import factors
from mintmark.pages import answers, new_password
from mintmark.pages.account import frame
from mintmark.pages.account.frame import Decided, Visit
from mintmark.store import held, people
from mintmark.wire.answer import Answer, redirect

PLACE = "password"


async def show(visit: Visit) -> Answer:
    """Nobody types a new password before they are asked for the old one."""
    return await _page(visit) if await frame.is_fresh(visit) else frame.to_proof(visit.server, PLACE)


async def submit(visit: Visit) -> Answer:
    """The session that it is changed in goes on; the others end, if the operator wants that."""
    visit.params.refuse_repeated()
    chosen, server, now = visit.params.get("new_password") or "", visit.server, visit.now
    refused = await new_password.refusal(server, chosen, visit.holder, two=await _needs_two(visit))
    if refused is not None:
        return await _page(visit, message=refused, status=400)

    async def decide() -> Decided:
        person = await people.find(server.store, visit.id)
        if person is None:
            return [], []
        keeping = visit.session.id
        languages = visit.asked.languages
        changes, events = await new_password.changed(
            server, person, chosen, "changed", now, keeping=keeping, languages=languages
        )
        return [people.stands(person.holder), *changes], events

    await frame.written(visit, decide)
    return redirect(visit.address("factors", "password"))


async def _page(visit: Visit, *, message: str | None = None, status: int = 200) -> Answer:
    return answers.page(
        visit.server,
        "new_password.html",
        browser=visit.browser,
        status=status,
        coop=True,
        csrf_token=browsers.csrf_token(visit.server, visit.browser),
        link="",
        action=f"{visit.server.path}/account/password",
        username=visit.holder.username,
        message=message,
        **new_password.shown(visit.server, two=await _needs_two(visit)),
    )


async def _needs_two(visit: Visit) -> bool:
    return factors.oblige(visit.server, visit.holder, await held.find(visit.server.store, visit.id))
