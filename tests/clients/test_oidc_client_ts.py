"""oidc-client-ts in Chromium: the demo's public client, on another site, with nothing between it and the server."""

import json

import pytest

from tests.journeys.browsing import PATIENCE, Site, launch, open_site

PAGE = """<!doctype html><title>app</title><script src="/oidc-client-ts.js"></script><script>
const manager = new oidc.UserManager(%s);
const ready = location.pathname === "/callback" ? manager.signinCallback() : Promise.resolve();
</script>"""


@pytest.fixture(scope="module")
def site(node, demo):
    with open_site() as made:
        library = node.packages / "oidc-client-ts" / "dist" / "browser" / "oidc-client-ts.min.js"
        made.put("/oidc-client-ts.js", library.read_bytes(), "text/javascript")
        for path in ("/", "/callback"):
            made.put(path, PAGE % json.dumps(settings(demo, made)))
        yield made


def settings(demo, site: Site):
    """The server is `localhost`, the application `127.0.0.1`: two sites, as far as cookies are concerned."""
    return {
        "authority": demo.url,
        "client_id": demo.spa_client_id,
        "redirect_uri": f"http://127.0.0.1:{site.port}/callback",
        "scope": "openid profile email offline_access demo:read",
        "loadUserInfo": True,
        "automaticSilentRenew": False,
    }


@pytest.fixture(scope="module")
def browser(playwright):
    found = launch(playwright)
    yield found
    found.close()


@pytest.fixture
def page(browser, site):
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{site.port}/")
    yield page
    context.close()


def sign_in(page, demo):
    page.fill("#username", demo.username)
    page.fill("#password", demo.password)
    page.click("#submit")
    page.click("#allow")


def with_redirect(page, demo):
    """The user that `signinCallback` made."""
    page.evaluate("() => { manager.signinRedirect({ state: { mine: 1 } }); }")  # it navigates: nothing to wait for
    page.wait_for_selector("#sign-in")
    sign_in(page, demo)
    page.wait_for_url("http://127.0.0.1:*/callback?*")
    return page.evaluate("ready.then((user) => ({ ...user, expires_in: user.expires_in }))")


def test_signin_redirect_brings_tokens_and_the_profile(page, demo):
    user = with_redirect(page, demo)

    assert {"mine": 1} == user["state"]
    assert demo.url == user["profile"]["iss"]
    assert {"name", "email", "sid"} <= set(user["profile"])
    assert user["access_token"]
    assert user["refresh_token"]
    assert 0 < user["expires_in"]


def test_signin_popup_passes_its_answer_to_the_window_that_opened_it(page, demo):
    with page.expect_popup() as opened:
        page.evaluate("() => { window.signedIn = manager.signinPopup(); }")
    popup = opened.value
    sign_in(popup, demo)
    user = page.evaluate("signedIn")

    assert demo.url == user["profile"]["iss"]
    assert user["access_token"]
    if not popup.is_closed():
        popup.wait_for_event("close")


def test_a_refresh_without_a_window_rotates_the_refresh_token(page, demo):
    first = with_redirect(page, demo)
    second = page.evaluate("manager.signinSilent()")
    third = page.evaluate("manager.signinSilent()")

    assert 3 == len({user["refresh_token"] for user in (first, second, third)})
    assert 3 == len({user["access_token"] for user in (first, second, third)})
    assert first["profile"]["sub"] == third["profile"]["sub"]


def test_revoked_tokens_are_over(page, demo):
    user = with_redirect(page, demo)
    page.evaluate("manager.revokeTokens(['refresh_token', 'access_token'])")
    status = page.evaluate(
        "([address, token]) => fetch(address, { headers: { authorization: `Bearer ${token}` } }).then((a) => a.status)",
        [f"{demo.url}/userinfo", user["access_token"]],
    )
    said = page.evaluate(
        """(token) => manager.getUser()
        .then((user) => manager.storeUser(Object.assign(user, { refresh_token: token })))
        .then(() => manager.signinSilent()).catch((error) => error.error)""",
        user["refresh_token"],
    )

    assert 401 == status
    assert "invalid_grant" == said
