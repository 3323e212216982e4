"""Who is not there costs what anybody costs: the same statements, writes and hashes at every door that takes a name.

How long that takes is measured beside the tests: `python -m bench.enumeration`.
"""

import re

import pytest
from sqlalchemy import update

from mintmark import outbox
from mintmark.store import accounts, people, schema
from mintmark.store.changes import Run
from tests import issuer as issuers
from tests.endpoints.enrolling import enrolled
from tests.issuer import hidden
from tests.mailbox import *  # noqa: F403
from tests.working import *  # noqa: F403

# Each is another reason why a wrong password, or a letter, leads nowhere.
NAMES = ("alice", "alice@example.org", "disabled", "unproved", "passwordless", "armed", "nobody", "nobody@example.org")

VARIES = ("set-cookie", "x-trace-id", "content-length")  # the last with an address that the page repeats


@pytest.fixture
async def issuer(work, database, mailbox):
    environment = {"MINTMARK_SMTP_URL": mailbox.url, "MINTMARK_EMAIL_CODE": "on", "MINTMARK_SIGN_UP": "open"}
    async for one in issuers.start(database, **environment):
        await populate(one)
        yield one


async def populate(issuer):
    server = issuer.server
    for name in ("disabled", "unproved", "passwordless", "armed"):
        await issuer.add_person(name)
    await issuer.disable_person("id-of-disabled")
    unproved = update(schema.people).where(schema.people.c.id == "id-of-unproved").values(email_key=None)
    await server.store.commit([Run(unproved, {})])
    passwordless = await people.find(server.store, "id-of-passwordless")
    assert passwordless is not None
    await server.store.commit(accounts.forget_password(passwordless, server.clock()))
    await enrolled(issuer, issuer.browser(), username="armed")
    issuer.later(hours=2)


def said(answer):
    """All that a page tells, but what differs from one request to the next."""
    text = re.sub(r'value="[^"]*"|Trace <strong>[^<]*|\S+@\S+', "", answer.text)
    kept = {name: value for name, value in answer.headers.items() if name not in VARIES}
    kept["location"] = kept.get("location", "").partition("reference=")[0]
    return answer.status_code, text, sorted(kept.items())


def is_one(found):
    """For all names: what was said, and what was done for it."""
    assert len(NAMES) == len(found)
    for told, done in found[1:]:
        assert found[0][1] == done
        assert found[0][0] == told


async def test_a_wrong_password_costs_the_same_whoever_is_named(work, issuer):
    found = []
    for name in NAMES:
        browser = issuer.browser()
        await issuer.sign_in(browser, name, "wrong")  # the rows that count are there from then on
        form = {**hidden((await browser.get("/login")).text), "username": name, "password": "wrong again"}
        with work(issuer) as done:
            answer = await browser.post("/login", data=form)
        found.append((said(answer)[:2], done))

    is_one(found)
    assert 1 == found[0][1].count(("verify",))


async def test_a_wrong_password_for_a_client_costs_the_same_too(work, issuer):
    found = []
    for name in NAMES:
        form = {"grant_type": "password", "username": name, "scope": "openid"}
        await issuer.token(**form, password="wrong")
        with work(issuer) as done:
            answer = await issuer.token(**form, password="wrong again")
        told = answer.json()
        del told["trace_id"]
        found.append(((answer.status_code, told), done))

    is_one(found)
    assert 1 == found[0][1].count(("verify",))


@pytest.mark.parametrize("door", ["/forgot", "/code", "/sign-up"])
async def test_asking_for_a_letter_costs_the_same_whoever_is_named(work, issuer, door):
    browser, found = issuer.browser(), []
    field = "email" if "/sign-up" == door else "username"
    names = [name if "@" in name or "username" == field else f"{name}@example.org" for name in NAMES]
    for number, name in enumerate([names[0], *names]):
        form = {**hidden((await browser.get(door)).text), field: name}
        with work(issuer) as done:
            answer = await browser.post(door, data=form)
        if number:  # the first makes the row that counts
            found.append((said(answer), done))

    is_one(found)
    assert not any("username_key =" in part for step in found[0][1] for part in step)
    assert ("verify",) not in found[0][1]


async def test_a_wrong_code_of_a_letter_costs_the_same_whoever_was_to_get_it(work, issuer, mailbox):
    pages = []
    for name in NAMES:
        browser = issuer.browser()
        form = {**hidden((await browser.get("/code")).text), "username": name}
        asked = await browser.post("/code", data=form)
        pages.append((browser, await browser.get(asked.headers["location"])))
    await outbox.deliver_all(issuer.server)
    for number in range(6):  # five tries, and one too many
        found = []
        for browser, page in pages:
            with work(issuer) as done:
                answer = await browser.post("/code", data={**hidden(page.text), "code": "0000 0000"})
            found.append((said(answer), done))

        is_one(found)
        assert (number < 5) == any("links" in part for step in found[0][1] if "write" == step[0] for part in step)
    codes = [str(one["To"]) for one in mailbox.came if str(one["Subject"]).startswith("Your sign-in code")]
    assert ["alice", "alice", "armed", "passwordless"] == sorted(to.partition("@")[0] for to in codes)
    assert [] == await issuer.sids()


async def test_a_name_that_nobody_has_gets_as_many_codes_as_a_mailbox(issuer):
    """So that the eleventh of an hour tells nothing either."""
    browser = issuer.browser()
    counts = {}
    for name in ("alice@example.org", "nobody@example.org"):
        before = await issuer.count("links")
        for _ in range(12):
            form = {**hidden((await browser.get("/code")).text), "username": name}
            await browser.post("/code", data=form)
        await outbox.deliver_all(issuer.server)
        counts[name] = await issuer.count("links") - before

    assert {"alice@example.org": 10, "nobody@example.org": 10} == counts


async def test_what_a_device_is_asked_for_is_the_same_whoever_is_named(work, issuer):
    found = []
    for name in NAMES:
        browser = issuer.browser()
        token = hidden((await browser.get("/login")).text)["csrf_token"]
        with work(issuer) as done:
            answer = await browser.post("/login/passkey", data={"username": name}, headers={"x-csrf-token": token})
        options = {member: value for member, value in answer.json().items() if member != "challenge"}
        found.append(((answer.status_code, options), done))

    is_one(found)


async def test_another_address_costs_the_same_whether_or_not_somebody_has_it(work, issuer):
    await issuer.sign_in()
    found = []
    for email in ("first@example.org", "free@example.org", "armed@example.org"):
        form = {**hidden((await issuer.http.get("/account/profile")).text), "change": "email", "email": email}
        with work(issuer) as done:
            answer = await issuer.http.post("/account/profile", data=form)
        found.append((answer.status_code, answer.headers["location"], done))

    assert found[1] == found[2]
    assert found[0][:2] == found[1][:2]


async def test_an_address_that_somebody_has_gets_no_letter_that_would_prove_it(issuer, mailbox):
    await issuer.sign_in()
    for email in ("free@example.org", "ARMED@example.org"):
        form = {**hidden((await issuer.http.get("/account/profile")).text), "change": "email", "email": email}
        await issuer.http.post("/account/profile", data=form)
    await outbox.deliver_all(issuer.server)
    confirming = [str(one["To"]) for one in mailbox.came if "Confirm your e-mail address" == one["Subject"]]

    assert ["free@example.org"] == confirming
    assert await people.find_signing_in(issuer.server.store, "free@example.org") is None
