"""An operator, or the person, ends a session: what hangs on it is over at once, and nothing else is."""

import jwt
import pytest
from playwright.sync_api import expect

from tests.journeys.browsing import is_active, refused, request, tokens
from tests.serving import ID, SECRET

ONLINE = "openid profile api:read"  # without offline_access: its tokens end with the session
OFFLINE = f"{ONLINE} offline_access"


@pytest.fixture
def operator(served):
    """A client of the admin API."""
    with served.http() as http:
        form = {"grant_type": "client_credentials", "scope": "admin:read admin:write"}
        token = http.post("/token", data=form, auth=("operator", SECRET)).json()["access_token"]
        http.headers["authorization"] = f"Bearer {token}"
        yield http


def sessions_of(operator, got):
    """Of the person of an ID token: those that live, the oldest first."""
    user_id = jwt.decode(got["id_token"], options={"verify_signature": False})["sub"]
    found = operator.get("/admin/api/sessions", params={"user_id": user_id}).json()["items"]
    return sorted(found, key=lambda session: session["created_at"])


def test_a_person_ends_their_session_in_another_browser(visit, served, person):
    here, there = visit(person), visit(person)
    here.go(f"https://{ID}/login")
    here.sign_in()
    there_online = tokens(served, there.let_in(request(scope=ONLINE)))
    there_offline = tokens(served, there.let_in(request(scope=OFFLINE, prompt="consent")))
    here.go(f"https://{ID}/account")
    here.page.locator("button[name=end_session]").click()

    expect(here.page.locator("button[name=end_session]")).to_have_count(0)
    assert not is_active(served, there_online["access_token"])
    assert "invalid_grant" == refused(served, there_online["refresh_token"])
    assert "" == refused(served, there_offline["refresh_token"])

    there.go(f"https://{ID}/account")

    expect(there.page.locator("#sign-in")).to_be_visible()

    here.page.reload()

    expect(here.page.get_by_text("This browser")).to_be_visible()


def test_signing_out_ends_what_hangs_on_the_session_alone(visit, served, person):
    somebody = visit(person)
    online = tokens(served, somebody.let_in(request(scope=ONLINE)))
    offline = tokens(served, somebody.let_in(request(scope=OFFLINE, prompt="consent")))
    somebody.go(f"https://{ID}/logout")

    assert is_active(served, online["access_token"])  # nothing but the button ends it

    somebody.page.click("#sign-out")

    expect(somebody.page).to_have_title("Signed out · Acme")
    assert not is_active(served, online["access_token"])
    assert "invalid_grant" == refused(served, online["refresh_token"])
    assert "" == refused(served, offline["refresh_token"])

    somebody.page.go_back()
    somebody.go(f"https://{ID}/account")

    expect(somebody.page.locator("#sign-in")).to_be_visible()


def test_a_person_ends_an_app_which_then_has_to_ask_again(visit, served, person):
    somebody = visit(person)
    got = tokens(served, somebody.let_in(request(scope=OFFLINE)))
    somebody.go(f"https://{ID}/account")
    somebody.page.locator("button[name=end_authorization]").click()

    expect(somebody.page.get_by_text("None yet.")).to_be_visible()
    assert not is_active(served, got["access_token"])
    assert "invalid_grant" == refused(served, got["refresh_token"])

    somebody.go(request(scope=OFFLINE))

    expect(somebody.page.locator("#consent")).to_be_visible()


def test_an_operator_ends_one_of_two_sessions(visit, served, operator, person):
    first, second = visit(person), visit(person)
    one = tokens(served, first.let_in(request(scope=ONLINE)))
    other = tokens(served, second.let_in(request(scope=ONLINE)))
    oldest, newest = sessions_of(operator, one)
    ended = operator.delete(f"/admin/api/sessions/{oldest['id']}")

    assert 204 == ended.status_code
    assert not is_active(served, one["access_token"])
    assert "invalid_grant" == refused(served, one["refresh_token"])
    assert is_active(served, other["access_token"])
    assert [newest["id"]] == [session["id"] for session in sessions_of(operator, one)]

    first.go(f"https://{ID}/account")
    second.go(f"https://{ID}/account")

    expect(first.page.locator("#sign-in")).to_be_visible()
    expect(second.page.locator("#sessions")).to_be_visible()


def test_an_operator_ends_everything_of_a_person(visit, served, operator, person):
    somebody = visit(person)
    offline = tokens(served, somebody.let_in(request(scope=OFFLINE)))
    (session,) = sessions_of(operator, offline)
    ended = operator.delete(f"/admin/api/sessions/{session['id']}", params={"everything": "true"})

    assert 204 == ended.status_code
    assert not is_active(served, offline["access_token"])
    assert "invalid_grant" == refused(served, offline["refresh_token"])
    assert [] == sessions_of(operator, offline)
