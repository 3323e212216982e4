"""`response_mode=form_post` in a browser: the page sends itself, or its button does (OAuth 2.0 Form Post §2, §4)."""

import pytest
from playwright.sync_api import expect

from tests.journeys.browsing import request
from tests.serving import APP

STATE = "a b+c&d=\"'<é✓"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_code_is_posted_to_the_app(visit, person, app, scripts):
    somebody = visit(person, java_script_enabled=scripts)
    app.posted.clear()
    somebody.go(request(response_mode="form_post", state=STATE))
    somebody.sign_in()
    somebody.page.click("#allow")
    if not scripts:
        expect(somebody.page.locator("#form-post")).to_be_visible()
        assert [] == app.posted
        somebody.page.click("#continue")
    somebody.page.wait_for_url(f"https://{APP}/callback")

    assert [("code", STATE)] == [(next(iter(form)), form["state"]) for form in app.posted]


def test_a_refusal_is_posted_to_the_app(visit, person, app):
    somebody = visit(person)
    app.posted.clear()
    somebody.go(request(response_mode="form_post", prompt="none"))
    somebody.page.wait_for_url(f"https://{APP}/callback")

    assert ["login_required"] == [form["error"] for form in app.posted]
