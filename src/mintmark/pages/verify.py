"""A link that proves an address: the account has it from then on, and an old one hears of it."""

from mintmark import links
from mintmark.events import EmailChanged, EmailVerified, Event
from mintmark.mails import notices
from mintmark.pages.opened import Here
from mintmark.protocol.authorization import Holder
from mintmark.protocol.errors import UntrustedRequest
from mintmark.protocol.names import normalise_username
from mintmark.protocol.params import Params
from mintmark.store import accounts, people, trusted_browsers
from mintmark.store.changes import Change
from mintmark.texts import _
from mintmark.wire.answer import Answer


async def show(here: Here) -> Answer:
    return here.ask(_("Is this your address?"), here.opened.link.email or "", _("Yes, confirm it"))


async def submit(here: Here, params: Params) -> Answer:
    """The address is the one that the letter went to, whatever was asked for since (CVE-2026-32700)."""
    server, now, email = here.server, here.now, here.opened.link.email or ""
    person = await people.find(server.store, here.opened.person_id)
    if person is None or not email:
        raise _taken()
    holder, key = person.holder, normalise_username(email)
    other = await people.find_signing_in(server.store, key)
    if other is not None and other.holder.id != holder.id:
        raise _taken()
    username, username_key = holder.username, normalise_username(holder.username)
    if holder.email is not None and username_key == normalise_username(holder.email):
        username, username_key = email, key  # whose name is their address has the new one as a name
    changes: list[Change] = [
        *links.spend(here.opened, now),
        accounts.change_email(holder.id, holder.email, username, username_key, email, key, now),
        *await _told(here, holder, email),
    ]
    if holder.email not in (None, email):  # resets go there, and codes: it is a proof as much as a password is
        changes.append(trusted_browsers.end_all_of(holder.id))
    await server.commit(changes, [_event(holder, email)], here.asked, now)
    return here.done(_("Your address is confirmed"), email, onward="/account", label=_("Go to your account"))


async def _told(here: Here, holder: Holder, email: str) -> list[Change]:
    """Whoever reads the old address hears that it is not the account's any more."""
    if not holder.email_verified or holder.email == email:
        return []
    return await notices.notice(here.server, "email_changed", holder, here.now, languages=here.asked.languages)


def _event(holder: Holder, email: str) -> Event:
    return EmailVerified(person_id=holder.id) if holder.email == email else EmailChanged(person_id=holder.id)


def _taken() -> UntrustedRequest:
    return UntrustedRequest(
        _("This address belongs to another account. Sign in with it, or choose another."),
        check="email taken",
        expected="an address that nobody else has",
    )
