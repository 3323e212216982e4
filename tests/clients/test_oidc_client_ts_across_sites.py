"""oidc-client-ts in Chromium on another site than the server, on https, third-party cookies allowed and blocked."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright

from tests import serving
from tests.clients.node_packages import FOLDER
from tests.journeys.browsing import OPTIONS, PATIENCE, Person, Site, open_site
from tests.serving import APP, CODE, ID, SCOPE

CHROMIUM = "/usr/bin/chromium"
PAGE = """<!doctype html><title>app</title><script src="/oidc-client-ts.js"></script><script src="/app.js"></script>
<script>const ready = %s;</script>"""
# What the app does at each of its addresses.
PLACES = {
    "/": "Promise.resolve()",
    "/callback": "manager.signinCallback()",
    "/popup.html": "manager.signinCallback()",
    "/silent.html": "manager.signinCallback()",
    "/signed-out": "manager.signoutCallback()",
    "/popup-out.html": "manager.signoutCallback()",
}


def public(client_id: str, grant_types: list[str]) -> dict[str, object]:
    places = ("callback", "popup.html", "silent.html")
    return {
        "client_id": client_id,
        "client_name": "Single Page",
        "redirect_uris": [f"https://{APP}/{place}" for place in places],
        "post_logout_redirect_uris": [f"https://{APP}/signed-out", f"https://{APP}/popup-out.html"],
        "grant_types": grant_types,
        "token_endpoint_auth_method": "none",
        "scope": SCOPE,
    }


APPLIED = {
    **serving.APPLIED,
    "clients": [
        {"client_id": "api", "client_secret": serving.SECRET, "grant_types": []},
        public("page", CODE),
        public("page-without-refresh", ["authorization_code"]),
    ],
}


@pytest.fixture(scope="module")
def server(certificate, tmp_path_factory):
    """Its session cookie comes along into the frames of other sites, as far as the browser lets it."""
    folder, none = tmp_path_factory.mktemp("across"), {"MINTMARK_SESSION_COOKIE_SAMESITE": "none"}
    with serving.over_tls(folder, certificate, APPLIED, f"https://{ID}", serving.free_port(), **none) as found:
        yield found


@pytest.fixture(scope="module")
def site(node, certificate):
    with open_site(certificate) as made:
        library = node.packages / "oidc-client-ts" / "dist" / "browser" / "oidc-client-ts.min.js"
        made.put("/oidc-client-ts.js", library.read_bytes(), "text/javascript")
        made.put("/app.js", (FOLDER / "oidc-client-ts.js").read_bytes(), "text/javascript")
        for path, does in PLACES.items():
            made.put(path, PAGE % does)
        yield made


def browsing(playwright: Playwright, server: serving.Served, site: Site, folder, blocked: bool) -> BrowserContext:
    """A browser with a profile of its own, since whether it blocks is a preference of the profile."""
    preferences = {"profile": {"cookie_controls_mode": 1 if blocked else 0, "block_third_party_cookies": blocked}}
    (folder / "Default").mkdir()
    (folder / "Default" / "Preferences").write_text(json.dumps(preferences))
    rules = f"MAP {ID} 127.0.0.1:{server.port},MAP {APP} 127.0.0.1:{site.port}"
    options = [*OPTIONS, f"--host-resolver-rules={rules}"]
    context = playwright.chromium.launch_persistent_context(
        folder, executable_path=CHROMIUM, args=options, ignore_https_errors=True
    )
    context.set_default_timeout(PATIENCE)
    return context


@pytest.fixture(params=["allowed", "blocked"])
def cookies(request) -> str:
    """Those of third parties."""
    return str(request.param)


@pytest.fixture
def person(playwright, server, site, tmp_path, people, cookies) -> Iterator[Person]:
    context = browsing(playwright, server, site, tmp_path, cookies == "blocked")
    found = Person(context, next(people))
    found.go(f"https://{APP}/")
    yield found
    context.close()


def sign_in(person: Person, page: Page) -> None:
    person.sign_in(page)
    page.click("#allow")


def with_popup(person: Person, **more: object):
    """The user whom a pop-up brought."""
    with person.page.expect_popup() as opened:
        person.page.evaluate(f"() => {{ window.signedIn = make({json.dumps(more)}).signinPopup(); }}")
    sign_in(person, opened.value)
    return person.page.evaluate("signedIn.then(told, failed)")


def test_a_popup_signs_in_whatever_becomes_of_third_party_cookies(person):
    user = with_popup(person)

    assert f"https://{ID}" == user["profile"]["iss"]
    assert f"{person.name}@example.org" == user["profile"]["email"]


def test_a_renewal_with_a_refresh_token_needs_no_cookie(person):
    first = with_popup(person)
    second = person.page.evaluate("manager.signinSilent().then(told, failed)")

    assert first["refresh_token"] != second["refresh_token"]
    assert first["profile"]["sub"] == second["profile"]["sub"]


def test_a_renewal_in_a_frame_works_or_says_that_a_sign_in_is_needed(person, cookies):
    """Without a refresh token the frame is all there is, and its session cookie is a third party's."""
    name = {"client_id": "page-without-refresh", "scope": "openid profile email"}
    first = with_popup(person, **name)
    second = person.page.evaluate(f"make({json.dumps(name)}).signinSilent().then(told, failed)")

    if cookies == "allowed":
        assert first["access_token"] != second["access_token"]
        assert first["profile"]["sub"] == second["profile"]["sub"]
    else:
        assert "login_required" == second["error"]


def begin_again(person: Person) -> None:
    """Sent to the server anew: signed out, it asks for the password."""
    person.page.evaluate("() => { manager.signinRedirect(); }")
    person.page.wait_for_selector("#sign-in")


def test_signing_out_by_redirect_leads_back_and_ends_the_session(person):
    with_popup(person)
    person.page.evaluate("() => { manager.signoutRedirect({ state: 'mine' }); }")
    person.page.wait_for_url(f"https://{APP}/signed-out*")
    answer = person.page.evaluate("ready.then((answer) => answer.userState, failed)")

    assert "mine" == answer
    assert person.page.evaluate("manager.getUser()") is None
    begin_again(person)


def test_signing_out_by_popup_ends_the_session(person):
    with_popup(person)
    said = person.page.evaluate("manager.signoutPopup().then(() => 'out', failed)")

    assert "out" == said
    begin_again(person)


def test_an_app_notices_that_the_person_signed_out_elsewhere(person, cookies):
    """By the frame of session management, which reads a cookie at the server: it cannot where those are blocked."""
    watching = json.dumps({"monitorSession": True, "checkSessionIntervalInSeconds": 1})
    with person.page.expect_popup() as opened:
        person.page.evaluate(
            f"""() => {{
            window.monitoring = make({watching});
            window.heard = new Promise((hear) => monitoring.events.addUserSignedOut(() => hear('signed out')));
            window.signedIn = monitoring.signinPopup();
            }}"""
        )
    sign_in(person, opened.value)
    user = person.page.evaluate("signedIn.then(told, failed)")
    elsewhere = person.context.new_page()
    elsewhere.goto(f"https://{ID}/logout")
    elsewhere.click("#sign-out")
    elsewhere.wait_for_selector("#signed-out")

    assert user["session_state"]
    if cookies == "allowed":
        assert "signed out" == person.page.evaluate("heard")
