"""Somebody signs out at one app, and the others in the same browser hear of it: by frames, and by the session's own."""

import json
import re
import time

import pytest
from playwright.sync_api import expect

from tests.issuer import VERIFIER
from tests.journeys.browsing import CHROMIUM, OPTIONS, PATIENCE, Person, request
from tests.serving import APP, EVIL, ID, SECRET, answered

BYE = f"https://{APP}/bye"
FRONT = f"https://{APP}/front"
# What OIDC Session Management §4.1 shows: a page of the app asks the frame, and shows what it heard.
WATCHING = """<!doctype html><title>asking</title>
<iframe id="op" src="https://%(id)s/check_session"></iframe><script>
const message = %(client)r + " " + %(state)r;
const ask = () => document.getElementById("op").contentWindow.postMessage(message, "https://%(id)s");
window.addEventListener("message", (event) => {
  if (event.origin === "https://%(id)s") { document.title = event.data; }
});
document.getElementById("op").addEventListener("load", ask);
</script>"""


@pytest.fixture(scope="module")
def program():
    """One whose private windows keep the cookies of third parties back."""
    return CHROMIUM


@pytest.fixture
def signed_in(visit, served, person):
    """Somebody at an app with a page for logouts, and the address that signs them out there."""

    def sign_in(**options):
        somebody = visit(person, **options)
        address = somebody.let_in(request("leaving"))
        hint = token(served, address)
        out = f"https://{ID}/end_session?id_token_hint={hint}&post_logout_redirect_uri={BYE}&state=x"
        return somebody, out, answered(address)

    return sign_in


def token(served, address):
    form = {"grant_type": "authorization_code", "code": answered(address)["code"], "code_verifier": VERIFIER}
    with served.http() as http:
        answer = http.post("/token", data=form, auth=("leaving", SECRET))
    assert 200 == answer.status_code, answer.text
    return answer.json()["id_token"]


def test_the_frame_of_each_app_is_loaded_and_the_browser_goes_on(signed_in, app):
    somebody, out, _ = signed_in()
    app.asked.clear()
    somebody.go(out)
    somebody.page.wait_for_url(f"{BYE}?state=x")
    [front] = [path for path in app.asked if path.startswith("/front?")]

    assert re.fullmatch(r"/front\?iss=https%3A%2F%2Fid\.example&sid=[0-9a-f-]{36}", front)

    somebody.go(f"https://{ID}/account")
    expect(somebody.page.locator("#sign-in")).to_be_visible()


def test_without_script_the_browser_goes_on_too(signed_in, app):
    somebody, out, _ = signed_in(java_script_enabled=False)
    app.asked.clear()
    somebody.go(out)
    somebody.page.wait_for_url(f"{BYE}?state=x")

    assert [path for path in app.asked if path.startswith("/front?")]


def test_nobody_waits_for_an_app_that_never_answers(signed_in):
    somebody, out, _ = signed_in()
    somebody.context.route(f"{FRONT}?*", lambda route: None)  # it hangs
    began = time.monotonic()
    somebody.page.goto(out, wait_until="commit")
    somebody.page.wait_for_url(f"{BYE}?state=x")

    assert time.monotonic() - began < 15  # two seconds, and what this machine has to do besides


def test_a_frame_of_an_app_cannot_take_the_page_away(signed_in, app, visit):
    app.put("/front", f"<script>try {{ top.location = 'https://{EVIL}/' }} catch (refused) {{}}</script>")
    somebody, out, _ = signed_in()
    somebody.page.goto(out, wait_until="commit")
    somebody.page.wait_for_url(f"{BYE}?state=x")
    del app.pages["/front"]

    assert all("sandboxed" in complaint for complaint in visit.complaints)
    visit.complaints.clear()  # the frame's own page made them


@pytest.fixture
def with_cookies(served, app, evil, playwright, person, tmp_path):
    """A browser that lets frames of other sites read their cookies; those of `visit` do not, as in a private window."""
    ports = {ID: served.port, APP: app.port, EVIL: evil.port}
    rules = ",".join(f"MAP {host} 127.0.0.1:{port}" for host, port in ports.items())
    chosen = tmp_path / "Default" / "Preferences"
    chosen.parent.mkdir()
    chosen.write_text(json.dumps({"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}}))
    context = playwright.chromium.launch_persistent_context(
        str(tmp_path),
        executable_path=CHROMIUM,
        args=[*OPTIONS, f"--host-resolver-rules={rules}"],
        ignore_https_errors=True,
    )
    context.set_default_timeout(PATIENCE)
    yield Person(context, person)
    context.close()


def watch(somebody, site, host, state, answer, client="leaving"):
    site.put("/watching", WATCHING % {"id": ID, "client": client, "state": state})
    somebody.go(f"https://{host}/watching")
    expect(somebody.page).to_have_title(answer)


def test_the_page_of_an_app_sees_that_somebody_signed_out(with_cookies, served, app, evil):
    address = with_cookies.let_in(request("leaving"))
    state, hint = answered(address)["session_state"], token(served, address)
    watch(with_cookies, app, APP, state, "unchanged")
    watch(with_cookies, evil, EVIL, state, "changed")  # the state of another origin says nothing
    watch(with_cookies, app, APP, state, "changed", client="notes")
    with_cookies.go(f"https://{ID}/end_session?id_token_hint={hint}&post_logout_redirect_uri={BYE}")
    with_cookies.page.wait_for_url(BYE)
    watch(with_cookies, app, APP, state, "changed")
    again = answered(with_cookies.let_in(request("leaving")))["session_state"]
    watch(with_cookies, app, APP, state, "changed")
    watch(with_cookies, app, APP, again, "unchanged")


def test_where_the_cookie_cannot_be_read_the_answer_is_no_sign_out(signed_in, app):
    somebody, _, got = signed_in()

    watch(somebody, app, APP, got["session_state"], "error")


@pytest.mark.parametrize(
    ("client", "state"), [("leaving", "nonsense"), ("leaving", "x" * 64 + ".y"), ("", ""), ("leaving", "a b c")]
)
def test_a_malformed_question_is_an_error(signed_in, app, client, state):
    somebody, _, _ = signed_in()

    watch(somebody, app, APP, state, "error", client=client)


def test_an_app_may_post_from_its_own_site(signed_in, served, app):
    somebody, out, _ = signed_in()
    fields = answered(out)
    app.form("/form", f"https://{ID}/end_session", fields)
    somebody.go(f"https://{APP}/form")
    somebody.page.click("#go")
    somebody.page.wait_for_url(f"{BYE}?state=x")


def test_without_a_hint_the_person_answers_and_goes_back(signed_in):
    somebody, _, _ = signed_in()
    somebody.go(f"https://{ID}/end_session?client_id=leaving&post_logout_redirect_uri={BYE}&state=x")
    expect(somebody.page.locator("h1")).to_have_text("Sign out?")
    somebody.page.click("#sign-out")
    somebody.page.wait_for_url(f"{BYE}?state=x")
