"""What a page's script asks a browser's authenticators for: to sign in, and to make another passkey."""

from mintmark import browser as browsers
from mintmark import ceremony, proving, steps
from mintmark.factors import passkey as factor
from mintmark.pages.consent import person_name
from mintmark.protocol import passkey_options
from mintmark.protocol.errors import AccessDenied
from mintmark.protocol.passkey_options import Options
from mintmark.server import Server
from mintmark.store import passkeys
from mintmark.wire.answer import NO_STORE, NOSNIFF, Answer, to_json
from mintmark.wire.asked import Asked


async def sign_in(server: Server, asked: Asked) -> Answer:
    """POST /login/passkey. Says nothing of anybody, but to whoever has proved to be them in this browser."""
    now, params = server.clock(), asked.form()
    browser = await browsers.read(server, asked, now)
    browsers.check_form(server, asked, params, browser.signed_out())
    visit = await steps.visit(server, asked, params, now)
    found = await factor.options(server, browser, visit.person if visit.sign_in is not None else None)
    return _answer(found)


async def register(server: Server, asked: Asked) -> Answer:
    """POST /account/passkeys/options. For whoever has just proved who they are."""
    now, params = server.clock(), asked.form()
    browser = await browsers.read(server, asked, now)
    browsers.check_form(server, asked, params, browser)
    rp_id, person = ceremony.available(server), browser.person
    if rp_id is None or person is None:
        return _answer(None)
    if not await proving.fresh(server, browser, now):
        raise AccessDenied("prove who you are first", check="fresh proof", expected="a proof of the last ten minutes")
    holder = person.holder
    found = passkey_options.creation(
        ceremony.challenge(server, "register", browser.digest, holder.id, now),
        rp_id=rp_id,
        operator=server.settings.operator_name,
        person_id=holder.id,
        username=holder.username,
        display_name=person_name(person),
        known=await passkeys.of_person(server.store, holder.id),
        attested=bool(server.settings.passkey_authenticators),
    )
    return _answer(found)


def _answer(found: Options | None) -> Answer:
    """For our own pages: no other site's script reads it."""
    if found is None:
        raise AccessDenied(
            "there is nothing to ask for", check="passkey options", expected="somebody with a passkey, at a named host"
        )
    return Answer(200, ((b"content-type", b"application/json"), *NO_STORE, *NOSNIFF), to_json(found))
