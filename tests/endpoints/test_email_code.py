"""One-time codes by mail, on both databases and through a real SMTP server: only where an operator allows them."""

import asyncio
import re

import pytest
from sqlalchemy import select

from mintmark import outbox, upkeep
from mintmark.mails import codes
from mintmark.store import schema
from mintmark.store.executor import Read
from tests import issuer as issuers
from tests.issuer import ALICE, claims, hidden
from tests.mailbox import *  # noqa: F403
from tests.mailbox import code


def environment(mailbox, **more):
    return {"MINTMARK_SMTP_URL": mailbox.url, "MINTMARK_EMAIL_CODE": "on", **more}


@pytest.fixture
async def issuer(database, mailbox, monkeypatch):
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    async for one in issuers.start(database, **environment(mailbox)):
        yield one


@pytest.fixture
async def sqlite_issuer(sqlite_database, mailbox, monkeypatch):
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    async for one in issuers.start(sqlite_database, **environment(mailbox)):
        yield one


async def ask(browser, username="alice", where="/code"):
    """The page that asks for the code."""
    page = await browser.get(where)
    answer = await browser.post("/code", data={**hidden(page.text), "username": username})
    assert 303 == answer.status_code, answer.text
    return await browser.get(answer.headers["location"])


async def come(issuer, mailbox):
    await outbox.deliver_all(issuer.server)
    return code(mailbox.came[-1])


async def show(browser, page, typed):
    return await browser.post("/code", data={**hidden(page.text), "code": typed})


async def test_a_code_signs_in_the_browser_that_asked_once(issuer, mailbox):
    browser = issuer.browser()
    page = await ask(browser)
    typed = await come(issuer, mailbox)
    answer = await show(browser, page, typed)

    assert (303, "https://id.example/account") == (answer.status_code, answer.headers["location"])
    assert 1 == len(await issuer.sids())
    await browser.post("/logout", data=hidden((await browser.get("/logout")).text))
    again = await show(browser, page, typed)
    assert again.status_code in (400, 403)
    assert [] == await issuer.sids()


async def test_an_app_is_told_that_it_was_a_one_time_code(issuer, mailbox):
    browser = issuer.browser()
    asked = await browser.get("/authorize", params=issuer.request())
    sign_in = await browser.get(asked.headers["location"])
    [by_code] = re.findall(r'id="by-code" href="https://id.example([^"]+)"', sign_in.text)
    page = await ask(browser, where=by_code.replace("&amp;", "&"))
    answer = await show(browser, page, await come(issuer, mailbox))
    got = await issuer.go_on(browser, answer)
    told = claims((await issuer.redeem(got["code"])).json()["id_token"])

    assert ["otp"] == told["amr"]
    assert "urn:mintmark:acr:1" == told["acr"]


async def test_another_browser_gets_nowhere_with_a_code(issuer, mailbox):
    page = await ask(issuer.browser())
    typed = await come(issuer, mailbox)
    thief = issuer.browser()
    theirs = await ask(thief, "nobody")
    form = {**hidden(theirs.text), "reference": hidden(page.text)["reference"], "code": typed}
    answer = await thief.post("/code", data=form)

    assert 400 == answer.status_code
    assert "not right" in answer.text
    assert "sign_in_failed" in await issuer.audited()
    assert [] == await issuer.sids()


async def test_bf_15_what_somebody_reads_in_their_own_mailbox_is_good_for_no_other_account(issuer, mailbox):
    """Asked for twice with one reference, in the name of another and in one's own."""
    await issuer.add_person("mallory")
    browser = issuer.browser()
    page = await ask(browser, "alice")
    form = {name: value for name, value in hidden(page.text).items() if "reference" != name}
    named = hidden(page.text)["reference"]
    await outbox.deliver_all(issuer.server)
    again = await browser.post("/code", data={**form, "reference": named, "username": "mallory"})
    await outbox.deliver_all(issuer.server)
    [own] = mailbox.to("mallory@example.org")
    for reference in (named, again.headers["location"].partition("reference=")[2]):
        await browser.post("/code", data={**form, "reference": reference, "code": code(own)})

    assert [] == await issuer.sids(ALICE)
    assert named not in again.headers["location"]


async def test_two_letters_have_no_code_in_common(sqlite_issuer, mailbox):
    browser = sqlite_issuer.browser()
    for _ in range(2):
        await ask(browser)
    await outbox.deliver_all(sqlite_issuer.server)

    assert 2 == len({code(one) for one in mailbox.came}) == await sqlite_issuer.count("links")


async def test_five_wrong_codes_end_it_however_many_come_at_once(issuer, mailbox):
    browser = issuer.browser()
    page = await ask(browser)
    typed = await come(issuer, mailbox)
    wrong = [f"{number:08}" for number in range(30) if f"{number:08}" != typed.replace(" ", "")]
    answers = await asyncio.gather(*(show(browser, page, one) for one in wrong))
    for one in wrong[:5]:  # of many at once, some only hear that there were too many
        await show(browser, page, one)

    assert {400, 503} >= {one.status_code for one in answers}
    assert [5] == [row[0] for row in await issuer.server.store.fetch(Read(select(schema.links.c.tries)))]
    assert 400 == (await show(browser, page, typed)).status_code
    assert [] == await issuer.sids()


async def test_of_fifty_that_show_the_right_code_at_once_one_session_begins(issuer, mailbox):
    browser = issuer.browser()
    page = await ask(browser)
    typed = await come(issuer, mailbox)
    answers = await asyncio.gather(*(show(browser, page, typed) for _ in range(50)))

    assert 1 == [one.status_code for one in answers].count(303)
    assert {303, 400, 503} >= {one.status_code for one in answers}
    assert 1 == len(await issuer.sids())


async def test_a_code_is_over_after_ten_minutes_and_with_a_change_of_the_account(issuer, mailbox):
    browser = issuer.browser()
    page = await ask(browser)
    typed = await come(issuer, mailbox)
    issuer.later(minutes=10)
    assert 400 == (await show(browser, page, typed)).status_code
    page = await ask(browser)
    typed = await come(issuer, mailbox)
    await issuer.disable_person()

    assert 400 == (await show(browser, page, typed)).status_code


async def test_who_is_not_there_is_answered_as_anybody_at_every_step(sqlite_issuer, mailbox):
    issuer, seen = sqlite_issuer, []
    await issuer.add_person("bob")
    await issuer.disable_person("id-of-bob")
    for name in ("alice", "bob", "nobody"):
        browser = issuer.browser()
        page = await ask(browser, name)
        answer = await show(browser, page, "0000 0000")
        seen.append((page.status_code, shape(page.text), answer.status_code, shape(answer.text)))
    await outbox.deliver_all(issuer.server)

    assert 1 == len(set(seen))
    assert ["alice@example.org"] == [one["To"] for one in mailbox.came]


def shape(page):
    return re.sub(r'value="[^"]*"|Trace <strong>[^<]*', "", page)


async def test_the_code_is_in_no_table_and_no_log(sqlite_issuer, mailbox):
    issuer = sqlite_issuer
    browser = issuer.browser()
    await ask(browser)
    typed = await come(issuer, mailbox)
    rows = [await issuer.server.store.fetch(Read(select(table))) for table in schema.metadata.sorted_tables]

    for said in (typed, typed.replace(" ", "")):
        assert said not in str(rows)
        assert said not in str(issuer.lines)


async def test_where_it_is_off_there_is_no_such_page(sqlite_database, mailbox):
    async for issuer in issuers.start(sqlite_database, MINTMARK_SMTP_URL=mailbox.url):
        assert 404 == (await issuer.http.get("/code")).status_code
        assert "by-code" not in (await issuer.http.get("/login")).text


async def test_where_no_mail_is_sent_there_is_no_such_page(sqlite_database):
    async for issuer in issuers.start(sqlite_database, MINTMARK_EMAIL_CODE="on"):
        assert 404 == (await issuer.http.get("/code")).status_code


async def test_a_code_is_eight_digits_typed_with_spaces_or_without(sqlite_issuer):
    server = sqlite_issuer.server
    made = codes.code(server, "a reference", ALICE)

    assert re.fullmatch("[0-9]{8}", made)
    assert made != codes.code(server, "another", ALICE)
    assert made != codes.code(server, "a reference", "id-of-bob")
    assert codes.is_right(server, "a reference", ALICE, f" {made[:4]}-{made[4:]} ")
    assert not codes.is_right(server, "a reference", "id-of-bob", made)
    assert not codes.is_right(server, "a reference", ALICE, "")
    assert not codes.is_right(server, "a reference", ALICE, made + "0")


async def test_an_empty_code_asks_for_a_letter_and_signs_nobody_in(sqlite_issuer, mailbox):
    browser = sqlite_issuer.browser()
    page = await ask(browser)
    await outbox.deliver_all(sqlite_issuer.server)
    answer = await show(browser, page, "")

    assert 400 == answer.status_code
    assert [] == await sqlite_issuer.sids(ALICE)
