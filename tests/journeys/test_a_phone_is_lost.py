"""An authenticator app is added and signs in; then the phone is gone, and a printed code lets its owner in."""

import re
import time

from playwright.sync_api import expect

from tests.endpoints.enrolling import code_at, seed_on
from tests.journeys.browsing import request
from tests.serving import ID

ACCOUNT = f"https://{ID}/account"


def step() -> int:
    return int(time.time()) // 30


def added(somebody):
    """An app and ten recovery codes, by the links and buttons of the account."""
    page = somebody.page
    somebody.go(ACCOUNT)
    somebody.sign_in()
    somebody.go(f"{ACCOUNT}/factors")
    page.click("#add-app")
    page.fill("#name", "My phone")
    page.click("#begin button")
    expect(page.locator("svg.qr")).to_be_visible()
    seed, now = seed_on(page.content()), step()
    page.fill("#code", code_at(seed, now))
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("#kept")).to_be_visible()
    codes = page.locator("#codes code").all_inner_texts()
    page.click("#kept")
    return seed, now, codes


def test_the_app_is_added_and_signs_in_and_a_recovery_code_stands_in_for_it_once(visit, person):
    first = visit(person)
    seed, now, codes = added(first)

    assert 10 == len(set(codes))
    expect(first.page.locator("bdi", has_text="My phone")).to_be_visible()

    second = visit(person)
    second.go(request())
    second.sign_in()
    expect(second.page.locator("#allow")).to_have_count(0)
    second.page.fill("#code", "000000")
    second.page.click("#submit")
    expect(second.page.get_by_role("alert")).to_be_visible()
    second.page.fill("#code", code_at(seed, now + 1))
    second.page.keyboard.press("Enter")
    second.page.click("#allow")
    assert "code=" in second.back_at_the_app()

    third = visit(person)
    third.go(ACCOUNT)
    third.sign_in()
    third.page.get_by_role("link", name="Use a recovery code").click()
    third.page.fill("#code", codes[0].lower().replace("-", " "))
    third.page.click("#submit")
    third.page.wait_for_url(re.compile(r"/account(\?|$)"))

    fourth = visit(person)
    fourth.go(ACCOUNT)
    fourth.sign_in()
    fourth.page.fill("#code", codes[0])
    fourth.page.click("#submit")
    expect(fourth.page.get_by_role("alert")).to_contain_text("used already")


def test_the_sheet_of_codes_prints_black_on_white_without_what_surrounds_them(visit, person):
    somebody = visit(person, color_scheme="dark")
    page = somebody.page
    somebody.go(ACCOUNT)
    somebody.sign_in()
    somebody.go(f"{ACCOUNT}/recovery-codes")
    page.click("#renew button")
    page.emulate_media(media="print")

    expect(page.locator("#codes")).to_be_visible()
    expect(page.locator("nav")).to_be_hidden()
    expect(page.locator("#kept")).to_be_hidden()
    assert "rgb(255, 255, 255)" == page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert "rgb(0, 0, 0)" == page.evaluate("getComputedStyle(document.querySelector('#codes code')).color")


def test_without_javascript_everything_goes_as_well(visit, person):
    somebody = visit(person, java_script_enabled=False)
    _, _, codes = added(somebody)

    assert 10 == len(codes)
