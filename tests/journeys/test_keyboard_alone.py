"""Everything a person does here can be done with the keyboard alone."""

import time

import pytest
from playwright.sync_api import expect

from tests.endpoints.enrolling import code_at, seed_on
from tests.journeys.browsing import request
from tests.serving import ID, PASSWORD, answered

IS_SEEN = """() => {
    const style = getComputedStyle(document.activeElement);
    return style.boxShadow !== "none" || (style.outlineStyle !== "none" && style.outlineWidth !== "0px");
}"""


@pytest.fixture
def somebody(visit, person):
    return visit(person)


def press_until(page, key, selector, most=20):
    """Presses a key until something has the focus."""
    for _ in range(most):
        if page.locator(selector).first.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{key} never leads to {selector}")


def sign_in(somebody):
    """The cursor waits in the first field; the browser puts it there when it first draws the page."""
    expect(somebody.page.locator("input[name=username]")).to_be_focused()
    keyboard = somebody.page.keyboard
    keyboard.type(somebody.name)
    keyboard.press("Tab")
    keyboard.type(PASSWORD)
    keyboard.press("Enter")


def test_name_tab_password_enter_signs_in_and_enter_allows(somebody):
    page = somebody.page
    somebody.go(request())
    sign_in(somebody)
    page.wait_for_selector("#consent")
    press_until(page, "Tab", "#allow")
    page.keyboard.press("Enter")

    assert "code" in answered(somebody.back_at_the_app())


def test_a_box_is_unchecked_with_the_space_bar_and_deny_is_reached(somebody):
    page = somebody.page
    somebody.go(request())
    sign_in(somebody)
    page.wait_for_selector("#consent")
    press_until(page, "Tab", 'input[value="email"]')
    page.keyboard.press("Space")

    expect(page.locator('input[value="email"]')).not_to_be_checked()

    press_until(page, "Tab", "#deny")
    page.keyboard.press("Enter")

    assert "access_denied" == answered(somebody.back_at_the_app())["error"]


def test_after_a_mistake_typing_goes_on_in_the_password(somebody):
    somebody.go(request())
    somebody.sign_in(password="not it")
    expect(somebody.page.get_by_role("alert")).to_be_visible()
    somebody.page.keyboard.type(PASSWORD)
    somebody.page.keyboard.press("Enter")

    expect(somebody.page.locator("#consent")).to_be_visible()


def test_the_password_is_shown_and_hidden_by_a_button_behind_it(somebody):
    page = somebody.page
    somebody.go(request())
    page.focus("#password")
    page.keyboard.type("secret")
    page.keyboard.press("Tab")

    expect(page.locator("#show-password")).to_be_focused()

    page.keyboard.press("Enter")

    assert "text" == page.locator("#password").get_attribute("type")


def test_whoever_signs_in_for_nothing_gets_to_their_account_and_out_again(somebody):
    page = somebody.page
    somebody.go(f"https://{ID}/login")
    sign_in(somebody)
    page.wait_for_selector("#sessions")
    press_until(page, "Tab", 'a[href="/logout"]')
    page.keyboard.press("Enter")
    page.wait_for_selector("#sign-out")
    press_until(page, "Tab", "#sign-out")
    page.keyboard.press("Enter")

    expect(page.locator("#signed-out")).to_be_visible()


def test_what_has_the_focus_is_seen(somebody):
    """Each stop on the way shows an outline or a ring."""
    page = somebody.page
    somebody.go(request())
    sign_in(somebody)
    page.wait_for_selector("#consent")
    seen = []
    for _ in range(8):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(IS_SEEN))

    assert all(seen)


def enter(page, selector, most=40):
    """Tab until something has the focus, then Enter."""
    press_until(page, "Tab", selector, most)
    page.keyboard.press("Enter")


def test_an_authenticator_app_is_added_and_is_the_second_step(somebody):
    page = somebody.page
    somebody.go(f"https://{ID}/login")
    sign_in(somebody)
    page.wait_for_selector("#sessions")
    enter(page, 'nav a[href="/account/factors"]')
    page.wait_for_selector("#add-app")
    enter(page, "#add-app")
    page.wait_for_selector("#begin")
    enter(page, "#name")
    expect(page.locator("#code")).to_be_focused()
    seed, step = seed_on(page.content()), int(time.time()) // 30
    page.keyboard.type("000 000")
    page.keyboard.press("Enter")
    expect(page.locator("#message")).to_be_visible()
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type(code_at(seed, step))
    page.keyboard.press("Enter")
    expect(page.locator("#codes")).to_be_visible()
    enter(page, "#kept")
    expect(page.locator("#authenticators")).to_be_visible()
    somebody.context.clear_cookies()
    somebody.go(request())
    sign_in(somebody)
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type(code_at(seed, step + 1))
    page.keyboard.press("Enter")
    page.wait_for_selector("#consent")
    enter(page, "#allow")

    assert "code" in answered(somebody.back_at_the_app())


def test_a_session_is_ended(visit, person):
    here, there = visit(person), visit(person)
    for one in (there, here):
        one.go(f"https://{ID}/login")
        sign_in(one)
        one.page.wait_for_selector("#sessions")
    enter(here.page, 'nav a[href="/account/sessions"]')
    here.page.wait_for_selector("button[name=end_session]")
    enter(here.page, "button[name=end_session]")
    expect(here.page.locator("#done")).to_be_visible()
    there.page.reload()

    expect(there.page.locator("#sign-in")).to_be_visible()


ORDER = """() => [...document.querySelectorAll("a[href], button, input, select, summary")]
    .filter((one) => one.type !== "hidden" && one.checkVisibility()).map((one) => one.outerHTML)"""


@pytest.mark.parametrize("place", ["", "/factors", "/passkeys", "/totp", "/sessions", "/profile", "/delete"])
def test_tab_visits_everything_on_an_account_page_in_the_order_that_it_is_read(somebody, place):
    """And each stop is seen."""
    page = somebody.page
    somebody.go(f"https://{ID}/login")
    sign_in(somebody)
    page.wait_for_selector("#sessions")
    somebody.go(f"https://{ID}/account{place}")
    page.evaluate("document.activeElement.blur()")
    there, visited, unseen = page.evaluate(ORDER), [], []
    for _ in there:
        page.keyboard.press("Tab")
        visited.append(page.evaluate("document.activeElement.outerHTML"))
        unseen += [] if page.evaluate(IS_SEEN) else visited[-1:]

    assert there == visited
    assert [] == unseen
