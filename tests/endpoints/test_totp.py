"""Authenticator apps: added on the account page, asked for at the second step of a sign-in."""

import asyncio
import re

import pytest

from mintmark import ending
from mintmark.store import sessions
from tests.endpoints.enrolling import begun, code, code_at, enrolled, form, proved_here, second_step, signed_in, step_of
from tests.issuer import ALICE, PASSWORD, hidden


async def test_an_app_is_added_by_a_code_of_it_and_from_then_on_the_password_alone_opens_nothing(issuer):
    seed, _ = await enrolled(issuer)
    thief = issuer.browser()
    answer = await issuer.sign_in(thief)

    assert answer.headers["location"].startswith(f"{issuer.url}/login?step=")
    assert not await signed_in(thief)
    fields = form((await thief.get(answer.headers["location"])).text, "sign-in")
    done = await thief.post("/login", data={**fields, "code": code(issuer, seed)})
    assert f"{issuer.url}/account" == done.headers["location"]
    assert await signed_in(thief)


async def test_who_proved_both_has_two_factors_and_says_so(issuer):
    seed, _ = await enrolled(issuer)
    browser = issuer.browser()
    fields = await second_step(issuer, browser)
    await browser.post("/login", data={**fields, "code": code(issuer, seed)})
    found = (await sessions.live_of(issuer.server.store, ALICE, issuer.server.clock()))[-1].session

    assert ("urn:mintmark:acr:2", {"pwd", "otp", "mfa"}) == (found.acr, set(found.amr))


async def test_an_app_counts_for_nothing_before_its_first_code(issuer):
    await issuer.sign_in()
    _, fields = await begun(issuer)
    other = issuer.browser()

    assert f"{issuer.url}/account" == (await issuer.sign_in(other)).headers["location"]
    wrong = await issuer.http.post("/account/totp", data={**fields, "action": "confirm", "code": "000000"})
    assert 400 == wrong.status_code
    assert 'role="alert"' in wrong.text
    assert f"{issuer.url}/account" == (await issuer.sign_in(issuer.browser())).headers["location"]
    assert "factor_added" not in await issuer.audited()


async def test_the_code_of_a_seed_that_was_not_confirmed_proves_nothing(issuer):
    seed, _ = await enrolled(issuer)
    await proved_here(issuer, seed)
    pending, _ = await begun(issuer, name="Second")
    browser = issuer.browser()
    fields = await second_step(issuer, browser)
    answer = await browser.post("/login", data={**fields, "code": code(issuer, pending)})

    assert 400 == answer.status_code
    assert not await signed_in(browser)


async def test_a_seed_that_waited_a_quarter_of_an_hour_is_confirmed_no_more(issuer):
    await issuer.sign_in()
    seed, fields = await begun(issuer)
    issuer.later(minutes=9)
    assert 'id="confirm"' in (await issuer.http.get("/account/totp")).text
    issuer.later(minutes=6)
    page = await issuer.http.get("/login?fresh=1")
    await issuer.http.post("/login", data={**hidden(page.text), "username": "alice", "password": PASSWORD})
    page = await issuer.http.get("/account/totp")
    fields["csrf_token"] = hidden(page.text)["csrf_token"]
    answer = await issuer.http.post("/account/totp", data={**fields, "action": "confirm", "code": code(issuer, seed)})

    assert 400 == answer.status_code
    assert 'id="confirm"' not in page.text
    assert f"{issuer.url}/account" == (await issuer.sign_in(issuer.browser())).headers["location"]


async def test_a_code_is_good_once(issuer):
    seed, _ = await enrolled(issuer)
    spent = code(issuer, seed)
    first, second = issuer.browser(), issuer.browser()
    await first.post("/login", data={**await second_step(issuer, first), "code": spent})
    answer = await second.post("/login", data={**await second_step(issuer, second), "code": spent})

    assert await signed_in(first)
    assert not await signed_in(second)
    assert "used already" in answer.text


async def test_the_code_that_confirmed_an_app_signs_nobody_in(issuer):
    seed, _ = await enrolled(issuer)
    browser = issuer.browser()
    answer = await browser.post("/login", data={**await second_step(issuer, browser), "code": code(issuer, seed, -1)})

    assert 400 == answer.status_code
    assert not await signed_in(browser)


@pytest.mark.parametrize(("ahead", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_a_clock_may_be_half_a_minute_off_and_no_more(issuer, ahead, good):
    seed, _ = await enrolled(issuer)
    issuer.later(minutes=5)
    browser = issuer.browser()
    await browser.post("/login", data={**await second_step(issuer, browser), "code": code(issuer, seed, ahead)})

    assert good == await signed_in(browser)


async def test_after_a_code_of_a_clock_ahead_no_earlier_one_is_good_even_when_the_server_s_clock_goes_back(issuer):
    seed, _ = await enrolled(issuer)
    step = step_of(issuer)
    first, other = issuer.browser(), issuer.browser()
    fields = await second_step(issuer, other)
    await first.post("/login", data={**await second_step(issuer, first), "code": code_at(seed, step + 1)})

    assert await signed_in(first)
    for later, number in ((0, step), (0, step + 1), (-60, step - 2), (0, step - 1), (30, step + 1)):
        issuer.later(seconds=later)
        await other.post("/login", data={**fields, "code": code_at(seed, number)})
        assert not await signed_in(other)


async def test_of_fifty_browsers_with_one_code_at_once_one_is_signed_in(issuer, monkeypatch):
    seed, _ = await enrolled(issuer)
    browsers = [issuer.browser() for _ in range(50)]
    forms = [await second_step(issuer, browser) for browser in browsers]
    right = code(issuer, seed)
    before = len(await issuer.sids())
    answers = await asyncio.gather(
        *(
            browser.post("/login", data={**fields, "code": right})
            for browser, fields in zip(browsers, forms, strict=True)
        )
    )

    assert {303, 400, 429} >= {answer.status_code for answer in answers}
    assert 1 == sum(answer.is_redirect for answer in answers)
    assert before + 1 == len(await issuer.sids())


async def test_the_code_of_another_person_is_none(issuer):
    await issuer.add_person("bob")
    alices, _ = await enrolled(issuer)
    await enrolled(issuer, issuer.browser(), username="bob")
    browser = issuer.browser()
    await browser.post("/login", data={**await second_step(issuer, browser, "bob"), "code": code(issuer, alices)})

    assert not await signed_in(browser)


async def test_a_second_step_without_the_first_is_none(issuer):
    seed, _ = await enrolled(issuer)
    browser = issuer.browser()
    page = await browser.get("/login")
    for more in ({}, {"step": "made-up"}, {"username": "alice"}, {"username": "alice", "factor": "totp"}):
        fields = {"csrf_token": hidden(page.text)["csrf_token"], "code": code(issuer, seed), **more}
        answer = await browser.post("/login", data=fields)

        assert 400 == answer.status_code
        assert not await signed_in(browser)


async def test_a_step_of_one_browser_is_none_in_another(issuer):
    seed, _ = await enrolled(issuer)
    fields = await second_step(issuer, issuer.browser())
    thief = issuer.browser()
    token = hidden((await thief.get("/login")).text)["csrf_token"]
    answer = await thief.post("/login", data={**fields, "csrf_token": token, "code": code(issuer, seed)})

    assert 400 == answer.status_code
    assert not await signed_in(thief)


@pytest.mark.parametrize("dropped", ["code", "factor", "step", "csrf_token"])
async def test_no_field_that_is_left_out_leaves_a_factor_out(issuer, dropped):
    await enrolled(issuer)
    browser = issuer.browser()
    fields = {**await second_step(issuer, browser), "code": "123456", "username": "alice", "password": PASSWORD}
    del fields[dropped]
    await browser.post("/login", data=fields)

    assert not await signed_in(browser)


async def test_a_person_who_was_disabled_meanwhile_is_not_signed_in(issuer):
    seed, _ = await enrolled(issuer)
    browser = issuer.browser()
    fields = await second_step(issuer, browser)
    await issuer.disable_person()
    await browser.post("/login", data={**fields, "code": code(issuer, seed)})
    await issuer.enable_person()

    assert not await signed_in(browser)


async def test_codes_cannot_be_guessed_for_long_and_the_password_s_count_is_another(issuer):
    seed, _ = await enrolled(issuer)
    browser = issuer.browser()
    fields = await second_step(issuer, browser)
    found = [(await browser.post("/login", data={**fields, "code": f"{n:06}"})).status_code for n in range(6)]
    right = await browser.post("/login", data={**fields, "code": code(issuer, seed)})
    other = issuer.browser()
    waits = await other.post("/login", data={**await second_step(issuer, other), "code": code(issuer, seed)})

    assert [400] * 5 == found[:5]
    assert found[5] in (400, 429)
    assert not right.is_redirect
    assert 429 == waits.status_code
    assert int(waits.headers["retry-after"]) >= 1
    assert "sign_in_failed" in await issuer.audited()


async def test_an_app_is_removed_with_an_event_and_the_password_alone_signs_in_again(issuer):
    seed, _ = await enrolled(issuer)
    await proved_here(issuer, seed)
    page = await issuer.http.get("/account/totp")
    id = re.findall(r'name="app" value="([^"]+)"', page.text)[0]
    token = hidden(page.text)["csrf_token"]
    for _ in range(2):
        await issuer.http.post("/account/totp", data={"csrf_token": token, "action": "remove", "app": id})

    assert 1 == (await issuer.audited()).count("factor_removed")
    assert f"{issuer.url}/account" == (await issuer.sign_in(issuer.browser())).headers["location"]


async def test_a_person_may_have_several_apps_by_name_and_each_signs_in(issuer):
    first, _ = await enrolled(issuer)
    await proved_here(issuer, first)
    second, fields = await begun(issuer, name="  Old   tablet ")
    added = await issuer.http.post("/account/totp", data={**fields, "action": "confirm", "code": code(issuer, second)})
    issuer.later(seconds=30)

    assert 303 == added.status_code
    page = await issuer.http.get("/account/totp")
    assert ["Phone", "Old tablet"] == re.findall(r"<b><bdi>([^<]+)</bdi></b>", page.text)
    for seed in (first, second):
        browser = issuer.browser()
        await browser.post("/login", data={**await second_step(issuer, browser), "code": code(issuer, seed)})
        assert await signed_in(browser)


async def test_nobody_has_more_apps_than_five(issuer):
    seed, _ = await enrolled(issuer)
    for number in range(4):
        await proved_here(issuer, seed)
        other, fields = await begun(issuer, name=f"App {number}")
        await issuer.http.post("/account/totp", data={**fields, "action": "confirm", "code": code(issuer, other)})
    await proved_here(issuer, seed)
    page = await issuer.http.get("/account/totp")
    refused = await issuer.http.post("/account/totp", data={**hidden(page.text), "action": "begin", "name": "Six"})

    assert 'id="begin"' not in page.text
    assert 400 == refused.status_code
    assert 5 == await issuer.count("totps")


async def test_nobody_removes_confirms_or_sees_the_app_of_somebody_else(issuer):
    await issuer.add_person("bob")
    await issuer.sign_in()
    seed, fields = await begun(issuer)
    bob = issuer.browser()
    await issuer.sign_in(bob, "bob")
    token = hidden((await bob.get("/account/totp")).text)["csrf_token"]
    confirm = {"csrf_token": token, "action": "confirm", "app": fields["app"], "code": code(issuer, seed)}
    refused = await bob.post("/account/totp", data=confirm)
    await bob.post("/account/totp", data={**confirm, "action": "remove"})

    assert 400 == refused.status_code
    assert 1 == await issuer.count("totps")
    done = await issuer.http.post("/account/totp", data={**fields, "action": "confirm", "code": code(issuer, seed)})
    assert 200 == done.status_code


@pytest.mark.parametrize("door", ["/account/totp", "/account/recovery-codes"])
async def test_who_is_not_signed_in_or_proved_it_long_ago_is_led_to_the_sign_in_page(issuer, door):
    assert f"{issuer.url}/login" == (await issuer.http.get(door)).headers["location"]
    await issuer.sign_in()
    page = await issuer.http.get(door)
    issuer.later(minutes=11)
    late = await issuer.http.post(door, data={**hidden(page.text), "action": "begin", "name": "Mine"})

    assert 200 == page.status_code
    assert f"{issuer.url}/login?fresh={door.rpartition('/')[2]}" == late.headers["location"]
    assert 0 == await issuer.count("totps") + await issuer.count("recovery_codes")


@pytest.mark.parametrize("door", ["/account/totp", "/account/recovery-codes"])
async def test_a_form_of_another_site_changes_nothing(issuer, door):
    await issuer.sign_in()
    fields = {**hidden((await issuer.http.get(door)).text), "action": "begin", "name": "Theirs"}
    for headers, sent in (
        ({"origin": "https://evil.example"}, fields),
        ({"sec-fetch-site": "cross-site"}, fields),
        ({}, {**fields, "csrf_token": "made-up"}),
        ({}, {"action": "begin"}),
    ):
        assert 403 == (await issuer.http.post(door, data=sent, headers=headers)).status_code
    assert 0 == await issuer.count("totps") + await issuer.count("recovery_codes")


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "begin", "name": "x" * 500},
        {"action": "begin", "name": "bell\x07"},
        {"action": "confirm"},
        {"action": "confirm", "app": "unknown", "code": "123456"},
        {"action": "confirm", "code": "12345"},
        {"action": "remove"},
        {"action": "remove", "app": "\x00"},
        {"action": "cancel"},
        {"action": "\N{BLACK HEART SUIT}"},
        {},
    ],
)
async def test_nonsense_is_answered_by_the_page(issuer, fields):
    await issuer.sign_in()
    page = await issuer.http.get("/account/totp")
    answer = await issuer.http.post("/account/totp", data={**hidden(page.text), **fields})

    assert answer.status_code in (303, 400)
    assert "text/html" in answer.headers.get("content-type", "text/html")
    assert 0 == await issuer.count("totps")


async def test_the_page_shows_the_key_as_a_picture_of_its_own_and_in_groups_of_letters(sqlite_issuer):
    issuer = sqlite_issuer
    await issuer.sign_in()
    await begun(issuer)
    page = await issuer.http.get("/account/totp")
    key = re.findall(r'id="key" dir="ltr">([^<]+)<', page.text)[0]
    uri = re.findall(r'href="(otpauth://[^"]+)"', page.text)[0].replace("&amp;", "&")

    assert re.fullmatch("([A-Z2-7]{4} ){7}[A-Z2-7]{4}", key)
    assert uri.startswith("otpauth://totp/")
    assert f"secret={key.replace(' ', '')}&" in uri
    assert "<svg" in page.text
    assert "data:" not in page.text
    assert not re.search(r"\sstyle=", page.text)
    assert "no-store" in page.headers["cache-control"]


async def test_a_person_who_goes_takes_apps_and_codes_along(issuer):
    await enrolled(issuer)
    changes, events = ending.deletion(ALICE, issuer.server.clock())
    await issuer.server.commit(changes, events, None, issuer.server.clock())

    assert 0 == await issuer.count("totps") + await issuer.count("recovery_codes")
