"""The passkeys of a person's account: what they are called, when they were used; another one, another name, an end."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from mintmark import browser as browsers
from mintmark import ceremony, proving, refused
from mintmark.browser import Browser
from mintmark.ceremony import New, NotVerified
from mintmark.events import Event, PasskeyAdded, PasskeyRemoved, PasskeyRenamed
from mintmark.pages import answers, words
from mintmark.protocol import ids, passkey, passkey_options
from mintmark.protocol.challenge import Challenge
from mintmark.protocol.errors import UntrustedRequest
from mintmark.protocol.params import Params
from mintmark.protocol.passkey import Passkey
from mintmark.protocol.session import Session
from mintmark.server import Server, decided
from mintmark.store import challenges, held, passkeys, people, sessions
from mintmark.store.changes import Change
from mintmark.store.people import Person
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked


async def show(server: Server, asked: Asked) -> Answer:
    now = server.clock()
    browser = await browsers.read(server, asked, now)
    if browser.person is None:
        return redirect(f"{server.issuer}/login")
    return await _page(server, browser, browser.person, now)


async def submit(server: Server, asked: Asked) -> Answer:
    """Adds, renames or removes one passkey of the person who is signed in, and has just proved to be them."""
    now = server.clock()
    browser = await browsers.read(server, asked, now)
    params = asked.form()
    params.refuse_repeated()
    browsers.check_form(server, asked, params, browser)
    if browser.person is None:
        return redirect(f"{server.issuer}/login")
    if not await proving.fresh(server, browser, now):
        return redirect(f"{server.issuer}/login?fresh=1")
    removed = params.get("remove")
    if removed is not None and params.get("confirm") is None:
        return await _page(server, browser, browser.person, now, leaving=removed)

    async def change() -> None:
        here = await browsers.read(server, asked, now)  # anew: the session, or the passkey, may be gone meanwhile
        person = None if here.session is None else await people.find(server.store, here.session.person_id)
        if here.session is None or person is None:
            return
        changes, events = await _changes(server, params, here, here.session, person, now)
        if changes:
            await server.commit([*_stands(here.session, person, now), *changes], events, asked, now)

    try:
        await decided(change)
    except UntrustedRequest as error:
        refused.keep(server, asked, error, now)
        again = await _page(server, browser, browser.person, now, message=error.description, status=error.status)
        return again.traced(asked.request_id)
    return redirect(f"{server.issuer}/account/passkeys")


def _stands(session: Session, person: Person, now: datetime) -> Sequence[Change]:
    """What hangs on the account as it was, reset links and sign-ins under way, is over with the change."""
    return sessions.stands(session.id), people.move_on(person, now)


async def _changes(
    server: Server, params: Params, browser: Browser, session: Session, person: Person, now: datetime
) -> tuple[list[Change], list[Event]]:
    """Nothing where a passkey is meant that the person does not have."""
    holder = person.holder
    if params.get("passkey") is not None:
        return await _added(server, params, browser, session, person, now)
    mine = {one.id: one for one in await passkeys.of_person(server.store, holder.id)}
    renamed, removed = mine.get(params.get("rename") or ""), mine.get(params.get("remove") or "")
    if renamed is not None:
        name = passkey.read_name(params.get("name") or "") or renamed.name
        told = PasskeyRenamed(person_id=holder.id, session_id=session.id, passkey=renamed.id)
        return [passkeys.rename(renamed.id, holder.id, name)], [told]
    if removed is not None:
        gone = PasskeyRemoved(person_id=holder.id, session_id=session.id, passkey=removed.id)
        return [passkeys.remove(removed.id, holder.id)], [gone]
    return [], []


async def _added(
    server: Server, params: Params, browser: Browser, session: Session, person: Person, now: datetime
) -> tuple[list[Change], list[Event]]:
    new, spent = await _new(server, params.get("passkey") or "", browser, person, now)
    if not passkey.is_allowed(new.aaguid, server.settings.passkey_authenticators):
        raise UntrustedRequest(
            "Passkeys of this kind are not taken here. Use another device or security key.",
            check="passkey authenticator",
            expected="one of MINTMARK_PASSKEY_AUTHENTICATORS",
            got=new.aaguid,
        )
    if await passkeys.find(server.store, new.credential_id) is not None:
        raise UntrustedRequest("This passkey is here already.", check="known passkey", expected="a new credential")
    if len(await passkeys.of_person(server.store, person.holder.id)) >= passkey.MOST:
        raise UntrustedRequest(
            "You have too many passkeys. Remove one first.", check="passkeys", expected=f"fewer than {passkey.MOST}"
        )
    made = Passkey(
        id=ids.uuid7(now, server.random(10)),
        person_id=person.holder.id,
        credential_id=new.credential_id,
        public_key=new.public_key,
        sign_count=new.sign_count,
        name=passkey.read_name(params.get("name") or "") or passkey.suggested_name(new.aaguid),
        aaguid=new.aaguid,
        transports=new.transports,
        discoverable=new.discoverable,
        backup_eligible=new.backup_eligible,
        backed_up=new.backed_up,
        created_at=now,
    )
    told = PasskeyAdded(person_id=person.holder.id, session_id=session.id, passkey=made.id, aaguid=made.aaguid)
    return [spent, passkeys.add(made)], [told]


async def _new(server: Server, sent: str, browser: Browser, person: Person, now: datetime) -> tuple[New, Change]:
    """A credential that was made for this person in this browser, and what spends its challenge."""
    try:
        given = ceremony.read(sent)
        found = ceremony.challenged(server, given.challenge, "register", browser.digest, person.holder.id, now)
        challenge = await _unspent(server, found, given.challenge)
        origin, rp_id = server.settings.origin, ceremony.available(server) or ""
        made = await asyncio.to_thread(lambda: ceremony.registered(given, rp_id=rp_id, origin=origin))
    except NotVerified as error:
        raise UntrustedRequest(
            "Your device gave no passkey that works here.", check="new passkey", got=str(error)
        ) from None
    return made, challenges.spend(challenge, given.challenge, now)


async def _unspent(server: Server, found: Challenge | None, written: bytes) -> Challenge:
    if found is None or await challenges.is_spent(server.store, written):
        raise UntrustedRequest(
            "That took too long. Try again.",
            check="passkey challenge",
            expected="the challenge of this browser's page, once, within five minutes",
        )
    return found


# ── the page


async def _page(
    server: Server,
    browser: Browser,
    person: Person,
    now: datetime,
    *,
    leaving: str | None = None,
    message: str | None = None,
    status: int = 200,
) -> Answer:
    """leaving: the passkey that is removed once the person has confirmed it."""
    mine = await passkeys.of_person(server.store, person.holder.id)
    gone = next((one for one in mine if one.id == leaving), None)
    return answers.page(
        server,
        "passkeys.html",
        browser=browser,
        coop=True,
        status=status,
        message=message,
        csrf_token=browsers.csrf_token(server, browser),
        passkeys=[_row(one, now) for one in mine],
        leaving=None if gone is None else {"id": gone.id, "name": gone.name, **await _left(server, person, mine)},
        fresh=await proving.fresh(server, browser, now),
        rp_id=ceremony.available(server),
        handle=passkey_options.encoded(passkey_options.handle(person.holder.id)),
        known=" ".join(passkey_options.encoded(one.credential_id) for one in mine),
    )


def _row(one: Passkey, now: datetime) -> Mapping[str, object]:
    used = "never used" if one.last_used_at is None else f"used {words.ago(one.last_used_at, now)}"
    kept = "kept on several devices" if one.backed_up else "on one device"
    return {
        "id": one.id,
        "name": one.name,
        "detail": f"Added {words.ago(one.created_at, now)} · {used} · {kept}",
    }


async def _left(server: Server, person: Person, mine: Sequence[Passkey]) -> Mapping[str, bool]:
    """What becomes of the person's ways in, once it is gone."""
    has = await held.find(server.store, person.holder.id)
    last = len(mine) == 1
    return {"last_way": last and not has.password, "last": last and not (has.totp or has.recovery_codes)}
