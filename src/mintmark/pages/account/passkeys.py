"""A person's passkeys: what they are called, when they were used; another one, another name, an end."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from mintmark import ceremony, refused, texts
from mintmark.ceremony import New, NotVerified
from mintmark.events import FactorAdded, FactorRemoved, PasskeyRenamed
from mintmark.factors import passkey as factor
from mintmark.mails import notices
from mintmark.pages import words
from mintmark.pages.account import frame
from mintmark.pages.account.frame import Decided, Visit
from mintmark.protocol import ids, passkey, passkey_options
from mintmark.protocol.challenge import Challenge
from mintmark.protocol.errors import Refusal, UntrustedRequest
from mintmark.protocol.passkey import Passkey
from mintmark.store import accounts, challenges, held, passkeys, people, sessions
from mintmark.store.changes import Change
from mintmark.store.people import Person
from mintmark.texts import _
from mintmark.wire.answer import Answer, redirect

PLACE = "passkeys"


async def show(visit: Visit) -> Answer:
    return await _page(visit)


async def submit(visit: Visit) -> Answer:
    """Adds, renames or removes one. Another person's passkey is none."""
    visit.params.refuse_repeated()
    removed = visit.params.get("remove")
    if removed is not None and visit.params.get("confirm") is None:
        return await _page(visit, leaving=removed)

    async def change() -> Decided:
        person = await people.find(visit.server.store, visit.id)  # anew: what is read here guards what is written
        if person is None:
            return [], []
        changes, events = await _changes(visit, person)
        stands = [sessions.stands(visit.session.id), people.stands(person.holder)]
        return [*stands, *changes] if changes else [], events

    try:
        await frame.written(visit, change)
    except UntrustedRequest as error:
        refused.tell(visit.server, visit.asked, error, visit.now)
        return (await _page(visit, error=error)).traced(visit.asked.request_id)
    return redirect(visit.address(PLACE))


async def _changes(visit: Visit, person: Person) -> Decided:
    params = visit.params
    if params.get("passkey") is not None:
        return await _added(visit, person)
    mine = {one.id: one for one in await passkeys.of_person(visit.server.store, visit.id)}
    renamed, removed = mine.get(params.get("rename") or ""), mine.get(params.get("remove") or "")
    if renamed is not None:
        name = passkey.read_name(params.get("name") or "") or renamed.name
        told = PasskeyRenamed(person_id=visit.id, session_id=visit.session.id, id=renamed.id)
        return [passkeys.rename(renamed.id, visit.id, name)], [told]
    if removed is not None:
        gone = FactorRemoved(person_id=visit.id, session_id=visit.session.id, factor=factor.NAME, id=removed.id)
        letter = await _letter(visit, "factor_removed", person, removed)
        return [*accounts.change_proofs(person, visit.now), passkeys.remove(removed.id, visit.id), *letter], [gone]
    return [], []


async def _added(visit: Visit, person: Person) -> Decided:
    server = visit.server
    new, spent = await _new(visit)
    if not passkey.is_allowed(new.aaguid, server.settings.passkey_authenticators):
        raise UntrustedRequest(
            _("Passkeys of this kind are not taken here. Use another device or security key."),
            check="passkey authenticator",
            expected="one of MINTMARK_PASSKEY_AUTHENTICATORS",
            got=new.aaguid,
        )
    if await passkeys.find(server.store, new.credential_id) is not None:
        raise UntrustedRequest(_("This passkey is here already."), check="known passkey", expected="a new credential")
    if len(await passkeys.of_person(server.store, visit.id)) >= passkey.MOST:
        raise UntrustedRequest(
            _("You have too many passkeys. Remove one first."),
            check="passkeys",
            expected=f"fewer than {passkey.MOST}",
        )
    made = _made(visit, new)
    added = FactorAdded(person_id=visit.id, session_id=visit.session.id, factor=factor.NAME, id=made.id)
    letter = await _letter(visit, "factor_added", person, made)
    return [spent, *accounts.change_proofs(person, visit.now), passkeys.add(made), *letter], [added]


async def _letter(visit: Visit, kind: str, person: Person, one: Passkey) -> Sequence[Change]:
    """By its own name: whoever gets the letter knows which of their devices it is."""
    languages = visit.asked.languages
    return await notices.notice(visit.server, kind, person.holder, visit.now, languages=languages, factor=one.name)


def _made(visit: Visit, new: New) -> Passkey:
    return Passkey(
        id=ids.uuid7(visit.now, visit.server.random(10)),
        person_id=visit.id,
        credential_id=new.credential_id,
        public_key=new.public_key,
        sign_count=new.sign_count,
        name=passkey.read_name(visit.params.get("name") or "") or passkey.suggested_name(new.aaguid),
        aaguid=new.aaguid,
        transports=new.transports,
        discoverable=new.discoverable,
        backup_eligible=new.backup_eligible,
        backed_up=new.backed_up,
        created_at=visit.now,
    )


async def _new(visit: Visit) -> tuple[New, Change]:
    """A credential that was made for this person in this browser, and what spends its challenge."""
    server, now = visit.server, visit.now
    origin, rp_id = server.settings.origin, ceremony.available(server) or ""
    try:
        given = ceremony.read(visit.params.get("passkey") or "")
        found = ceremony.challenged(server, given.challenge, "register", visit.browser.digest, visit.id, now)
        challenge = await _unspent(visit, found, given.challenge)
        made = await asyncio.to_thread(lambda: ceremony.registered(given, rp_id=rp_id, origin=origin))
    except NotVerified as error:
        raise UntrustedRequest(
            _("Your device gave no passkey that works here."),
            check="new passkey",
            expected=f"a credential for {rp_id}, made at {origin}",
            got=str(error),
        ) from None
    return made, challenges.spend(challenge, given.challenge, now)


async def _unspent(visit: Visit, found: Challenge | None, written: bytes) -> Challenge:
    if found is None or await challenges.is_spent(visit.server.store, written):
        raise UntrustedRequest(
            _("That took too long. Try again."),
            check="passkey challenge",
            expected="the challenge of this browser's page, once, within five minutes",
        )
    return found


# ── the page


async def _page(visit: Visit, *, leaving: str | None = None, error: Refusal | None = None) -> Answer:
    """leaving: the passkey that is removed once the person has confirmed it."""
    mine = await passkeys.of_person(visit.server.store, visit.id)
    gone = next((one for one in mine if one.id == leaving), None)
    return frame.page(
        visit,
        "passkeys.html",
        PLACE,
        fresh=await frame.is_fresh(visit),
        status=200 if error is None else error.status,
        message=None if error is None else error.description,
        passkeys=[_row(one, visit.now) for one in mine],
        gone=None if gone is None else {"id": gone.id, "title": gone.name, **await _left(visit, mine)},
        rp_id=ceremony.available(visit.server),
        handle=passkey_options.encoded(passkey_options.handle(visit.id)),
        known=" ".join(passkey_options.encoded(one.credential_id) for one in mine),
        most_name=passkey.LONGEST_NAME,
    )


def _row(one: Passkey, now: datetime) -> Mapping[str, str]:
    used = one.last_used_at
    said = [
        _("added: %(when)s", when=words.ago(one.created_at, now)),
        _("not used yet") if used is None else _("last used: %(when)s", when=words.ago(used, now)),
        *([_("synchronised")] if one.backed_up else []),
        *([] if one.discoverable else [_("second step only")]),
    ]
    return {"id": one.id, "title": one.name, "detail": texts.listed(said)}


async def _left(visit: Visit, mine: Sequence[Passkey]) -> Mapping[str, bool]:
    """What becomes of the person's ways in, once it is gone."""
    has, last = await held.find(visit.server.store, visit.id), len(mine) == 1
    return {"last_way": last and not has.password, "last": last and not (has.totp or has.recovery_codes)}
