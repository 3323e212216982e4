"""zitadel/oidc 3: Basic for the code, the secret in the form for refresh and revocation, no cookies at end session."""

import pytest

from tests import serving
from tests.clients.programs import program
from tests.serving import SECRET


@pytest.fixture
def app(provider, go_program, trusting, tmp_path):
    port = serving.free_port()
    told = {"ISSUER": provider.url, "CLIENT_ID": "zitadel", "CLIENT_SECRET": SECRET, "PORT": str(port)}
    with program([go_program("zitadel")], f"http://127.0.0.1:{port}", tmp_path, trusting | told) as found:
        yield found


def test_it_signs_in_and_asks_userinfo(app, provider, visitor):
    told = visitor.go(f"{app.url}/login").json()

    assert provider.url == told["claims"]["iss"]
    assert told["claims"]["sub"] == told["person"]["sub"]
    assert f"{visitor.name}@example.org" == told["person"]["email"]
    assert "a state" == told["state"]


def test_it_refreshes_revokes_and_introspects(app, visitor):
    visitor.go(f"{app.url}/login")
    refreshed = visitor.go(f"{app.url}/refresh").json()
    live = visitor.go(f"{app.url}/introspect").json()
    revoked = visitor.go(f"{app.url}/revoke")
    over = visitor.go(f"{app.url}/introspect").json()

    assert refreshed["rotated"] is True
    assert (True, "zitadel") == (live["active"], live["client_id"])
    assert 200 == revoked.status_code, revoked.text
    assert over["active"] is False


def test_its_server_ends_the_session_without_the_browser(app, visitor):
    """It asks by POST, without cookies, and hands the browser where the answer leads."""
    visitor.go(f"{app.url}/login")
    left = visitor.go(f"{app.url}/logout")
    visitor.go(f"{app.url}/login")

    assert 200 == left.status_code, left.text
    assert {"state": ["the-state"]} == left.json()
    assert ["sign-in", "consent", "sign-in"] == visitor.asked
