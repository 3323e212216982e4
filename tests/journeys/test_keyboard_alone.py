"""Everything a person does here can be done with the keyboard alone."""

import pytest
from playwright.sync_api import expect

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
