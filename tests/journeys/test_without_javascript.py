"""Nothing here needs a script: the same journeys with JavaScript off."""

import pytest
from playwright.sync_api import expect

from tests.journeys.browsing import request, tokens
from tests.serving import ID, answered


@pytest.fixture
def somebody(visit, person):
    return visit(person, java_script_enabled=False)


def test_a_person_signs_in_allows_and_signs_out(somebody, served):
    page = somebody.page
    somebody.go(request())

    expect(page.locator("#show-password")).to_be_hidden()

    somebody.sign_in(password="not it")

    expect(page.get_by_role("alert")).to_be_visible()

    somebody.sign_in()
    page.click("#allow")

    assert tokens(served, somebody.back_at_the_app())["access_token"]

    somebody.go(f"https://{ID}/logout")
    page.click("#sign-out")

    expect(page.locator("#signed-out")).to_be_visible()


def test_a_person_refuses(somebody):
    somebody.go(request())
    somebody.sign_in()
    somebody.page.click("#deny")

    assert "access_denied" == answered(somebody.back_at_the_app())["error"]


def test_an_app_is_ended_on_the_account_page(somebody):
    somebody.let_in(request())
    somebody.go(f"https://{ID}/account")
    somebody.page.locator("button[name=end_authorization]").click()

    expect(somebody.page.get_by_text("None yet.")).to_be_visible()
