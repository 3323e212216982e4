import time

import httpx2
import pytest

from tests.issuer import header

API = "https://api.example"


@pytest.fixture
def app(mintmark):
    mintmark.resource(API, scopes=["api:read"])
    mintmark.user("alice")
    return mintmark.client("app")


def refresh(http, tokens, app):
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    return http.post("/token", data=form, auth=app.auth)


@pytest.mark.parametrize("way", ["port", "inside"])
def test_a_lost_answer_is_a_broken_connection_and_the_deed_is_done(mintmark, app, way):
    tokens = mintmark.tokens_for("alice", "app", "offline_access")
    transport = None if way == "port" else mintmark.transport()
    with httpx2.Client(base_url=mintmark.issuer, transport=transport) as http:
        with mintmark.lost_answer(times=1) as lost:
            with pytest.raises(httpx2.RemoteProtocolError):
                refresh(http, tokens, app)
            first = refresh(http, tokens, app).json()["refresh_token"]
        mintmark.clock.advance("1m")
        late = refresh(http, tokens, app)

    assert 1 == lost.met
    assert first != tokens.refresh_token
    assert "invalid_grant" == late.json()["error"], "it was spent when its answer was lost"


def test_503_comes_with_the_time_to_wait(mintmark, app):
    with mintmark.http() as http:
        with mintmark.unavailable("/token") as fault:
            refused = http.post("/token", data={"grant_type": "client_credentials"}, auth=app.auth)
            elsewhere = http.get("/.well-known/jwks.json")
        after = http.post("/token", data={"grant_type": "client_credentials"}, auth=app.auth)

    assert (503, "1") == (refused.status_code, refused.headers["retry-after"])
    assert [200, 200] == [elsewhere.status_code, after.status_code]
    assert 1 == fault.met


def test_the_keys_come_slowly(mintmark):
    with mintmark.slow_jwks(0.2), mintmark.http() as http:
        began = time.monotonic()
        http.get("/.well-known/jwks.json")

    assert 0.2 <= time.monotonic() - began
    with pytest.raises(httpx2.ReadTimeout), mintmark.slow_jwks(5), mintmark.http() as http:
        http.get("/.well-known/jwks.json", timeout=0.1)


def kids(mintmark):
    with mintmark.http() as http:
        return {key["kid"] for key in http.get("/.well-known/jwks.json").json()["keys"]}


@pytest.mark.parametrize("emergency", [False, True])
def test_another_key_signs(mintmark, app, emergency):
    before, known = mintmark.token_for("alice", "app", "api:read"), kids(mintmark)
    with mintmark.rotated_key(emergency=emergency):
        after = mintmark.token_for("alice", "app", "api:read")

    assert header(after)["kid"] not in known
    assert header(after)["kid"] in kids(mintmark)
    assert (header(before)["kid"] in kids(mintmark)) is not emergency


def test_a_revoked_token_is_over(mintmark, app):
    api = mintmark.resource(API, scopes=["api:read"])
    tokens = mintmark.tokens_for("alice", "app", "offline_access api:read")
    with mintmark.revoked(tokens.access_token):
        assert not mintmark.introspect(tokens.access_token, api)["active"]
    with mintmark.revoked(tokens.refresh_token), mintmark.http() as http:
        assert "invalid_grant" == refresh(http, tokens, app).json()["error"]
