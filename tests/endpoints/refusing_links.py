"""What is refused to whoever follows a link, types a code, or signs up: a bad request for each of those checks.

The letters themselves are sent, and read, in test_reset, test_email_code and test_sign_up.
"""

from __future__ import annotations

import os
from datetime import timedelta

from mintmark import links
from mintmark.mails import Letter, asked
from mintmark.protocol import ids, link
from mintmark.settings import Throttle
from mintmark.store import configuration, people
from tests.endpoints.asking import CANARY, elsewhere, set_to, somebody
from tests.issuer import PASSWORD, hidden

NEW = "harbour lanterns never whistle"
ONCE = Throttle(1, timedelta(hours=1))


# ── links


async def made(issuer, kind, name=None, **more):
    """What stands in the letter: the secret of a link that is good for an hour. name: whose; None: nobody's."""
    server = issuer.server
    whose = None if name is None else f"id-of-{name}"
    found = await links.make(server, kind, whose, timedelta(hours=1), server.clock(), **more)
    assert found is not None
    await server.store.commit([found.change])
    return found.secret


async def opened(browser, secret):
    await browser.get(f"/link?token={secret}")
    return await browser.get("/link")


async def followed(browser, secret, **form):
    page = await opened(browser, secret)
    return await browser.post("/link", data={**hidden(page.text), **form})


async def never_made(issuer):
    return await opened(elsewhere(issuer), link.PREFIX + CANARY[:43])


async def of_another_kind(issuer):
    name, browser = await somebody(issuer)
    return await opened(browser, await made(issuer, "sign_in", name))


async def twice(issuer):
    name, browser = await somebody(issuer)
    secret = await made(issuer, "reset", name)
    await followed(browser, secret, new_password=NEW)
    return await opened(browser, secret)


async def late(issuer):
    name, browser = await somebody(issuer)
    secret = await made(issuer, "reset", name)
    issuer.later(hours=1)
    return await opened(browser, secret)


async def after_the_end_of_everything(issuer):
    name, browser = await somebody(issuer)
    secret = await made(issuer, "reset", name)
    await issuer.server.store.commit([configuration.end_before(issuer.server.clock())])
    await issuer.server.registry.renew()
    issuer.later(seconds=1)
    return await opened(browser, secret)


async def of_a_changed_account(issuer):
    name, browser = await somebody(issuer)
    secret = await made(issuer, "reset", name)
    await issuer.disable_person(f"id-of-{name}")
    return await opened(browser, secret)


async def of_another_page(issuer):
    name, browser = await somebody(issuer)
    first = await opened(browser, await made(issuer, "reset", name))
    await opened(browser, await made(issuer, "reset", name))
    return await browser.post("/link", data={**hidden(first.text), "new_password": NEW})


async def of_somebodys_address(issuer):
    name, browser = await somebody(issuer)
    return await followed(browser, await made(issuer, "verify", name, email="alice@example.org"))


# ── codes by mail


async def mailed(issuer, browser, name):
    """The page that asks for the code of a letter, once that is on its way: its form, and the code."""
    reference = ids.secret(link.PREFIX, os.urandom(link.SECRET_BYTES))
    page = await browser.get(f"/code?reference={reference}")
    kept, now = browser.cookies[issuer.settings.cookie_name].partition(".")[0], issuer.server.clock()
    values = {"token": reference, "browser": ids.digest(kept).hex()}
    person = await people.find(issuer.server.store, f"id-of-{name}")
    assert person is not None
    letter = Letter("email_code", None, values, now + timedelta(minutes=10))
    sent = await asked.RESOLVERS[letter.kind](issuer.server, letter, person, now)
    return hidden(page.text), sent.values["code"]


def wrong(code):
    return f"{(int(code.replace(' ', '')) + 1) % 10**8:08}"


async def wrong_code(issuer):
    name, browser = await somebody(issuer)
    form, code = await mailed(issuer, browser, name)
    return await browser.post("/code", data={**form, "code": wrong(code)})


async def too_many_codes(issuer):
    name, browser = await somebody(issuer)
    form, code = await mailed(issuer, browser, name)
    answers = [await browser.post("/code", data={**form, "code": wrong(code)}) for _ in range(6)]
    return answers[-1]


async def code_in_another_browser(issuer):
    name, browser = await somebody(issuer)
    form, code = await mailed(issuer, browser, name)
    other = elsewhere(issuer)
    page = await other.get("/code")
    return await other.post("/code", data={**hidden(page.text), "reference": form["reference"], "code": code})


async def code_of_somebody_else(issuer):
    """At the second step of one person, a code that was sent to another."""
    (one, browser), (another, _) = await somebody(issuer), await somebody(issuer)
    form, code = await mailed(issuer, browser, another)
    begun = await browser.get("/authorize", params=issuer.request(acr_values="urn:mintmark:acr:2"))
    page = await browser.get(begun.headers["location"])
    answer = await browser.post("/login", data={**hidden(page.text), "username": one, "password": PASSWORD})
    page = await browser.get(answer.headers["location"])
    return await browser.post("/login", data={**hidden(page.text), "reference": form["reference"], "code": code})


async def too_many_letters(issuer):
    name, browser = await somebody(issuer)
    page = await browser.get("/forgot")
    with set_to(issuer, throttle_mail_asked=ONCE):
        await browser.post("/forgot", data={**hidden(page.text), "username": name})
        return await browser.post("/forgot", data={**hidden(page.text), "username": name})


# ── sign-up


def signing_up(email, *, times=1, **settings):
    async def ask(issuer):
        _, browser = await somebody(issuer)
        page = await browser.get("/sign-up")
        with set_to(issuer, **settings):
            form = {**hidden(page.text), "email": email}
            return [await browser.post("/sign-up", data=form) for _ in range(times)][-1]

    return ask


def joining(**form):
    """By an invitation."""

    async def ask(issuer):
        _, browser = await somebody(issuer)
        chosen = {"username": "newcomer", "new_password": NEW, **form}
        return await followed(browser, await made(issuer, "invite"), **chosen)

    return ask


REQUESTS = {
    "link unknown": never_made,
    "link kind": of_another_kind,
    "link spent": twice,
    "link tries": too_many_codes,
    "link expired": late,
    "link epoch": after_the_end_of_everything,
    "link account": of_a_changed_account,
    "link of another page": of_another_page,
    "email taken": of_somebodys_address,
    "one-time code": wrong_code,
    "one-time code browser": code_in_another_browser,
    "one-time code person": code_of_somebody_else,
    "mail throttle": too_many_letters,
    "sign-up off": signing_up("new@example.org", sign_up="invited"),
    "sign-up address": signing_up(CANARY),
    "sign-up domain": signing_up("new@elsewhere.example", sign_up="domains", sign_up_domains=("staff.example",)),
    "sign-up throttle": signing_up("new@example.org", times=2, throttle_sign_up=ONCE),
    "sign-up name": joining(username="alice"),
    "sign-up password": joining(new_password="canary"),
}
