import time
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from mintmark import testing
from mintmark.commands.opening import Refused
from mintmark.testing import flow
from mintmark.testing.clock import Clock
from tests.issuer import claims

API = "https://api.example"


@pytest.fixture
def api(mintmark):
    return mintmark.resource(API, scopes=["api:read", "api:write"])


@pytest.fixture
def app(mintmark, api):
    mintmark.user("alice", password="correct horse battery staple", groups=["staff"], email="alice@example.org")
    return mintmark.client("app")


def test_a_person_signs_in_and_the_app_gets_a_token(mintmark, api, app):
    tokens = mintmark.tokens_for("alice", "app", "openid offline_access groups api:read")

    assert API in claims(tokens.access_token)["aud"]
    assert ["staff"] == claims(tokens.id_token)["groups"]
    assert tokens.refresh_token is not None
    assert mintmark.introspect(tokens.access_token, api)["active"]


def test_a_client_gets_a_token_for_itself(mintmark, app):
    assert "app" == claims(mintmark.token_for(None, app, "api:write"))["sub"]


def test_a_public_client_too(mintmark, api):
    mintmark.user("bob")
    page = mintmark.client("page", public=True, redirect_uris=["https://page.example/cb"])

    assert "page" == claims(mintmark.token_for("bob", page, "openid api:read"))["client_id"]
    with pytest.raises(ValueError, match="public"):
        _ = page.auth


def test_what_is_refused_says_why(mintmark, app):
    with pytest.raises(flow.Refused, match="invalid_scope"):
        mintmark.token_for("alice", "app", "nothing:known")
    with pytest.raises(Refused, match="redirect"):
        mintmark.client("wrong", redirect_uris=["no address"])
    mintmark.disable(app)
    with pytest.raises(flow.Refused):
        mintmark.token_for("alice", "app")


def test_a_wrong_password_is_told(mintmark, app):
    with pytest.raises(flow.Refused, match="400"):
        mintmark.token_for(testing.User("alice", "wrong"), app, "openid")


def test_a_new_password_counts(mintmark, app):
    mintmark.user("alice", password="another horse battery staple")

    assert mintmark.token_for("alice", "app", "openid")


def test_a_disabled_person_is_out(mintmark, api, app):
    alice = mintmark.user("alice")
    token = mintmark.token_for(alice, app, "api:read")
    mintmark.disable(alice)

    assert not mintmark.introspect(token, api)["active"]


def test_nothing_is_left_of_an_earlier_test(mintmark):
    with pytest.raises(KeyError):
        mintmark.token_for("alice", "app")
    mintmark.user("alice", password="not the password of before")
    mintmark.client("app")

    assert mintmark.token_for("alice", "app", "openid")
    assert [] == [line for line in mintmark.log if line["event"] == "failed"]


def test_the_policy_holds(mintmark, app):
    mintmark.policy(access_token_lifetime="90s")

    assert 90 == mintmark.tokens_for("alice", "app", "api:read").expires_in


@pytest.mark.parametrize("moment", [datetime(2001, 2, 3, tzinfo=UTC), datetime(2040, 2, 3, tzinfo=UTC)])
def test_the_clock_can_be_set(mintmark, api, app, moment):
    mintmark.clock.set(moment)
    token = mintmark.token_for("alice", "app", "api:read")

    assert 0 <= claims(token)["iat"] - moment.timestamp() < 60
    assert mintmark.introspect(token, api)["active"]
    mintmark.clock.advance("11m")
    assert not mintmark.introspect(token, api)["active"]


def test_a_clock_runs_stands_and_is_right_again():
    clock = Clock()
    stood = clock.freeze(datetime(2030, 1, 1, tzinfo=UTC))
    clock.advance(timedelta(days=1))

    assert datetime(2030, 1, 1, tzinfo=UTC) == stood
    assert datetime(2030, 1, 2, tzinfo=UTC) == clock.now()
    clock.reset()
    assert timedelta(seconds=5) > abs(clock.now() - datetime.now(UTC))
    with pytest.raises(ValueError, match="zone"):
        clock.set(datetime(2030, 1, 1))  # noqa: DTZ001  that is what is wrong with it


async def test_it_answers_in_any_loop(mintmark, app):
    async with httpx2.AsyncClient(transport=mintmark.transport(), base_url=mintmark.issuer) as http:
        answer = await http.post("/token", data={"grant_type": "client_credentials"}, auth=app.auth)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=mintmark.asgi), base_url=mintmark.issuer) as http:
        same = await http.get("/.well-known/openid-configuration")

    assert 200 == answer.status_code
    assert mintmark.issuer == same.json()["issuer"]


def test_it_listens_on_a_real_port(mintmark, app):
    with mintmark.http() as http:
        answer = http.post("/token", data={"grant_type": "client_credentials"}, auth=app.auth)

    assert "Bearer" == answer.json()["token_type"]


def test_it_starts_in_under_a_second_with_settings_of_its_own():
    began = time.process_time()
    with testing.running(issuer="https://id.example/here", operator_name="Harbour") as server:
        took = time.process_time() - began  # of the processor: this machine has other things to do
        found = testing.Mintmark(server)
        page = httpx2.get(f"{server.address}/here/login")
        found.user("alice")
        found.client("app")
        token = found.token_for("alice", "app", "openid")

    assert 1 > took
    assert "Harbour" in page.text
    assert "https://id.example/here" == claims(token)["iss"]


def test_a_setting_that_makes_no_sense_is_refused():
    with pytest.raises(Exception, match="MINTMARK_PORT"), testing.running(port="0"):
        pass
    with pytest.raises(AttributeError):
        _ = testing.nothing
