"""A one-time code that is sent to the verified address: once, within minutes, in the browser that asked, and with few
tries (NIST SP 800-63B-4 §3.1.3; OWASP ASVS 5.0 §6.5, §6.6). Only where the operator allows it.

Who reads a mailbox is not much of a proof: it takes the place of no authenticator app and no passkey that somebody set
up, and of such people it says who they are and nothing more.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from mintmark import links, mails
from mintmark.events import SignInFailed
from mintmark.factors.factor import Factor, Offer, Proved, WrongProof
from mintmark.links import LinkOver
from mintmark.mails import codes
from mintmark.protocol import ids, link
from mintmark.protocol.acr import Kind, Means, Proof
from mintmark.protocol.authorization import Holder
from mintmark.protocol.link import Link
from mintmark.protocol.params import Params
from mintmark.server import Server
from mintmark.store import held, people
from mintmark.store import links as stored
from mintmark.store.changes import Change
from mintmark.store.held import Held
from mintmark.store.people import Person
from mintmark.texts import _

MEANS = Means("email_code", frozenset({"possession"}))
REFERENCE = re.compile(re.escape(link.PREFIX) + "[A-Za-z0-9_-]{43}")
WRONG = _("That code is not right, or it is over.")


def is_on(server: Server) -> bool:
    return server.settings.email_code and mails.is_on(server)


def reference(server: Server, params: Params) -> str:
    """Of the page: the one that it has, or a new one. It opens nothing without the code, nor in another browser."""
    given = params.get("reference") or ""
    return given if REFERENCE.fullmatch(given) else new_reference(server)


def new_reference(server: Server) -> str:
    """Of each letter its own, and never one that a request names: two letters have no code in common."""
    return ids.secret(link.PREFIX, server.random(link.SECRET_BYTES))


def asked(server: Server, offer: Offer, reference: str, name: str) -> list[Change]:
    """A letter with the code of that reference. The same for every name, and for one that nobody has.

    name: nothing, where somebody is known already.
    """
    values = {"browser": offer.browser.digest.hex(), "token": reference}
    values |= {"name": name} if offer.person is None else {"whose": offer.person.holder.id}
    expires_at = offer.now + server.settings.email_code_lifetime
    languages = offer.asked.languages
    return mails.ask(server, "email_code", values, offer.now, expires_at=expires_at, languages=languages)


async def prove(server: Server, offer: Offer) -> Proved:
    """A try is counted before the code is looked at. Raises WrongProof; Conflict where others try at the same time."""
    given = offer.params.get("reference") or ""
    found = await stored.find(server.store, ids.digest(given)) if REFERENCE.fullmatch(given) else None
    if found is not None and found.detail.get("browser") != offer.browser.digest.hex():
        raise _wrong(server, offer, found, check="one-time code browser", expected="the browser that asked for it")
    if found is not None and found.person_id is None:
        await stored.account(server.store, "")  # a code that nobody was sent takes as long as any
    try:
        opened = await links.judged(server, found, ("sign_in",), offer.now)
    except LinkOver as over:
        raise _wrong(server, offer, found, check=over.check, expected=over.expected) from None
    await server.store.commit([stored.count_try(opened.link)])
    if not codes.is_right(server, given, opened.person_id, offer.params.get("code") or ""):
        raise _wrong(server, offer, found, check="one-time code", expected="the code of the last letter")
    person = await _person(server, opened.person_id)
    if person is None or (offer.person is not None and offer.person.holder.id != person.holder.id):
        raise _wrong(server, offer, found, check="one-time code person", expected="whoever the code was sent to")
    return Proved(person, _proof(person, offer), tuple(links.spend(opened, offer.now)))


def _wrong(server: Server, offer: Offer, found: Link | None, *, check: str, expected: str) -> WrongProof:
    """Where nobody is known yet, the code says who it is, and tells of its failures itself."""
    if offer.person is None:
        told = SignInFailed(person_id=None if found is None else found.person_id, why=f"wrong {MEANS.factor}")
        server.see(told, offer.asked, offer.now, check=check)
    return WrongProof(WRONG, check=check, expected=expected)


async def _person(server: Server, id: str) -> Person | None:
    person = await people.find(server.store, id)
    return None if person is None else replace(person, held=await held.find(server.store, id))


def _proof(person: Person, offer: Offer) -> Proof:
    """begins: where nobody was known before, it is the code that says who it is."""
    kinds = frozenset[Kind]() if _has_better(person.held) else MEANS.kinds
    return Proof(Means(MEANS.factor, kinds, begins=offer.person is None), offer.now, ("otp",))


def _has_better(has: Held | None) -> bool:
    return has is not None and (has.totp or has.passkey)


def _available(server: Server, holder: Holder, has: Held) -> bool:
    return is_on(server) and holder.email_verified and not _has_better(has)


def _recognises(params: Params) -> bool:
    return params.get("reference") is not None


async def _prepare(server: Server, offer: Offer) -> Mapping[str, object]:
    return {
        "reference": reference(server, offer.params),
        "sent": offer.params.get("reference") is not None,
        "code_action": f"{server.path}/code",
    }


FACTOR = Factor(
    name="email_code",
    means=MEANS,
    label=_("Send me a code by mail"),
    template="factors/email_code.html",
    available=_available,
    recognises=_recognises,
    prove=prove,
    prepare=_prepare,
    spends=True,
)
