"""The same attacks on every kind of link that is sent: replay, race, foreign forms, a step left out, and its secret.

What each kind brings about is tried where that kind is: test_reset, test_sign_up, test_account_pages.
"""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from mintmark import links, upkeep
from mintmark.pages.link import PAGES
from mintmark.store import schema
from mintmark.store.executor import Read
from tests import issuer as issuers
from tests.issuer import ALICE, hidden

GOOD = "harbour lanterns never whistle"
NEW = "new@example.org"
# Whose each is, the address that it was sent to, and what its page is told.
KINDS = {
    "reset": (ALICE, "alice@example.org", {"new_password": GOOD}),
    "verify": (ALICE, NEW, {}),
    "sign_up": (None, NEW, {"username": "newcomer", "new_password": GOOD}),
    "invite": (None, None, {"username": "newcomer", "new_password": GOOD}),
    "end_sessions": (ALICE, "alice@example.org", {}),
}
EVERY = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
async def issuer(database, monkeypatch):
    async for one in _issuer(database, monkeypatch):
        yield one


@pytest.fixture
async def sqlite_issuer(sqlite_database, monkeypatch):
    async for one in _issuer(sqlite_database, monkeypatch):
        yield one


async def _issuer(database, monkeypatch):
    """Alice is signed in, so that her sessions can end."""
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    async for one in issuers.start(database, MINTMARK_SMTP_URL="smtp://127.0.0.1:9", MINTMARK_SIGN_UP="open"):
        await one.sign_in()
        one.later(seconds=1)
        yield one


async def sent(issuer, kind):
    """The address that stands in the letter."""
    person, email, _ = KINDS[kind]
    made = await links.make(issuer.server, kind, person, timedelta(hours=1), issuer.server.clock(), email=email)
    assert made is not None
    await issuer.server.store.commit([made.change])
    return links.url(issuer.server, made.secret)


async def opened(browser, address):
    await browser.get(address)
    return await browser.get("/link")


async def follow(browser, page, kind, headers=None, **changed):
    form = {**hidden(page.text), **KINDS[kind][2], **changed}
    return await browser.post("/link", data=form, headers=headers or {})


async def state(issuer):
    """What any of the links could change."""
    people, sessions = schema.people, schema.sessions
    found = select(people.c.id, people.c.password_hash, people.c.email, people.c.ended_before).order_by(people.c.id)
    live = select(sessions.c.id).where(sessions.c.ended_at.is_(None)).order_by(sessions.c.id)
    return [await issuer.server.store.fetch(Read(one)) for one in (found, live)]


def test_every_kind_of_link_that_has_a_page_is_here():
    assert set(PAGES) == set(KINDS)


@EVERY
async def test_of_fifty_at_once_one_is_followed(issuer, kind):
    browser, before = issuer.browser(), await state(issuer)
    page = await opened(browser, await sent(issuer, kind))
    answers = await asyncio.gather(*(follow(browser, page, kind) for _ in range(50)))
    statuses = [answer.status_code for answer in answers]

    assert 1 == sum(status in (200, 303) for status in statuses)
    assert {200, 303, 400, 429, 503} >= set(statuses)
    assert before != await state(issuer)


@EVERY
async def test_a_link_that_was_followed_does_nothing_more(sqlite_issuer, kind):
    address, browser = await sent(sqlite_issuer, kind), sqlite_issuer.browser()
    page = await opened(browser, address)
    kept = dict(browser.cookies)
    assert (await follow(browser, page, kind)).status_code in (200, 303)
    after = await state(sqlite_issuer)
    browser.cookies.clear()
    for cookie, value in kept.items():
        browser.cookies.set(cookie, value, domain="id.example", path="/")
    again = await follow(browser, page, kind)
    elsewhere = await opened(sqlite_issuer.browser(), address)

    assert (400, 400) == (again.status_code, elsewhere.status_code)
    assert after == await state(sqlite_issuer)


@EVERY
async def test_another_sites_form_follows_no_link(sqlite_issuer, kind):
    browser, before = sqlite_issuer.browser(), await state(sqlite_issuer)
    page = await opened(browser, await sent(sqlite_issuer, kind))
    refused = [
        await follow(browser, page, kind, {"origin": "https://evil.example"}),
        await follow(browser, page, kind, {"sec-fetch-site": "same-site"}),
        await follow(browser, page, kind, csrf_token="x"),
        await follow(browser, page, kind, csrf_token=""),
    ]

    assert [403] * 4 == [answer.status_code for answer in refused]
    assert before == await state(sqlite_issuer)
    assert (await follow(browser, page, kind)).status_code in (200, 303)


@EVERY
@pytest.mark.parametrize("left_out", ["link", "cookie", "all but the address"])
async def test_a_step_that_is_left_out_follows_no_link(sqlite_issuer, kind, left_out):
    """PR-01: the page's own mark, the secret that was kept, or the opening of it."""
    address, browser, before = await sent(sqlite_issuer, kind), sqlite_issuer.browser(), await state(sqlite_issuer)
    secret = address.partition("token=")[2]
    if "all but the address" == left_out:
        token = hidden((await browser.get("/forgot")).text)["csrf_token"]
        form = {"csrf_token": token, "token": secret, "link": secret, **KINDS[kind][2]}
        answer = await browser.post(f"/link?token={secret}", data=form)
    else:
        page = await opened(browser, address)
        if "cookie" == left_out:
            browser.cookies.delete("__Host-mintmark-link")
        answer = await follow(browser, page, kind, **({"link": ""} if "link" == left_out else {}))

    assert 400 == answer.status_code
    assert before == await state(sqlite_issuer)


@EVERY
async def test_the_secret_leaves_the_address_and_no_referrer_page_or_log_tells_it(sqlite_issuer, kind):
    address, browser = await sent(sqlite_issuer, kind), sqlite_issuer.browser()
    secret = address.partition("token=")[2]
    moved = await browser.get(address)
    page = await browser.get("/link")
    done = await follow(browser, page, kind)
    await sqlite_issuer.audited()
    trail = await sqlite_issuer.server.store.fetch(Read(select(schema.audit)))

    assert (303, "https://id.example/link") == (moved.status_code, moved.headers["location"])
    for answer in (moved, page, done):
        assert "no-referrer" == answer.headers["referrer-policy"]
        assert "no-store" == answer.headers["cache-control"]
        assert secret not in answer.text
        assert secret not in answer.headers.get("location", "")
    assert "HttpOnly" in moved.headers["set-cookie"]
    assert secret not in str(sqlite_issuer.lines)
    assert secret not in str(trail)


@EVERY
async def test_what_the_host_header_says_is_on_no_page_of_a_link(sqlite_issuer, kind):
    headers = {"host": "evil.example", "x-forwarded-host": "evil.example", "forwarded": "host=evil.example;proto=http"}
    browser = sqlite_issuer.browser()
    browser.headers.update(headers)
    moved = await browser.get(await sent(sqlite_issuer, kind))
    page = await browser.get("/link")
    done = await follow(browser, page, kind)

    assert done.status_code in (200, 303)
    for answer in (moved, page, done):
        assert "evil" not in answer.text
        assert "evil" not in str(answer.headers)
