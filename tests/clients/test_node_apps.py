"""Web applications on Node, each a process of its own: express-openid-connect, Auth.js and passport-openidconnect."""

import contextlib

import httpx2
import pytest

from tests import serving
from tests.serving import SECRET


@pytest.fixture
def started(node, provider, trusting, tmp_path):
    """Starts the app of a script; they all listen on a loopback address."""
    with contextlib.ExitStack() as stack:

        def start(script: str, client_id: str, **more: str):
            port = serving.free_port()
            told = {"ISSUER": provider.url, "CLIENT_ID": client_id, "CLIENT_SECRET": SECRET, "PORT": str(port), **more}
            url = f"http://127.0.0.1:{port}"
            return stack.enter_context(node.serving(script, url, tmp_path, trusting | told))

        yield start


@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_express_openid_connect_signs_in_asks_userinfo_and_refreshes(started, visitor, provider, mode):
    app = started("express-openid-connect.mjs", "express-openid-connect", RESPONSE_MODE=mode)
    claims = visitor.go(f"{app.url}/login").json()["claims"]
    person = visitor.go(f"{app.url}/person").json()
    refreshed = visitor.go(f"{app.url}/refresh").json()

    assert provider.url == claims["iss"]
    assert {"sid", "sub", "auth_time", "nonce"} - set(claims) <= {"nonce"}
    assert (claims["sub"], f"{visitor.name}@example.org") == (person["sub"], person["email"])
    assert refreshed["rotated"] is True


def test_express_openid_connect_signs_out_at_the_server_too(started, visitor, provider):
    app = started("express-openid-connect.mjs", "express-openid-connect", RESPONSE_MODE="query")
    visitor.go(f"{app.url}/login")
    left = visitor.go(f"{app.url}/logout")
    visitor.go(f"{app.url}/login")

    assert app.url == str(left.url).rstrip("/")
    assert {"claims": None} == left.json()
    assert ["sign-in", "consent", "sign-in"] == visitor.asked


def test_express_openid_connect_hears_of_a_refusal(started, visitor):
    app = started("express-openid-connect.mjs", "express-openid-connect", RESPONSE_MODE="query")
    visitor.decision = "deny"

    assert {"error": "access_denied"} == visitor.go(f"{app.url}/login").json()


def test_auth_js_signs_in_and_out(started, visitor):
    app = started("auth-js.mjs", "auth-js")
    csrf = visitor.go(f"{app.url}/auth/csrf").json()["csrfToken"]
    session = visitor.post(f"{app.url}/auth/signin/mintmark", csrfToken=csrf, callbackUrl=app.url).json()
    left = visitor.post(f"{app.url}/auth/signout", csrfToken=csrf, callbackUrl=app.url).json()

    assert f"{visitor.name}@example.org" == session["user"]["email"]
    assert visitor.name.replace("-", " ").title() == session["user"]["name"]
    assert {} == left


def test_auth_js_hears_of_a_refusal(started, visitor):
    app = started("auth-js.mjs", "auth-js")
    visitor.decision = "deny"
    csrf = visitor.go(f"{app.url}/auth/csrf").json()["csrfToken"]
    told = visitor.post(f"{app.url}/auth/signin/mintmark", csrfToken=csrf, callbackUrl=app.url)

    assert "error=" in str(told.url)
    assert {} == visitor.go(app.url).json()


def test_passport_signs_in_without_pkce_and_without_discovery(started, visitor):
    app = started("passport.mjs", "passport")
    person = visitor.go(f"{app.url}/login").json()

    assert visitor.name.replace("-", " ").title() == person["displayName"]
    assert [{"value": f"{visitor.name}@example.org"}] == person["emails"]
    assert not any("code_challenge" in httpx2.URL(address).params for address in visitor.seen)


def test_passport_fails_cleanly_when_a_person_declines(started, visitor):
    app = started("passport.mjs", "passport")
    visitor.decision = "deny"

    assert f"{app.url}/?failed" == str(visitor.go(f"{app.url}/login").url)
