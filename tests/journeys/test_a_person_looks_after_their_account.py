"""A person looks after their account: what ends here is over elsewhere at once, and leaving can be taken back."""

import json

import pytest
from playwright.sync_api import expect

from tests.journeys.browsing import is_active, refused, request, tokens
from tests.serving import ID

ACCOUNT = f"https://{ID}/account"
ONLINE = "openid profile api:read"


def signed_in(visit, person, **options):
    somebody = visit(person, **options)
    somebody.go(f"https://{ID}/login")
    somebody.sign_in()
    return somebody


def test_a_session_that_is_ended_on_the_page_is_over_in_the_other_browser_at_once(visit, served, person):
    here, there = visit(person), visit(person)
    online = tokens(served, there.let_in(request(scope=ONLINE)))
    here.go(f"https://{ID}/login")
    here.sign_in()
    there.go(f"{ACCOUNT}/sessions")

    expect(there.page.get_by_text("This browser")).to_be_visible()

    here.go(f"{ACCOUNT}/sessions")
    here.page.locator("button[name=end_session]").click()

    expect(here.page.locator("#done")).to_be_visible()

    there.page.reload()

    expect(there.page.locator("#sign-in")).to_be_visible()
    assert not is_active(served, online["access_token"])


def test_all_others_end_and_this_one_goes_on(visit, served, person):
    others = [signed_in(visit, person) for _ in range(2)]
    here = signed_in(visit, person)
    here.go(f"{ACCOUNT}/sessions")
    here.page.locator("button[name=end_others]").click()

    expect(here.page.locator("#done")).to_be_visible()
    expect(here.page.locator("button[name=end_session]")).to_have_count(0)
    for one in others:
        one.go(ACCOUNT)
        expect(one.page.locator("#sign-in")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_profile_is_saved_and_an_app_ended(visit, served, person, javascript):
    somebody = visit(person, java_script_enabled=javascript)
    got = tokens(served, somebody.let_in(request(scope=f"{ONLINE} offline_access")))
    somebody.go(f"{ACCOUNT}/profile")
    somebody.page.fill("#nickname", "Skipper")
    somebody.page.locator("#profile button").click()

    expect(somebody.page.locator("#done")).to_be_visible()
    expect(somebody.page.locator("#nickname")).to_have_value("Skipper")

    somebody.go(f"{ACCOUNT}/apps")
    somebody.page.locator("button[name=end_app]").click()

    expect(somebody.page.get_by_text("None yet.")).to_be_visible()
    assert "invalid_grant" == refused(served, got["refresh_token"])


def test_the_data_come_as_a_file(visit, person):
    somebody = signed_in(visit, person)
    somebody.go(f"{ACCOUNT}/download")
    with somebody.page.expect_download() as coming:
        somebody.page.locator("#download button").click()
    found = json.loads(coming.value.path().read_text())

    assert coming.value.suggested_filename.startswith("account-")
    assert person == found["account"]["username"]


def test_who_leaves_may_come_back_and_stay(visit, person):
    somebody = signed_in(visit, person)
    somebody.go(f"{ACCOUNT}/delete")
    somebody.page.check("#sure")
    somebody.page.click("#leave-now")

    expect(somebody.page.locator("#gone")).to_be_visible()

    somebody.go(f"https://{ID}/login")
    somebody.sign_in()

    expect(somebody.page.locator("#keep")).to_be_visible()

    somebody.page.locator("#keep button").click()

    expect(somebody.page.locator("#done")).to_be_visible()
