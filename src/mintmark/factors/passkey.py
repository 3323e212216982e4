"""Passkeys: a key of the person's device answers, for this place only (WebAuthn Level 3 §7.2).

Alone it signs in where the authenticator knows its owner, by a PIN, a finger or a face. After another factor, having
it is enough.
"""

import asyncio
from collections.abc import Mapping

from mintmark import ceremony
from mintmark.browser import Browser
from mintmark.ceremony import Answer, NotVerified
from mintmark.events import PasskeyPerhapsCloned, SignInFailed
from mintmark.factors.factor import Factor, Offer, Proved, WrongProof
from mintmark.protocol import passkey, passkey_options
from mintmark.protocol.acr import Means, Proof
from mintmark.protocol.authorization import Holder
from mintmark.protocol.challenge import Challenge
from mintmark.protocol.params import Params
from mintmark.protocol.passkey import Passkey, Seen
from mintmark.protocol.passkey_options import Options
from mintmark.server import Server
from mintmark.store import challenges, passkeys
from mintmark.store.held import Held
from mintmark.store.people import Person
from mintmark.texts import _

NAME = "passkey"
MEANS = Means(NAME, frozenset({"possession", "inherence"}), resists_phishing=True, begins=True)
HAD = Means(NAME, frozenset({"possession"}), resists_phishing=True)
WRONG = _("That passkey does not work here.")


class WrongPasskey(WrongProof):
    """Says the same for whatever was wrong."""


async def options(server: Server, browser: Browser, person: Person | None) -> Options | None:
    """What the sign-in page asks a browser for. None: there is nothing to ask.

    person: who has proved something in this browser already; then one of their own will do. Nobody else learns which
    passkeys somebody has.
    """
    now, rp_id = server.clock(), ceremony.available(server)
    if rp_id is None:
        return None
    if person is None:
        written = ceremony.challenge(server, "sign in", browser.digest, None, now)
        return passkey_options.request(written, rp_id=rp_id, allowed=None)
    known = await passkeys.of_person(server.store, person.holder.id)
    if not known:
        return None
    written = ceremony.challenge(server, "prove", browser.digest, person.holder.id, now)
    return passkey_options.request(written, rp_id=rp_id, allowed=known)


async def prove(server: Server, offer: Offer) -> Proved:
    given = _read(server, offer)
    challenge = await _asked_here(server, offer, given)
    found, person = await _whose(server, offer, given)
    if challenge.person_id is None:
        _must_say_whose(server, offer, given, person)
    elif challenge.person_id != person.holder.id:
        raise _wrong(server, offer, "another's passkey", person, check="passkey person")
    if person.holder.disabled_at is not None:
        raise _wrong(server, offer, "disabled", person, check="disabled person")
    if not passkey.is_allowed(found.aaguid, server.settings.passkey_authenticators):
        raise _wrong(server, offer, "not allowed", person, check="passkey authenticator", got=found.aaguid)
    seen = await _verified(server, offer, given, found, person, alone=challenge.person_id is None)
    means = MEANS if seen.user_verified else HAD
    after = passkey.used(found, seen, offer.now)
    spent = challenges.spend(challenge, given.challenge, offer.now)
    return Proved(person, Proof(means, offer.now, passkey.amr(after)), (spent, passkeys.use(found, after)))


def _read(server: Server, offer: Offer) -> Answer:
    try:
        return ceremony.read(offer.params.get("passkey") or "")
    except NotVerified:
        raise _wrong(server, offer, "not a passkey", offer.person, check="passkey form") from None


async def _asked_here(server: Server, offer: Offer, given: Answer) -> Challenge:
    """The challenge that this browser was given, for this step, lately, and that nobody answered yet."""
    written, browser, now = given.challenge, offer.browser.digest, offer.now
    found = ceremony.challenged(server, written, "sign in", browser, None, now)
    if found is None and offer.person is not None:
        found = ceremony.challenged(server, written, "prove", browser, offer.person.holder.id, now)
    if found is None or await challenges.is_spent(server.store, written):
        server.see(SignInFailed(person_id=_id(offer.person), why="passkey challenge"), offer.asked, now)
        raise WrongPasskey(
            _("That took too long. Try again."),
            check="passkey challenge",
            expected="the challenge of this browser's page, once, within five minutes",
        )
    return found


async def _whose(server: Server, offer: Offer, given: Answer) -> tuple[Passkey, Person]:
    found = await passkeys.find(server.store, given.credential_id)
    if found is None:
        raise _wrong(server, offer, "unknown passkey", offer.person, check="unknown passkey")
    return found


def _must_say_whose(server: Server, offer: Offer, given: Answer, person: Person) -> None:
    """Where nobody is known yet, the authenticator names them (WebAuthn Level 3 §7.2 step 6)."""
    if given.user_handle != passkey_options.handle(person.holder.id):
        raise _wrong(server, offer, "another's passkey", person, check="passkey person")


async def _verified(
    server: Server, offer: Offer, given: Answer, found: Passkey, person: Person, *, alone: bool
) -> Seen:
    def verify() -> Seen:
        return ceremony.asserted(
            given,
            public_key=found.public_key,
            rp_id=ceremony.available(server) or "",
            origin=server.settings.origin,
            user_verification=alone,
        )

    try:
        seen = await asyncio.to_thread(verify)
    except NotVerified as error:
        raise _wrong(server, offer, "wrong passkey", person, check="passkey", got=str(error)) from None
    if passkey.is_another(found, seen):
        got = "backup eligibility is another"
        raise _wrong(server, offer, "wrong passkey", person, check="passkey", got=got)
    if passkey.may_be_cloned(found, seen):
        cloned = PasskeyPerhapsCloned(
            person_id=person.holder.id, id=found.id, expected=found.sign_count, got=seen.sign_count
        )
        server.see(cloned, offer.asked, offer.now)
        raise WrongPasskey(
            _("That passkey may have been copied, so it does not sign you in. Use another way, and replace it."),
            check="passkey counter",
            expected=f"more than {found.sign_count}",
            got=seen.sign_count,
        )
    return seen


def _wrong(
    server: Server, offer: Offer, why: str, person: Person | None, *, check: str, got: object = None
) -> WrongPasskey:
    """The same words for each; only operators are told which it was."""
    server.see(SignInFailed(person_id=_id(person), why=why), offer.asked, offer.now)
    whose = "a passkey that is known here" if person is None else f"a passkey of person {person.holder.id}"
    return WrongPasskey(WRONG, check=check, expected=whose, got=got)


def _id(person: Person | None) -> str | None:
    return None if person is None else person.holder.id


async def _prepare(server: Server, offer: Offer) -> Mapping[str, object]:
    """passkeys: whether the page offers them, as those of rp_id.

    useless: a credential that its provider may forget, for it opens nothing here. One that is unknown and one that does
    not verify look the same.
    """
    rp_id = ceremony.available(server)
    return {"passkeys": rp_id is not None, "rp_id": rp_id, "useless": await _useless(server, offer)}


async def _useless(server: Server, offer: Offer) -> str:
    try:
        given = ceremony.read(offer.params.get("passkey") or "")
    except NotVerified:
        return ""
    found = await passkeys.find(server.store, given.credential_id)
    if found is not None and await asyncio.to_thread(ceremony.is_signed, given, found[0].public_key):
        return ""
    return passkey_options.encoded(given.credential_id)


def _available(server: Server, holder: Holder, held: Held) -> bool:
    return held.passkey and ceremony.available(server) is not None


def _recognises(params: Params) -> bool:
    return params.get("passkey") is not None


FACTOR = Factor(
    name=NAME,
    means=MEANS,
    label=_("Use a passkey"),
    template="factors/passkey.html",
    available=_available,
    recognises=_recognises,
    prove=prove,
    obliges=_available,  # a thief who knows the password alone gets nowhere
    prepare=_prepare,
    spends=True,
)
