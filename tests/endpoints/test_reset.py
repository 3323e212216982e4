"""Who forgot a password, in a browser and with a mailbox: on both databases, through a real SMTP server."""

import asyncio
import re
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select, update

from mintmark import outbox, upkeep
from mintmark.mails import notices
from mintmark.store import people as stored_people
from mintmark.store import schema, trusted_browsers
from mintmark.store.changes import Run
from mintmark.store.executor import Read
from mintmark.store.trusted_browsers import TrustedBrowser
from tests import issuer as issuers
from tests.issuer import ALICE, PASSWORD, hidden
from tests.mailbox import *  # noqa: F403
from tests.mailbox import link, parts

NEW = "harbour lanterns never whistle"


@pytest.fixture
async def issuer(database, mailbox, monkeypatch):
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    async for one in issuers.start(database, MINTMARK_SMTP_URL=mailbox.url):
        yield one


@pytest.fixture
async def sqlite_issuer(sqlite_database, mailbox, monkeypatch):
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    async for one in issuers.start(sqlite_database, MINTMARK_SMTP_URL=mailbox.url):
        yield one


async def forgot(issuer, username="alice", browser=None):
    browser = browser or issuer.browser()
    page = await browser.get("/forgot")
    return await browser.post("/forgot", data={**hidden(page.text), "username": username})


async def letter(issuer, mailbox, username="alice"):
    before = len(mailbox.came)
    assert 200 == (await forgot(issuer, username)).status_code
    await outbox.deliver_all(issuer.server)
    [came] = mailbox.came[before:]
    return link(came)


async def open_(browser, address):
    """As somebody does who clicks: the page that it ends at."""
    answer = await browser.get(address)
    assert (303, "https://id.example/link") == (answer.status_code, answer.headers["location"])
    return await browser.get("/link")


async def follow(browser, page, **form):
    return await browser.post("/link", data={**hidden(page.text), **form})


async def reset(issuer, address, password=NEW, browser=None):
    browser = browser or issuer.browser()
    page = await open_(browser, address)
    return await follow(browser, page, new_password=password)


async def can_sign_in(issuer, password):
    return 303 == (await issuer.sign_in(issuer.browser(), password=password)).status_code


async def test_a_letter_leads_to_a_new_password_and_signs_nobody_in(issuer, mailbox):
    address = await letter(issuer, mailbox)
    browser = issuer.browser()
    done = await reset(issuer, address, browser=browser)

    assert 200 == done.status_code
    assert 'id="done"' in done.text
    assert (await browser.get("/account")).headers["location"].endswith("/login")
    assert [] == await issuer.sids()
    assert await can_sign_in(issuer, NEW)
    assert not await can_sign_in(issuer, PASSWORD)
    assert {"link_sent", "password_changed"} <= set(await issuer.audited())


async def test_a_new_password_ends_every_session_and_what_apps_got(issuer, mailbox):
    tokens = await issuer.tokens()
    address = await letter(issuer, mailbox)
    await reset(issuer, address)

    assert [] == await issuer.sids()
    assert "invalid_grant" == (await issuer.refresh(tokens["refresh_token"])).json()["error"]


async def test_where_the_operator_says_so_sessions_go_on(sqlite_database, mailbox, monkeypatch):
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    environment = {"MINTMARK_SMTP_URL": mailbox.url, "MINTMARK_RESET_ENDS_SESSIONS": "off"}
    async for issuer in issuers.start(sqlite_database, **environment):
        await issuer.sign_in()
        await reset(issuer, await letter(issuer, mailbox))

        assert 1 == len(await issuer.sids())


async def test_a_notice_comes_whose_link_ends_every_session(issuer, mailbox):
    await reset(issuer, await letter(issuer, mailbox))
    await outbox.deliver_all(issuer.server)
    notice = mailbox.came[-1]
    assert "Your password was changed" == notice["Subject"]
    issuer.later(seconds=1)
    await issuer.sign_in(issuer.browser(), password=NEW)
    assert 1 == len(await issuer.sids())
    browser = issuer.browser()
    page = await open_(browser, link(notice))
    assert 1 == len(await issuer.sids()), "looking ended something"
    await follow(browser, page)

    assert [] == await issuer.sids()


async def test_looking_at_a_link_spends_nothing_whoever_looks_and_how_often(issuer, mailbox):
    address = await letter(issuer, mailbox)
    for _ in range(3):
        scanner = issuer.browser()
        await scanner.head(address)
        await open_(scanner, address)
        await scanner.head("/link")
        assert 403 == (await issuer.browser().post(address, data={"new_password": NEW})).status_code

    assert 200 == (await reset(issuer, address)).status_code
    assert await can_sign_in(issuer, NEW)


async def test_a_link_is_good_once_and_of_fifty_at_once_one_is_first(issuer, mailbox):
    address = await letter(issuer, mailbox)
    browsers = [issuer.browser() for _ in range(50)]
    pages = [await open_(browser, address) for browser in browsers]
    chosen = [f"{NEW} {number}" for number in range(50)]
    answers = await asyncio.gather(
        *(follow(*both, new_password=new) for *both, new in zip(browsers, pages, chosen, strict=True))
    )
    won = [new for answer, new in zip(answers, chosen, strict=True) if 200 == answer.status_code]

    assert 1 == len(won)
    assert {400, 503} >= {answer.status_code for answer in answers} - {200}
    assert await can_sign_in(issuer, won[0])
    assert 400 == (await open_(issuer.browser(), address)).status_code
    assert 1 == (await issuer.audited()).count("password_changed")


async def test_the_address_loses_the_secret_at_once_and_no_referrer_tells_it(issuer, mailbox):
    address = await letter(issuer, mailbox)
    token = address.partition("token=")[2]
    browser = issuer.browser()
    moved = await browser.get(address)
    page = await browser.get("/link")

    assert token not in moved.headers["location"]
    assert "no-referrer" == moved.headers["referrer-policy"] == page.headers["referrer-policy"]
    assert "no-store" == moved.headers["cache-control"]
    assert re.search("__Host-mintmark-link=mml_[^;]*; Path=/; HttpOnly; SameSite=Lax; Secure", str(moved.headers))
    assert token not in page.text
    assert token not in str(issuer.lines)


async def test_what_the_host_header_says_is_in_no_letter(issuer, mailbox):
    browser = issuer.browser()
    headers = {"host": "evil.example", "x-forwarded-host": "evil.example", "forwarded": "host=evil.example"}
    page = await browser.get("/forgot", headers=headers)
    await browser.post("/forgot", data={**hidden(page.text), "username": "alice"}, headers=headers)
    await outbox.deliver_all(issuer.server)

    assert link(mailbox.came[0]).startswith("https://id.example/link?token=")
    assert "evil" not in "".join(parts(mailbox.came[0]))


async def test_who_is_not_there_or_may_not_is_answered_as_anybody(issuer, mailbox):
    await issuer.add_person("bob")
    await issuer.disable_person("id-of-bob")
    await issuer.add_person("carol")
    unproved = update(schema.people).where(schema.people.c.id == "id-of-carol").values(email_key=None)
    await issuer.server.store.commit([Run(unproved, {})])
    answers = [await forgot(issuer, name) for name in ("alice", "bob", "carol", "nobody", "no@where.example")]
    await outbox.deliver_all(issuer.server)

    assert 1 == len({(answer.status_code, answer.text, plain(answer)) for answer in answers})
    assert ["alice@example.org"] == [one["To"] for one in mailbox.came]


def plain(answer: httpx2.Response) -> str:
    kept = [(name, value) for name, value in answer.headers.items() if name not in ("set-cookie", "x-request-id")]
    return str(sorted(kept))


@pytest.mark.usefixtures("without_upkeep")  # whose statements would be counted too
async def test_asking_costs_the_same_whoever_is_named(sqlite_issuer, mailbox, monkeypatch):
    """Counted, not timed: statements, change sets, hashes and letters of the request itself."""
    issuer = sqlite_issuer
    counted: list[tuple[str, object]] = []
    store = type(issuer.server.store)
    fetch, commit = store.fetch, store.commit

    async def fetched(self, read, **values):
        counted.append(("fetch", str(read.statement)))
        return await fetch(self, read, **values)

    async def committed(self, changes):
        counted.append(("commit", [type(change).__name__ for change in changes]))
        return await commit(self, changes)

    async def hashed(*given):
        raise AssertionError("something was hashed")

    browser, costs = issuer.browser(), {}
    monkeypatch.setattr(type(issuer.server.hashing), "hash", hashed)
    monkeypatch.setattr(type(issuer.server.hashing), "verify", hashed)
    await forgot(issuer, "first", browser)  # from then on the row that counts is there
    for name in ("alice", "nobody", "alice@example.org", "x" * 300):
        form = {**hidden((await browser.get("/forgot")).text), "username": name}
        with monkeypatch.context() as patched:
            patched.setattr(store, "fetch", fetched)
            patched.setattr(store, "commit", committed)
            counted.clear()
            await browser.post("/forgot", data=form)
        costs[name] = list(counted)

    assert 1 == len({str(cost) for cost in costs.values()}), costs
    assert [] == mailbox.came
    assert not any("people.username_key =" in str(statement) for kind, statement in costs["alice"] if "fetch" == kind)


async def test_the_letter_goes_to_the_address_of_the_account_and_never_to_one_that_is_named(issuer, mailbox):
    for name in ("alice@EXAMPLE.org", "ALICE", "alice@example.org,mallory@example.org", "alice@example.org\0"):
        await forgot(issuer, name)
    await outbox.deliver_all(issuer.server)

    assert {"alice@example.org"} == {str(one["To"]) for one in mailbox.came}


async def test_one_caller_gets_only_so_many_letters_sent(sqlite_database, mailbox, monkeypatch):
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    environment = {"MINTMARK_SMTP_URL": mailbox.url, "MINTMARK_THROTTLE_MAIL_ASKED": "3/1h"}
    async for issuer in issuers.start(sqlite_database, **environment):
        browser = issuer.browser()
        statuses = [(await forgot(issuer, f"name-{number}", browser)).status_code for number in range(5)]
        last = await forgot(issuer, "alice", browser)

        assert [200, 200, 200, 429, 429] == statuses
        assert 0 < int(last.headers["retry-after"]) <= 3600
        assert 3 == await issuer.count("outbox")
        issuer.later(hours=1)
        assert 200 == (await forgot(issuer, "alice", browser)).status_code


async def test_one_mailbox_gets_only_so_many_whoever_asks_and_by_whatever_name(issuer, mailbox):
    for number in range(16):
        await forgot(issuer, ("alice", "alice@example.org")[number % 2], issuer.browser(f"192.0.2.{number}"))
    await outbox.deliver_all(issuer.server)

    assert 10 == len(mailbox.came) == await issuer.count("links")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "Choose a password"), ("short", "at least 15"), ("x" * 300, "at most 256"), ("a" * 16, "repeats"),
        ("password1234567890", "common"), ("alice@example.org", "name"), ("y" * 5000, "at most"),
    ],
)  # fmt: skip
async def test_a_password_that_is_refused_spends_nothing_and_says_why(sqlite_issuer, mailbox, password, why):
    issuer = sqlite_issuer
    address = await letter(issuer, mailbox)
    browser = issuer.browser()
    refused = await reset(issuer, address, password, browser)

    assert 400 == refused.status_code
    assert why in refused.text
    assert 'role="alert"' in refused.text
    assert 200 == (await follow(browser, refused, new_password=NEW)).status_code


async def test_a_link_does_not_outlive_its_time_nor_a_password_that_was_changed_otherwise(sqlite_issuer, mailbox):
    issuer = sqlite_issuer
    old = await letter(issuer, mailbox)
    issuer.later(minutes=31)
    assert 400 == (await open_(issuer.browser(), old)).status_code
    one, other = await letter(issuer, mailbox), await letter(issuer, mailbox)
    await reset(issuer, one)

    assert 400 == (await open_(issuer.browser(), other)).status_code
    assert ["link expired", "link account"] == issuer.refusals("check")


async def test_a_link_for_one_thing_is_good_for_no_other(sqlite_issuer, mailbox):
    issuer = sqlite_issuer
    await issuer.sign_in()
    await reset(issuer, await letter(issuer, mailbox))
    await outbox.deliver_all(issuer.server)
    browser = issuer.browser()
    page = await open_(browser, link(mailbox.came[-1]))  # of the notice
    await follow(browser, page, new_password="another harbour lantern whistles")

    assert await can_sign_in(issuer, NEW)


async def test_a_form_is_good_for_the_link_that_it_was_shown_for(sqlite_issuer, mailbox):
    issuer = sqlite_issuer
    await issuer.add_person("bob")
    browser = issuer.browser()
    first = await open_(browser, await letter(issuer, mailbox))
    await open_(browser, await letter(issuer, mailbox, "bob"))
    refused = await follow(browser, first, new_password=NEW)

    assert 400 == refused.status_code
    assert not await can_sign_in(issuer, NEW)
    assert ["link of another page"] == issuer.refusals("check")


async def test_a_form_of_another_site_spends_nothing(sqlite_issuer, mailbox):
    issuer = sqlite_issuer
    address = await letter(issuer, mailbox)
    browser = issuer.browser()
    page = await open_(browser, address)
    form = {**hidden(page.text), "new_password": NEW}

    assert 403 == (await browser.post("/link", data=form, headers={"sec-fetch-site": "cross-site"})).status_code
    assert 403 == (await browser.post("/link", data={**form, "csrf_token": "x"})).status_code
    assert not await can_sign_in(issuer, NEW)


@pytest.mark.parametrize(
    "token", ["", "mml_", "x", "mml_" + "x" * 43, "mml_" + "x" * 9000, "a;b", "%00", "%0d%0aset-cookie:x"]
)
async def test_whatever_stands_in_the_address_of_a_link_is_a_page(sqlite_issuer, token):
    browser = sqlite_issuer.browser()
    moved = await browser.get(f"/link?token={token}")

    assert moved.status_code in (303, 400)
    assert 400 == (await browser.get("/link")).status_code


async def test_whoever_waits_after_too_many_wrong_passwords_need_not_with_a_new_one(sqlite_issuer, mailbox):
    issuer = sqlite_issuer
    for _ in range(12):
        await issuer.sign_in(issuer.browser(), password="wrong")
    assert 429 == (await issuer.sign_in(issuer.browser())).status_code
    await reset(issuer, await letter(issuer, mailbox))

    assert await can_sign_in(issuer, NEW)


async def test_who_must_choose_another_password_has_chosen(sqlite_issuer, mailbox):
    issuer = sqlite_issuer
    asked = update(schema.people).where(schema.people.c.id == ALICE).values(reset_required_at=1)
    await issuer.server.store.commit([Run(asked, {})])
    await reset(issuer, await letter(issuer, mailbox))
    columns = schema.people.c
    row = select(columns.reset_required_at, columns.password_changed_at).where(columns.id == ALICE)

    [(required, changed)] = await issuer.server.store.fetch(Read(row))
    assert required is None
    assert changed > 0


async def test_where_no_mail_is_sent_the_page_says_whom_to_ask(sqlite_database):
    async for issuer in issuers.start(sqlite_database):
        page = await issuer.http.get("/forgot")
        assert "<form" not in page.text
        assert "Ask whoever" in page.text
        assert "/forgot" in (await issuer.http.get("/login")).text


# ── who is signed in changes password and address


async def change(browser, door, **form):
    page = await browser.get(door)
    assert 200 == page.status_code, page.headers
    return await browser.post(door, data={**hidden(page.text), **form})


async def test_a_password_is_changed_after_a_fresh_proof_and_other_browsers_are_signed_out(issuer, mailbox):
    other = issuer.browser()
    await issuer.sign_in(other)
    issuer.later(seconds=1)
    await issuer.sign_in()
    here = (await issuer.sids())[-1]
    answer = await change(issuer.http, "/account/password", new_password=NEW)
    await outbox.deliver_all(issuer.server)

    assert (303, "https://id.example/account/factors?done=password") == (answer.status_code, answer.headers["location"])
    assert [here] == await issuer.sids()
    assert 200 == (await issuer.http.get("/account")).status_code
    assert await can_sign_in(issuer, NEW)
    assert ["Your password was changed"] == [one["Subject"] for one in mailbox.came]


async def test_a_sign_in_that_ends_while_the_password_changes_is_over_with_it(issuer, monkeypatch):
    await issuer.sign_in()
    notice, thief = notices.notice, issuer.browser()

    async def noticed_while_somebody_signs_in(*given, **more):
        if "password_changed" in given and not thief.cookies:
            await issuer.sign_in(thief)
            assert 200 == (await thief.get("/account")).status_code
        return await notice(*given, **more)

    monkeypatch.setattr(notices, "notice", noticed_while_somebody_signs_in)
    await change(issuer.http, "/account/password", new_password=NEW)

    assert thief.cookies
    assert 303 == (await thief.get("/account")).status_code
    assert 200 == (await issuer.http.get("/account")).status_code


async def test_without_a_fresh_proof_nothing_is_changed(sqlite_issuer):
    issuer = sqlite_issuer
    assert "/login" in (await issuer.http.get("/account/password")).headers["location"]
    await issuer.sign_in()
    form = {**hidden((await issuer.http.get("/account/password")).text), "new_password": NEW}
    issuer.later(minutes=11)

    door = "/account/password"
    assert "fresh=password" in (await issuer.http.get(door)).headers["location"]
    assert "fresh=password" in (await issuer.http.post(door, data=form)).headers["location"]
    assert not await can_sign_in(issuer, NEW)


async def test_a_weak_password_changes_nothing(sqlite_issuer):
    issuer = sqlite_issuer
    await issuer.sign_in()
    answer = await change(issuer.http, "/account/password", new_password="too short")

    assert 400 == answer.status_code
    assert "at least 15" in answer.text
    assert await can_sign_in(issuer, PASSWORD)


async def test_another_address_is_the_accounts_once_it_is_proved_and_the_old_one_hears_of_it(issuer, mailbox):
    await issuer.sign_in()
    await change(issuer.http, "/account/profile", change="email", email="alice@new.example")
    await outbox.deliver_all(issuer.server)
    person = await stored_people.find(issuer.server.store, ALICE)
    assert person is not None
    assert "alice@example.org" == person.holder.email, "it was changed before it was proved"
    browser = issuer.browser()
    page = await open_(browser, link(mailbox.came[0]))
    assert "alice@new.example" in page.text
    assert 200 == (await follow(browser, page)).status_code
    await outbox.deliver_all(issuer.server)

    person = await stored_people.find(issuer.server.store, ALICE)
    assert person is not None
    assert ("alice@new.example", True) == (person.holder.email, person.holder.email_verified)
    assert ["alice@new.example", "alice@example.org"] == [str(one["To"]) for one in mailbox.came]
    assert "Your e-mail address was changed" == mailbox.came[1]["Subject"]
    assert 303 == (await issuer.sign_in(issuer.browser(), "alice@new.example")).status_code
    assert "email_changed" in await issuer.audited()


async def test_another_address_ends_the_trust_in_browsers_once_it_is_proved(issuer, mailbox):
    """Resets go there, and codes by mail."""
    await issuer.sign_in()
    store, now = issuer.server.store, issuer.server.clock()
    trusted = TrustedBrowser("a-browser", ALICE, "", "", now, now, now + timedelta(days=30))
    await store.commit(trusted_browsers.add(trusted, b"digest", 10))
    await change(issuer.http, "/account/profile", change="email", email="alice@new.example")
    await outbox.deliver_all(issuer.server)
    asked = await issuer.count("trusted_browsers")
    browser = issuer.browser()
    await follow(browser, await open_(browser, link(mailbox.came[0])))

    assert (1, 0) == (asked, await issuer.count("trusted_browsers"))


async def test_of_two_addresses_that_were_asked_for_only_the_last_can_be_proved(sqlite_issuer, mailbox):
    issuer = sqlite_issuer
    await issuer.sign_in()
    for address in ("one@new.example", "two@new.example"):
        await change(issuer.http, "/account/profile", change="email", email=address)
    await outbox.deliver_all(issuer.server)
    found = {str(one["To"]): link(one) for one in mailbox.came}

    assert 400 == (await open_(issuer.browser(), found["one@new.example"])).status_code
    browser = issuer.browser()
    await follow(browser, await open_(browser, found["two@new.example"]))
    person = await stored_people.find(issuer.server.store, ALICE)
    assert person is not None
    assert "two@new.example" == person.holder.email


async def test_an_address_that_somebody_else_proved_meanwhile_is_not_given_twice(sqlite_issuer, mailbox):
    issuer = sqlite_issuer
    await issuer.sign_in()
    await change(issuer.http, "/account/profile", change="email", email="bob@example.org")
    await outbox.deliver_all(issuer.server)
    await issuer.add_person("bob")
    browser = issuer.browser()
    [letter] = mailbox.to("bob@example.org")
    refused = await follow(browser, await open_(browser, link(letter)))

    assert 400 == refused.status_code
    assert "another account" in refused.text


async def test_whose_name_is_their_address_bears_the_new_one(sqlite_issuer, mailbox):
    issuer = sqlite_issuer
    named = update(schema.people).where(schema.people.c.id == ALICE)
    named = named.values(username="alice@example.org", username_key="alice@example.org")
    await issuer.server.store.commit([Run(named, {})])
    await issuer.sign_in(username="alice@example.org")
    await change(issuer.http, "/account/profile", change="email", email="alice@new.example")
    await outbox.deliver_all(issuer.server)
    browser = issuer.browser()
    await follow(browser, await open_(browser, link(mailbox.came[0])))
    person = await stored_people.find(issuer.server.store, ALICE)

    assert person is not None
    assert "alice@new.example" == person.holder.username == person.holder.email


async def test_a_sign_in_from_a_browser_never_seen_is_told_and_one_from_a_known_one_is_not(issuer, mailbox):
    issuer.later(days=2)
    known = issuer.browser()
    known.headers["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0 <b>x</b>"
    await issuer.sign_in(known)
    await outbox.deliver_all(issuer.server)
    [came] = mailbox.came
    text, html = parts(came)
    assert "New sign-in to your account" == came["Subject"]
    assert "Firefox on Linux" in text
    assert "127.0.0.1" in text
    assert "<b>" not in html
    await known.post("/logout", data=hidden((await known.get("/logout")).text))
    await issuer.sign_in(known)
    await outbox.deliver_all(issuer.server)
    assert 1 == len(mailbox.came)

    browser = issuer.browser()
    await follow(browser, await open_(browser, link(came)))
    assert [] == await issuer.sids()
