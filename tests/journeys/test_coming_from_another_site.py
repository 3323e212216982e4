"""What begins or ends at another site: pop-ups, forms that redirect, and forms that somebody forged."""

import re

import pytest
from playwright.sync_api import expect

from tests.issuer import CHALLENGE
from tests.journeys.browsing import CALLBACK, open_site, request, tokens
from tests.serving import API, APP, EVIL, ID, PASSWORD, SCOPE, answered

POPUP = f"https://{APP}/popup.html"
OPENER = """<!doctype html><title>app</title><button id="go">Sign in</button><script>
document.getElementById("go").onclick = () => window.open("%s", "sign-in", "width=500,height=700");
window.addEventListener("message", (event) => { document.title = event.origin + event.data; });
</script>"""
POPPED = """<!doctype html><title>popup</title><script>
window.opener.postMessage(location.search, location.origin); window.close();
</script>"""


def test_a_popup_from_another_site_still_knows_who_opened_it(visit, served, app, person):
    app.put("/", OPENER % request("page", redirect_uri=POPUP))
    app.put("/popup.html", POPPED)
    somebody = visit(person)
    somebody.go(f"https://{APP}/")
    with somebody.page.expect_popup() as opened:
        somebody.page.click("#go")
    popup = opened.value
    somebody.sign_in(popup)
    popup.click("#allow")
    expect(somebody.page).to_have_title(re.compile(f"^https://{APP}[?]code="))

    assert tokens(served, somebody.page.title(), "page")["access_token"]


def test_a_popup_passes_by_itself_once_the_person_is_known(visit, served, app, person):
    app.put("/", OPENER % request("page", redirect_uri=POPUP))
    app.put("/popup.html", POPPED)
    somebody = visit(person)
    somebody.go(request("page"))
    somebody.sign_in()
    somebody.page.click("#allow")
    somebody.back_at_the_app()
    somebody.go(f"https://{APP}/")
    somebody.page.click("#go")

    expect(somebody.page).to_have_title(re.compile(f"^https://{APP}[?]code="))


NATIVE = [
    pytest.param("http://127.0.0.1:{port}/callback", id="loopback"),
    pytest.param("com.example.app:/callback", id="a scheme of its own"),
]


@pytest.fixture(scope="module")
def listening():
    with open_site() as site:
        yield site


@pytest.fixture
def native(request, listening):
    """Where a native app waits: at a port that it chose itself, or behind a scheme that nothing here knows."""
    return request.param.format(port=listening.port)


def ends(page, address, press):
    """The request that a press makes the browser send to an address: its policy did not hold it back."""
    with page.expect_request(lambda sent: sent.url.startswith(address)) as sent:
        page.click(press)
    return answered(sent.value.url)


@pytest.mark.parametrize("native", NATIVE, indirect=True)
@pytest.mark.parametrize(("press", "brought"), [("#allow", "code"), ("#deny", "error")])
def test_the_consent_form_may_end_at_a_native_app(visit, native, person, press, brought):
    somebody = visit(person)
    somebody.go(request("native", redirect_uri=native))
    somebody.sign_in()

    assert brought in ends(somebody.page, native, press)


@pytest.mark.parametrize("native", NATIVE, indirect=True)
def test_a_native_app_is_asked_about_each_time(visit, native, person):
    somebody = visit(person)
    somebody.go(request("native", redirect_uri=native))
    somebody.sign_in()
    ends(somebody.page, native, "#allow")
    again = somebody.context.new_page()
    again.goto(request("native", redirect_uri=native))

    expect(again.locator("#consent")).to_be_visible()


@pytest.mark.parametrize("native", NATIVE, indirect=True)
def test_the_sign_in_form_may_end_at_a_native_app(visit, native, person):
    """Nobody's hint: the refusal follows upon the password at once."""
    somebody = visit(person)
    somebody.go(request("native", redirect_uri=native, id_token_hint="nobody"))
    somebody.page.fill("#username", person)
    somebody.page.fill("#password", PASSWORD)

    assert "login_required" == ends(somebody.page, native, "#submit")["error"]


def test_an_app_may_post_its_request_from_its_own_site(visit, served, app, person):
    app.form("/form", f"https://{ID}/authorize", posted())
    somebody = visit(person)
    somebody.go(f"https://{APP}/form")
    somebody.page.click("#go")
    somebody.sign_in()
    somebody.page.click("#allow")

    assert tokens(served, somebody.back_at_the_app())["access_token"]

    somebody.go(f"https://{APP}/form")
    somebody.page.click("#go")

    assert tokens(served, somebody.back_at_the_app())["access_token"]


def posted():
    return {
        "response_type": "code",
        "client_id": "notes",
        "redirect_uri": CALLBACK,
        "scope": SCOPE,
        "resource": API,
        "state": "posted",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }


FORGED = {
    "/login": {"username": "person-0", "password": PASSWORD, "csrf_token": "x"},
    "/logout": {"csrf_token": "x"},
    "/account": {"end_session": "x", "csrf_token": "x"},
    "/consent": {"decision": "allow", "scope": "openid", "request": "x", "csrf_token": "x"},
}


@pytest.mark.parametrize("door", FORGED)
def test_a_form_of_another_site_is_refused_and_changes_nothing(visit, evil, person, door):
    somebody = visit(person)
    somebody.let_in(request())
    evil.form("/", f"https://{ID}{door}", FORGED[door])
    somebody.go(f"https://{EVIL}/")
    with somebody.page.expect_navigation() as navigation:
        somebody.page.click("#go")

    assert 403 == navigation.value.status
    expect(somebody.page.locator("#error")).to_have_text("access_denied")

    somebody.go(f"https://{ID}/account")

    expect(somebody.page.locator("#sessions")).to_be_visible()


def test_a_frame_of_another_site_shows_nothing(visit, evil):
    evil.put("/", f'<title>evil</title><iframe src="https://{ID}/login" width="400" height="600"></iframe>')
    somebody = visit()
    somebody.go(f"https://{EVIL}/")
    frame = somebody.page.frames[1]

    assert 0 == frame.locator("#sign-in").count()
    assert any("frame" in complaint for complaint in visit.complaints)
    visit.complaints.clear()  # it was the frame's page that said so, and it should
