"""What is refused to passkeys: a bad request for each check of signing in by one, and of adding one."""

from __future__ import annotations

from mintmark.protocol import passkey
from mintmark.store import schema
from mintmark.store.changes import Insert
from mintmark.store.times import ms
from tests.authenticator import Authenticator, text
from tests.endpoints.asking import CANARY, elsewhere, set_to, somebody
from tests.endpoints.test_passkeys import GOOGLE, ORIGIN, PAGE, add, asked, confirm, csrf, send, sign_in
from tests.issuer import hidden


async def registered(issuer, **more):
    """Somebody's device, the browser in which it was added, and whose it is."""
    name, browser = await somebody(issuer)
    await issuer.sign_in(browser, name)
    device = Authenticator(ORIGIN, **more)
    assert 303 == (await add(browser, device)).status_code
    return device, browser, name


def signing(**changed):
    """By a device whose answer is changed."""

    async def ask(issuer):
        device, _, _ = await registered(issuer)
        return await sign_in(elsewhere(issuer), device, **changed)

    return ask


def adding(**changed):
    async def ask(issuer):
        name, browser = await somebody(issuer)
        await issuer.sign_in(browser, name)
        return await add(browser, Authenticator(ORIGIN), **changed)

    return ask


async def no_answer(issuer):
    page = await issuer.http.get("/login")
    return await send(issuer.http, page, CANARY)


async def another_challenge(issuer):
    device, _, _ = await registered(issuer)
    browser = elsewhere(issuer)
    page, options = await asked(browser)
    return await send(browser, page, device.get({**options, "challenge": text(b"\xff" * 56)}))


async def unknown(issuer):
    return await sign_in(elsewhere(issuer), Authenticator(ORIGIN, handle=b"nobody"))


async def counted_back(issuer):
    device, _, _ = await registered(issuer, count=70_000)
    device.count = 60_000
    return await sign_in(elsewhere(issuer), device)


async def not_let_in(issuer):
    with set_to(issuer, passkey_authenticators=("2fc0579f-8113-47ea-b116-bb5a8db9202a",)):
        return await adding()(issuer)


async def somebody_elses(issuer):
    device, _, _ = await registered(issuer)
    name, browser = await somebody(issuer)
    await issuer.sign_in(browser, name)
    return await add(browser, Authenticator(ORIGIN, id=device.id))


async def one_too_many(issuer):
    device, browser, name = await registered(issuer)
    now = ms(issuer.server.clock())
    for number in range(passkey.MOST - 1):
        id = f"{name}-{number}"
        row = {"id": id, "person_id": f"id-of-{name}", "credential_id": id.encode(), "public_key": b"", "sign_count": 0,
               "name": "Old", "aaguid": GOOGLE, "transports": "[]", "discoverable": 1, "backup_eligible": 0,
               "backed_up": 0, "created_at": now, "last_used_at": None}  # fmt: skip
        await issuer.server.store.commit([Insert(schema.passkeys, row)])
    await confirm(browser, device)
    return await add(browser, Authenticator(ORIGIN))


async def of_nobody(issuer):
    """The options of another passkey, where nobody is signed in."""
    page = await issuer.http.get("/login")
    return await issuer.http.post(f"{PAGE}/options", data={"ask": "1"}, headers=csrf(page))


async def proved_long_ago(issuer):
    name, browser = await somebody(issuer)
    await issuer.sign_in(browser, name)
    page = await browser.get(PAGE)
    issuer.later(minutes=11)
    return await browser.post(f"{PAGE}/options", data={"ask": "1", **hidden(page.text)})


REQUESTS = {
    "passkey form": no_answer,
    "passkey challenge": another_challenge,
    "unknown passkey": unknown,
    "passkey person": signing(userHandle=text(b"id-of-alice")),
    "passkey": signing(origin=f"https://{CANARY}.example"),
    "passkey counter": counted_back,
    "passkey authenticator": not_let_in,
    "new passkey": adding(origin=f"https://{CANARY}.example"),
    "known passkey": somebody_elses,
    "passkeys": one_too_many,
    "passkey options": of_nobody,
    "fresh proof": proved_long_ago,
}
