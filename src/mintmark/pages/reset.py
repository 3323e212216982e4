"""A link to choose a new password. It signs nobody in: who has a second factor proves it afterwards, as always."""

from mintmark import factors, links
from mintmark.pages import new_password
from mintmark.pages.opened import Here
from mintmark.protocol import throttling
from mintmark.protocol.params import Params
from mintmark.store import held, people, throttles
from mintmark.store.people import Person
from mintmark.texts import _
from mintmark.wire.answer import Answer


async def show(here: Here) -> Answer:
    return await _page(here, await people.find(here.server.store, here.opened.person_id))


async def submit(here: Here, params: Params) -> Answer:
    """A password that is refused spends nothing."""
    person = await people.find(here.server.store, here.opened.person_id)
    chosen = params.get("new_password") or ""
    if person is None:
        return await _page(here, None)
    two = await _needs_two(here, person)
    refused = await new_password.refusal(here.server, chosen, person.holder, two=two)
    if refused is not None:
        return await _page(here, person, message=refused, status=400)
    changes, events = await new_password.changed(
        here.server, person, chosen, "reset", here.now, keeping=None, languages=here.asked.languages
    )
    account = f"account:{throttling.account_key(person.holder.username).hex()}"
    # Whoever reads that mailbox is no guesser: they do not wait for what guessers did.
    written = [*links.spend(here.opened, here.now), *changes, throttles.clear(account)]
    await here.server.commit(written, events, here.asked, here.now)
    return here.done(_("Your password is changed"), _("Sign in with it."), onward="/login", label=_("Sign in"))


async def _page(here: Here, person: Person | None, *, message: str | None = None, status: int = 200) -> Answer:
    two = person is not None and await _needs_two(here, person)
    return here.page(
        "new_password.html",
        status=status,
        username="" if person is None else person.holder.username,
        message=message,
        **new_password.shown(here.server, two=two),
    )


async def _needs_two(here: Here, person: Person) -> bool:
    return factors.oblige(here.server, person.holder, await held.find(here.server.store, person.holder.id))
