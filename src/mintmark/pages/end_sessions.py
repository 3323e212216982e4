"""A link that ends every session: for whoever gets a notice of something that they did not do."""

from mintmark import ending, links
from mintmark.pages.opened import Here
from mintmark.protocol.params import Params
from mintmark.texts import _
from mintmark.wire.answer import Answer


async def show(here: Here) -> Answer:
    return here.ask(
        _("Sign out everywhere?"),
        _("Every browser and every app that is signed in to your account is signed out."),
        _("Sign out everywhere"),
    )


async def submit(here: Here, params: Params) -> Answer:
    ends, events = ending.everything(here.opened.person_id, "ended by a link", here.now)
    await here.server.commit([*links.spend(here.opened, here.now), *ends], events, here.asked, here.now)
    return here.done(
        _("You are signed out everywhere"),
        _("Now choose a new password, so that whoever was there does not come back."),
        onward="/forgot",
        label=_("Choose a new password"),
    )
