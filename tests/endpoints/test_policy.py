"""The policy table of the contract, row by row, through the doors: what an administrator states is what happens."""

import asyncio

import pytest

from mintmark import ending
from mintmark.protocol.policy import Policy, PolicyRefused
from mintmark.store import people
from tests.issuer import ALICE, API, CALLBACK, PASSWORD, SECRET, VERIFIER, claims, header, hidden

BILLING = "https://billing.example"


async def own(issuer, client="web", **form):
    form = {"scope": "api:read", **form}
    return await issuer.token(client, grant_type="client_credentials", **form)


async def bearer(issuer, token):
    return await issuer.http.get("/userinfo", headers={"authorization": f"Bearer {token}"})


# ── spans


async def test_the_shortest_of_the_stated_lifetimes_applies_and_a_default_takes_no_part(sqlite_issuer):
    assert 600 == (await own(sqlite_issuer)).json()["expires_in"]
    await sqlite_issuer.set_policy({"access_token_lifetime": "1h"})
    assert 3600 == (await own(sqlite_issuer)).json()["expires_in"]
    await sqlite_issuer.set_policy({"access_token_lifetime": "30m"}, at="client", name="web")
    assert 1800 == (await own(sqlite_issuer)).json()["expires_in"]
    await sqlite_issuer.set_policy({"access_token_lifetime": 60}, at="resource", name=API)
    assert 60 == (await own(sqlite_issuer)).json()["expires_in"]
    assert 60 == (await own(sqlite_issuer, "other")).json()["expires_in"]
    await sqlite_issuer.set_policy({"access_token_lifetime": "30s"}, at="group", name="staff")
    assert 60 == (await own(sqlite_issuer)).json()["expires_in"]  # no person, no group
    assert 30 == (await sqlite_issuer.tokens())["expires_in"]


async def test_a_policy_of_a_resource_holds_for_requests_for_it_alone(sqlite_issuer):
    await sqlite_issuer.add_resource(BILLING, ["billing:read"], access_token_lifetime="1m")
    await sqlite_issuer.change_client("web", scope="openid offline_access api:read billing:read")
    tokens = await sqlite_issuer.tokens(scope="openid offline_access api:read billing:read")
    api = (await sqlite_issuer.refresh(tokens["refresh_token"], resource=API)).json()

    assert [60, 600] == [tokens["expires_in"], api["expires_in"]]


async def test_an_id_token_lives_as_long_as_stated(sqlite_issuer):
    await sqlite_issuer.set_policy({"id_token_lifetime": "2m"})
    said = claims((await sqlite_issuer.tokens())["id_token"])

    assert 120 == said["exp"] - said["iat"]


async def test_a_code_lives_as_long_as_stated(sqlite_issuer):
    await sqlite_issuer.set_policy({"code_lifetime": "10s"}, at="group", name="staff")
    early, late = await sqlite_issuer.code(), await sqlite_issuer.code()
    sqlite_issuer.later(seconds=9)
    in_time = await sqlite_issuer.redeem(early)
    sqlite_issuer.later(seconds=1)

    assert 200 == in_time.status_code
    assert "invalid_grant" == (await sqlite_issuer.redeem(late)).json()["error"]


async def test_a_change_of_policy_holds_for_what_is_issued_from_then_on(sqlite_issuer):
    before = (await own(sqlite_issuer)).json()["access_token"]
    await sqlite_issuer.set_policy({"access_token_lifetime": "1s"})
    after = (await own(sqlite_issuer)).json()["access_token"]
    sqlite_issuer.later(seconds=2)

    assert (await sqlite_issuer.introspect(before))["active"]
    assert {"active": False} == await sqlite_issuer.introspect(after)


# ── formats and algorithms


async def test_format_and_alg_are_the_resources_then_the_clients_then_the_servers(sqlite_issuer):
    async def made():
        token = (await own(sqlite_issuer)).json()["access_token"]
        return header(token)["alg"] if "." in token else "opaque"

    assert "ES256" == await made()
    await sqlite_issuer.set_policy({"access_token_alg": "PS256", "access_token_format": "opaque"})
    assert "opaque" == await made()
    await sqlite_issuer.set_policy({"access_token_format": "jwt"}, at="client", name="web")
    assert "PS256" == await made()
    await sqlite_issuer.set_policy({"access_token_alg": "EdDSA"}, at="resource", name=API)
    assert "EdDSA" == await made()


@pytest.mark.parametrize("alg", ["RS256", "PS256", "Ed25519", "ES384", "ES512", "RS384", "RS512"])
async def test_every_algorithm_signs_what_introspection_takes(sqlite_issuer, alg):
    await sqlite_issuer.set_policy({"access_token_alg": alg})
    token = (await own(sqlite_issuer)).json()["access_token"]

    assert alg == header(token)["alg"]
    assert (await sqlite_issuer.introspect(token))["active"]


async def test_resources_that_contradict_each_other_in_one_request_are_an_invalid_target(sqlite_issuer):
    await sqlite_issuer.add_resource(BILLING, ["billing:read"], access_token_format="opaque")
    await sqlite_issuer.set_policy({"access_token_format": "jwt"}, at="resource", name=API)
    await sqlite_issuer.change_client("web", scope="openid offline_access api:read billing:read")
    both = await own(sqlite_issuer, scope="api:read billing:read")
    answer = await sqlite_issuer.http.get(
        "/authorize", params=sqlite_issuer.request(scope="openid api:read billing:read")
    )
    one = await own(sqlite_issuer, scope="api:read")

    assert "invalid_target" == both.json()["error"]
    assert "error=invalid_target" in answer.headers["location"]
    assert 200 == one.status_code


async def test_an_opaque_token_says_nothing_by_itself_and_is_stored_as_a_digest(issuer):
    await issuer.set_policy({"access_token_format": "opaque"}, at="resource", name=API)
    token = (await issuer.tokens())["access_token"]

    assert "." not in token
    assert token not in str(await issuer.rows())
    assert "alice" == (await issuer.introspect(token))["username"]
    assert 200 == (await bearer(issuer, token)).status_code


# ── one use


async def test_a_one_use_token_is_good_for_one_of_fifty_at_once(issuer):
    await issuer.set_policy({"one_use": True}, at="resource", name=API)
    token = (await issuer.tokens())["access_token"]
    answers = await asyncio.gather(*(issuer.introspect(token) for _ in range(50)))

    assert "." not in token
    assert 1 == [answer["active"] for answer in answers].count(True)
    assert {"active": False} == await issuer.introspect(token)
    assert 401 == (await bearer(issuer, token)).status_code
    assert 1 == (await issuer.audited()).count("token_spent")


async def test_userinfo_is_a_use_and_whoever_may_not_know_of_the_token_uses_nothing(issuer):
    await issuer.set_policy({"one_use": True})
    token = (await issuer.tokens())["access_token"]
    for client in ("web", "other"):
        assert {"active": False} == await issuer.introspect(token, client)
    answers = await asyncio.gather(*(bearer(issuer, token) for _ in range(20)))

    assert 1 == [answer.status_code for answer in answers].count(200)
    assert {200, 401} == {answer.status_code for answer in answers}
    assert {"active": False} == await issuer.introspect(token)


async def test_its_own_client_asking_does_not_spend_a_token_for_the_issuer_alone(issuer):
    await issuer.set_policy({"one_use": True})
    token = (await issuer.tokens(scope="openid"))["access_token"]
    asked = [(await issuer.introspect(token, "web"))["active"] for _ in range(2)]

    assert [True, True] == asked
    assert 200 == (await bearer(issuer, token)).status_code
    assert {"active": False} == await issuer.introspect(token, "web")


async def test_one_use_wins_over_a_resource_that_states_jwt(sqlite_issuer):
    await sqlite_issuer.set_policy({"access_token_format": "jwt"}, at="resource", name=API)
    await sqlite_issuer.set_policy({"one_use": True}, at="client", name="web")

    assert "." not in (await own(sqlite_issuer)).json()["access_token"]
    assert "." in (await own(sqlite_issuer, "other")).json()["access_token"]


# ── the end of the session


async def test_stated_true_ends_offline_access_too_and_cuts_expires_in(issuer):
    await issuer.set_policy({"ends_with_session": True, "session_lifetime": "5m"})
    tokens = await issuer.tokens()
    await issuer.end_session((await issuer.sids())[0])

    assert 300 == tokens["expires_in"]
    assert {"active": False} == await issuer.introspect(tokens["access_token"])
    assert "invalid_grant" == (await issuer.refresh(tokens["refresh_token"])).json()["error"]


async def test_stated_false_outlives_the_session_without_offline_access(issuer):
    await issuer.set_policy({"ends_with_session": False}, at="client", name="web")
    tokens = await issuer.tokens(scope="openid api:read")
    await issuer.end_session((await issuer.sids())[0])

    assert (await issuer.introspect(tokens["access_token"]))["active"]
    assert 200 == (await issuer.refresh(tokens["refresh_token"])).status_code


STATED_LATER = [("server", ""), ("client", "web"), ("resource", API), ("group", "staff")]


@pytest.mark.parametrize(("at", "name"), STATED_LATER)
async def test_stated_after_an_authorization_began_it_ends_that_at_sign_out_too(sqlite_issuer, at, name):
    tokens, code = await sqlite_issuer.tokens(), await sqlite_issuer.code()
    await sqlite_issuer.set_policy({"ends_with_session": True}, at=at, name=name)
    lives = await sqlite_issuer.introspect(tokens["access_token"])
    refreshed = (await sqlite_issuer.refresh(tokens["refresh_token"])).json()
    await sqlite_issuer.end_session((await sqlite_issuer.sids())[0])

    assert lives["active"]
    for token in (tokens["access_token"], refreshed["access_token"]):
        assert {"active": False} == await sqlite_issuer.introspect(token)
        assert 401 == (await bearer(sqlite_issuer, token)).status_code
    assert {"active": False} == await sqlite_issuer.introspect(refreshed["refresh_token"], "web")
    assert "invalid_grant" == (await sqlite_issuer.refresh(refreshed["refresh_token"])).json()["error"]
    assert "invalid_grant" == (await sqlite_issuer.redeem(code)).json()["error"]


async def test_what_a_sign_out_ended_by_policy_stays_ended_when_the_policy_goes(issuer):
    tokens = await issuer.tokens()
    spa = await issuer.tokens("spa")
    await issuer.set_policy({"ends_with_session": True}, at="client", name="web")
    page = await issuer.http.get("/logout")
    await issuer.http.post("/logout", data=hidden(page.text))
    await issuer.set_policy({}, at="client", name="web")

    assert {"active": False} == await issuer.introspect(tokens["access_token"])
    assert "invalid_grant" == (await issuer.refresh(tokens["refresh_token"])).json()["error"]
    assert (await issuer.introspect(spa["access_token"]))["active"]


async def test_all_sessions_ended_at_once_end_it_by_policy_too_and_for_good(issuer):
    tokens, spa = await issuer.tokens(), await issuer.tokens("spa")
    await issuer.set_policy({"ends_with_session": True}, at="client", name="web")
    changes, _ = await ending.all_sessions(issuer.server, ALICE, "a test", issuer.server.clock())
    await issuer.server.store.commit(changes)
    await issuer.set_policy({}, at="client", name="web")

    assert "invalid_grant" == (await issuer.refresh(tokens["refresh_token"])).json()["error"]
    issuer.later(seconds=1)
    assert 200 == (await issuer.refresh(spa["refresh_token"], "spa")).status_code


async def test_resources_that_contradict_one_another_by_now_each_have_their_say(sqlite_issuer):
    await sqlite_issuer.add_resource(BILLING, ["billing:read"])
    await sqlite_issuer.change_client("web", scope="openid offline_access api:read billing:read")
    tokens = await sqlite_issuer.tokens(scope="openid offline_access api:read billing:read")
    await sqlite_issuer.set_policy({"access_token_format": "jwt"}, at="resource", name=API)
    binding = {"access_token_format": "opaque", "ends_with_session": True}
    await sqlite_issuer.set_policy(binding, at="resource", name=BILLING)
    await sqlite_issuer.end_session((await sqlite_issuer.sids())[0])

    assert {"active": False} == await sqlite_issuer.introspect(tokens["access_token"])


async def test_what_ends_with_the_session_ends_at_its_lifetime(issuer):
    await issuer.set_policy({"session_lifetime": "5m", "access_token_lifetime": "1h"})
    online, offline = await issuer.tokens(scope="openid api:read"), await issuer.tokens()
    issuer.later(minutes=5)

    assert [300, 3600] == [online["expires_in"], offline["expires_in"]]
    assert {"active": False} == await issuer.introspect(online["access_token"])
    assert (await issuer.introspect(offline["access_token"]))["active"]


# ── not_after


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ("12:05", 300),
        ("13:05 Europe/Berlin", 300),
        ("2026-11-25T12:05:00Z", 300),
        ("2026-11-25T14:05:00+02:00", 300),
        ("2026-11-25", 600),
        ("11:59", 600),
    ],
)
async def test_nothing_outlives_not_after_in_each_of_its_forms(sqlite_issuer, stated, seconds):
    await sqlite_issuer.set_policy({"not_after": stated})
    tokens = await sqlite_issuer.tokens()
    said = claims(tokens["id_token"])

    assert seconds == tokens["expires_in"] == said["exp"] - said["iat"]
    assert seconds == (await own(sqlite_issuer)).json()["expires_in"]
    sqlite_issuer.later(seconds=seconds)
    assert {"active": False} == await sqlite_issuer.introspect(tokens["access_token"])
    refreshed = await sqlite_issuer.refresh(tokens["refresh_token"])
    assert (300 == seconds) == (400 == refreshed.status_code)


async def test_past_not_after_nothing_is_issued_and_each_door_says_so_in_its_way(sqlite_issuer):
    code, tokens = await sqlite_issuer.code(), await sqlite_issuer.tokens()
    await sqlite_issuer.set_policy({"not_after": "2026-11-25T11:00:00Z"}, at="client", name="web")
    stranger = await sqlite_issuer.browser().get("/authorize", params=sqlite_issuer.request())
    known = await sqlite_issuer.http.get("/authorize", params=sqlite_issuer.request())
    password = await sqlite_issuer.token(
        grant_type="password", username="alice", password="correct horse battery staple"
    )

    assert "unauthorized_client" == (await own(sqlite_issuer)).json()["error"]
    assert "invalid_grant" == (await sqlite_issuer.redeem(code)).json()["error"]
    assert "invalid_grant" == (await sqlite_issuer.refresh(tokens["refresh_token"])).json()["error"]
    assert "invalid_grant" == password.json()["error"]
    assert all("error=access_denied" in answer.headers["location"] for answer in (stranger, known))


async def test_a_not_after_in_the_past_ends_live_tokens_too(issuer):
    tokens = await issuer.tokens()
    alone = (await own(issuer)).json()["access_token"]
    await issuer.set_policy({"not_after": "2026-11-25T11:00:00Z"}, at="resource", name=API)

    assert {"active": False} == await issuer.introspect(tokens["access_token"]) == await issuer.introspect(alone)
    assert 401 == (await bearer(issuer, tokens["access_token"])).status_code


async def test_the_earliest_of_the_stated_ends_applies(sqlite_issuer):
    await sqlite_issuer.set_policy({"not_after": "12:09"})
    await sqlite_issuer.set_policy({"not_after": "2026-11-25T12:05:00Z"}, at="client", name="web")
    await sqlite_issuer.set_policy({"not_after": "2026-11-25"}, at="resource", name=API)

    assert [300, 540] == [(await own(sqlite_issuer, one)).json()["expires_in"] for one in ("web", "other")]


async def test_a_session_does_not_outlive_not_after(sqlite_issuer):
    await sqlite_issuer.set_policy({"not_after": "12:30"}, at="group", name="staff")
    await sqlite_issuer.sign_in()
    sqlite_issuer.later(minutes=29)
    early = await sqlite_issuer.http.get("/account")
    sqlite_issuer.later(minutes=1)
    late = await sqlite_issuer.http.get("/account")

    assert [200, 303] == [early.status_code, late.status_code]


# ── sessions


async def test_the_sessions_spans_and_count_of_server_and_group_are_the_strictest(sqlite_issuer):
    await sqlite_issuer.set_policy({"session_idle": "1h", "session_lifetime": "90m", "max_sessions": 3})
    await sqlite_issuer.set_policy({"session_idle": "30m", "max_sessions": 1}, at="group", name="staff")
    first = sqlite_issuer.browser()
    await sqlite_issuer.sign_in(first)
    sqlite_issuer.later(seconds=1)
    await sqlite_issuer.sign_in()
    replaced = await first.get("/account")
    statuses = []
    for _ in range(4):
        sqlite_issuer.later(minutes=25)
        statuses.append((await sqlite_issuer.http.get("/account")).status_code)

    assert 303 == replaced.status_code
    assert [200, 200, 200, 303] == statuses


# ── how many


async def active(issuer, tokens):
    return [one["active"] for one in [await issuer.introspect(token) for token in tokens]]


@pytest.mark.parametrize("format", ["jwt", "opaque"])
async def test_one_token_too_many_ends_the_oldest(issuer, format):
    await issuer.set_policy({"max_active_tokens": 2, "access_token_format": format})
    tokens = []
    for _ in range(4):
        issuer.later(seconds=1)
        tokens.append((await own(issuer)).json()["access_token"])

    assert [False, False, True, True] == await active(issuer, tokens)


async def test_of_twenty_at_once_each_gets_a_token_and_no_more_than_allowed_live(issuer):
    await issuer.set_policy({"max_active_tokens": 3})
    answers = await asyncio.gather(*(own(issuer) for _ in range(20)))

    assert {200} == {answer.status_code for answer in answers}
    assert 3 == (await active(issuer, [answer.json()["access_token"] for answer in answers])).count(True)


async def test_twenty_refreshes_at_once_of_one_person_keep_to_the_number_too(issuer):
    await issuer.set_policy({"max_active_tokens": 3})
    tokens = await issuer.tokens()
    issuer.later(seconds=1)
    answers = await asyncio.gather(*(issuer.refresh(tokens["refresh_token"]) for _ in range(20)))

    assert {200} == {answer.status_code for answer in answers}
    assert 1 == len({answer.json()["refresh_token"] for answer in answers})
    assert 3 == (await active(issuer, [answer.json()["access_token"] for answer in answers])).count(True)


async def test_tokens_are_counted_for_each_person_and_client_apart(issuer):
    await issuer.set_policy({"max_active_tokens": 1})
    await issuer.add_person("bob")
    alice = (await issuer.tokens())["access_token"]
    bob = (await issuer.tokens(browser=issuer.browser(), username="bob"))["access_token"]
    client = (await own(issuer)).json()["access_token"]
    spa = (await issuer.tokens("spa"))["access_token"]
    again = (await issuer.tokens())["access_token"]

    assert [False, True, True, True, True] == await active(issuer, [alice, bob, client, spa, again])


async def test_an_expired_token_takes_no_place(sqlite_issuer):
    await sqlite_issuer.set_policy({"max_active_tokens": 1})
    await own(sqlite_issuer)
    sqlite_issuer.later(minutes=10)
    first = (await own(sqlite_issuer)).json()["access_token"]

    assert [True] == await active(sqlite_issuer, [first])


async def test_a_refused_refresh_ends_no_counted_token(sqlite_issuer):
    await sqlite_issuer.set_policy({"max_active_tokens": 1})
    tokens = await sqlite_issuer.tokens()
    await sqlite_issuer.refresh(tokens["refresh_token"], scope="nonsense")

    assert [True] == await active(sqlite_issuer, [tokens["access_token"]])


# ── what is required


async def test_pkce_may_be_left_out_only_where_every_voice_allows_it(sqlite_issuer):
    async def without(client="web"):
        params = sqlite_issuer.request(client, code_challenge=None, code_challenge_method=None)
        return (await sqlite_issuer.http.get("/authorize", params=params)).headers["location"]

    await sqlite_issuer.set_policy({"require_pkce": False})
    assert "/login?" in await without()
    assert "error=invalid_request" in await without("spa")
    await sqlite_issuer.set_policy({"require_pkce": True}, at="group", name="staff")
    await sqlite_issuer.sign_in()
    assert "error=invalid_request" in await without()
    await sqlite_issuer.set_policy({}, at="group", name="staff")
    assert "/consent?" in await without()
    await sqlite_issuer.set_policy({"require_pkce": True}, at="client", name="web")
    assert "error=invalid_request" in await without()


async def test_a_public_client_cannot_be_let_off_pkce_or_rotation():
    for stated in ({"require_pkce": False}, {"rotation": "keep"}):
        with pytest.raises(PolicyRefused):
            Policy.read(stated, at="client", public=True)


async def test_a_first_party_client_has_no_page_except_on_its_own_wish_and_where_it_could_be_impersonated(
    sqlite_issuer,
):
    await sqlite_issuer.set_policy({"require_consent": False}, at="client", name="web")
    await sqlite_issuer.set_policy({"require_consent": False}, at="client", name="spa")
    await sqlite_issuer.sign_in()

    async def to(client="web", **changed):
        answer = await sqlite_issuer.http.get("/authorize", params=sqlite_issuer.request(client, **changed))
        return answer.headers["location"]

    assert (await to()).startswith(CALLBACK + "?code=")
    assert (await to("spa")).startswith("https://spa.example/cb?code=")
    assert "/consent?" in await to(prompt="consent")
    assert "/consent?" in await to("spa", redirect_uri="http://127.0.0.1:7/callback")
    assert "/consent?" in await to("spa", redirect_uri="com.example.app:/cb")
    await sqlite_issuer.set_policy({"require_consent": True})
    assert "/consent?" in await to()


async def test_what_has_no_door_yet_is_refused():
    for name in ("require_pushed", "require_dpop"):
        with pytest.raises(PolicyRefused):
            Policy.read({name: True}, at="server")


# ── from where


async def test_a_client_comes_only_from_its_networks(sqlite_issuer):
    await sqlite_issuer.set_policy({"allowed_networks": ["192.0.2.0/24", "2001:db8::/32"]})
    await sqlite_issuer.set_policy({"allowed_networks": ["192.0.2.0/25", "198.51.100.0/24"]}, at="client", name="web")

    async def status(address):
        form = {"grant_type": "client_credentials", "scope": "api:read", "client_id": "web", "client_secret": SECRET}
        return (await sqlite_issuer.browser(address).post("/token", data=form)).json().get("error")

    assert None is await status("192.0.2.7")
    assert None is await status("::ffff:192.0.2.7")
    for address in ("192.0.2.200", "198.51.100.1", "2001:db8::1", "127.0.0.1"):
        assert "unauthorized_client" == await status(address), address


async def test_an_empty_intersection_refuses_all(sqlite_issuer):
    await sqlite_issuer.set_policy({"allowed_networks": ["127.0.0.0/8"]})
    await sqlite_issuer.set_policy({"allowed_networks": ["192.0.2.0/24"]}, at="client", name="web")

    assert (400, "unauthorized_client") == ((answer := await own(sqlite_issuer)).status_code, answer.json()["error"])
    assert 200 == (await own(sqlite_issuer, "other")).status_code


async def test_a_resources_networks_hold_for_requests_for_it_alone(sqlite_issuer):
    await sqlite_issuer.set_policy({"allowed_networks": ["192.0.2.0/24"]}, at="resource", name=API)
    api = await own(sqlite_issuer)
    identity = await sqlite_issuer.tokens(scope="openid email")

    assert "unauthorized_client" == api.json()["error"]
    assert "openid email" == identity["scope"]


async def test_from_elsewhere_nothing_is_spent_and_no_password_is_judged(sqlite_issuer):
    code, tokens = await sqlite_issuer.code(), await sqlite_issuer.tokens()
    await sqlite_issuer.set_policy({"allowed_networks": ["192.0.2.0/24"]}, at="client", name="web")
    before = await sqlite_issuer.rows()
    answers = [
        await sqlite_issuer.redeem(code),
        await sqlite_issuer.refresh(tokens["refresh_token"]),
        await sqlite_issuer.token(grant_type="password", username="alice", password="wrong"),
    ]
    after = await sqlite_issuer.rows()
    await sqlite_issuer.set_policy({}, at="client", name="web")

    assert {(400, "unauthorized_client")} == {(answer.status_code, answer.json()["error"]) for answer in answers}
    assert before == after
    assert 200 == (await sqlite_issuer.redeem(code, code_verifier=VERIFIER)).status_code
    assert 200 == (await sqlite_issuer.refresh(tokens["refresh_token"])).status_code


@pytest.mark.parametrize(("at", "name"), [("resource", API), ("group", "staff")])
async def test_from_elsewhere_neither_a_replay_nor_a_reuse_ends_anything(sqlite_issuer, at, name):
    code = await sqlite_issuer.code()
    first = (await sqlite_issuer.redeem(code)).json()["refresh_token"]
    heir = (await sqlite_issuer.refresh(first)).json()["refresh_token"]
    sqlite_issuer.later(seconds=31)
    await sqlite_issuer.set_policy({"allowed_networks": ["192.0.2.0/24"]}, at=at, name=name)
    before = await sqlite_issuer.rows()
    answers = [await sqlite_issuer.refresh(first), await sqlite_issuer.redeem(code)]
    after = await sqlite_issuer.rows()
    await sqlite_issuer.set_policy({}, at=at, name=name)

    assert ["unauthorized_client"] * 2 == [answer.json()["error"] for answer in answers]
    assert before == after
    assert 200 == (await sqlite_issuer.refresh(heir)).status_code


@pytest.mark.parametrize("password", ["wrong", PASSWORD])
async def test_from_outside_a_resources_networks_nobody_learns_whether_a_password_was_right(sqlite_issuer, password):
    await sqlite_issuer.set_policy({"allowed_networks": ["192.0.2.0/24"]}, at="resource", name=API)
    form = {"grant_type": "password", "username": "alice", "password": password}
    implied = await sqlite_issuer.token(**form)
    named = await sqlite_issuer.token(**form, scope="api:read", resource=API)
    elsewhere = await sqlite_issuer.token(**form, scope="openid")

    assert ["unauthorized_client"] * 2 == [answer.json()["error"] for answer in (implied, named)]
    assert (password == PASSWORD) == (200 == elsewhere.status_code)
    assert [password != PASSWORD] == [1 == (await sqlite_issuer.audited()).count("sign_in_failed")]


async def test_what_is_stated_for_a_group_holds_for_its_people_and_for_nobody_else(issuer):
    """The strictest of the groups, at each issue; a client that acts for itself is in no group."""
    store, now = issuer.server.store, issuer.server.clock()
    await issuer.set_policy({"access_token_lifetime": "2m", "access_token_format": "opaque"}, at="group", name="watch")
    await issuer.set_policy({"access_token_lifetime": "1m"}, at="group", name="night")
    form = {"grant_type": "password", "username": "alice", "password": PASSWORD, "scope": "openid api:read"}
    before = (await issuer.token(**form)).json()
    record = people.Record("alice", "alice", None, None, "{}", "{}", ("night", "watch"))
    await store.commit([people.change(ALICE, record, now)])
    after = (await issuer.token(**form)).json()
    itself = (await issuer.token(grant_type="client_credentials", scope="api:read")).json()

    assert (600, 60, 600) == (before["expires_in"], after["expires_in"], itself["expires_in"])
    assert (2, 0) == (before["access_token"].count("."), after["access_token"].count("."))
