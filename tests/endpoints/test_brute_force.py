"""Lessons of others about guessing, second factors and what is remembered (tests/lessons.toml)."""

from datetime import timedelta

import pytest

from mintmark import links, upkeep
from tests import issuer as issuers
from tests.endpoints.enrolling import code, enrolled, second_step, signed_in
from tests.endpoints.ways_in import COOKIE
from tests.issuer import ALICE, PASSWORD, hidden

GOOD = "harbour lanterns never whistle"


@pytest.fixture(autouse=True)
def _no_upkeep(monkeypatch):
    monkeypatch.setattr(upkeep, "start", lambda server: ())


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("claimed", [{}, {"x-forwarded-for": "192.0.2.7"}, {"x-real-ip": "192.0.2.7"}])
async def test_bf_05_this_machine_has_a_budget_like_any_other(sqlite_database, address, claimed):
    async for issuer in issuers.start(sqlite_database, MINTMARK_THROTTLE_SIGN_IN_ADDRESS="3/1h"):
        browser = issuer.browser(address)
        browser.headers.update(claimed)
        statuses = [(await issuer.sign_in(browser, f"name-{number}", "wrong")).status_code for number in range(4)]

        assert [400, 400, 400, 429] == statuses


async def test_ss_13_a_sign_in_that_waits_for_its_second_factor_opens_no_door(issuer):
    await enrolled(issuer)
    browser = issuer.browser()
    await second_step(issuer, browser)
    asked = await browser.get("/authorize", params=issuer.request())
    silent = await browser.get("/authorize", params=issuer.request(prompt="none"))
    opened = [await browser.get(f"/account{page}") for page in ("", "/sessions", "/factors", "/download")]
    token = hidden((await browser.get("/login")).text)["csrf_token"]
    left = await browser.post("/account/passkeys/options", data={"ask": "1"}, headers={"x-csrf-token": token})

    assert asked.headers["location"].startswith("https://id.example/login?")
    assert "error=login_required" in silent.headers["location"]
    assert ["https://id.example/login"] * 4 == [page.headers["location"] for page in opened]
    assert 400 <= left.status_code < 500
    assert 0 == await issuer.count("codes")


async def test_pr_06_a_password_that_was_reset_takes_the_place_of_no_second_factor(issuer):
    seed, _ = await enrolled(issuer)
    made = await links.make(issuer.server, "reset", ALICE, timedelta(minutes=30), issuer.server.clock())
    assert made is not None
    await issuer.server.store.commit([made.change])
    browser = issuer.browser()
    await browser.get(links.url(issuer.server, made.secret))
    page = await browser.get("/link")
    done = await browser.post("/link", data={**hidden(page.text), "new_password": GOOD})
    after_the_link = await signed_in(browser)
    issuer.later(seconds=1)
    step = await issuer.sign_in(browser, password=GOOD)
    after_the_password = await signed_in(browser)
    second = await browser.get(step.headers["location"])
    await browser.post("/login", data={**hidden(second.text), "code": code(issuer, seed)})

    assert 200 == done.status_code
    assert (False, False) == (after_the_link, after_the_password)
    assert await signed_in(browser)


async def test_ss_09_a_browser_that_was_trusted_is_not_when_trust_is_switched_off(issuer):
    seed, _ = await enrolled(issuer)
    browser = issuer.browser()
    form = {**await second_step(issuer, browser), "code": code(issuer, seed), "trust": "1"}
    await browser.post("/login", data=form)
    await browser.post("/logout", data=hidden((await browser.get("/logout")).text))
    off = issuer.server.settings.model_copy(update={"trusted_browser": None})
    object.__setattr__(issuer.server, "settings", off)
    step = await issuer.sign_in(browser)

    assert "step=" in step.headers["location"]
    assert not await signed_in(browser)


async def test_dp_09_nothing_of_a_request_stands_in_a_cookie(issuer):
    asked = issuer.request(state="the-very-state", nonce="the-very-nonce", login_hint="the-very-hint")
    answer = await issuer.http.get("/authorize", params=asked)
    page = await issuer.http.get(answer.headers["location"])
    form = {**hidden(page.text), "username": "alice", "password": PASSWORD}
    await issuer.http.post("/login", data=form)
    kept = " ".join(f"{cookie.name}={cookie.value}" for cookie in issuer.http.cookies.jar)

    assert COOKIE in kept
    for value in asked.values():
        assert len(value) < 9 or value not in kept
