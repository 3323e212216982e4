"""Step-up: who is signed in is asked for what is missing, and for nothing else (OIDC Core §5.5.1.1, RFC 9470)."""

import json

import pytest

from tests.endpoints import stepping
from tests.endpoints.stepping import code, give, give_passkey, second_page, send
from tests.issuer import PASSWORD, claims

ONE, TWO, RESISTANT = ("urn:mintmark:acr:1", "urn:mintmark:acr:2", "urn:mintmark:acr:phr")


@pytest.fixture(autouse=True)
def _two_factors(monkeypatch):
    stepping.install(monkeypatch)


def essential(*values):
    return json.dumps({"id_token": {"acr": {"essential": True, "values": values}}})


async def begin(issuer, **changed):
    """Where the request leads."""
    answer = await issuer.http.get("/authorize", params=issuer.request(scope="openid", **changed))
    return answer if not answer.headers["location"].startswith("https://id.") else await to(issuer, answer)


async def to(issuer, answer):
    return await issuer.http.get(answer.headers["location"])


async def acr_of(issuer, answer):
    """What the ID token says, once the request has gone on from there."""
    got = await issuer.go_on(issuer.http, answer)
    assert "code" in got, got
    return claims((await issuer.redeem(got["code"])).json()["id_token"])["acr"]


async def with_password(issuer):
    """Signed in by the password, before there was another factor."""
    await issuer.sign_in()
    await give(issuer)


@pytest.mark.parametrize("asked", [{"acr_values": f"urn:other {TWO}"}, {"claims": essential(TWO)}])
async def test_only_the_factor_that_is_missing_is_asked_for(issuer, asked):
    await with_password(issuer)
    (sid,) = await issuer.sids()
    page = await begin(issuer, **asked)

    assert 'name="code"' in page.text
    assert 'name="password"' not in page.text
    done = await send(issuer.http, page, code=code(issuer))
    assert TWO == await acr_of(issuer, done)
    assert [sid] == await issuer.sids()
    assert 0 == await issuer.count("sign_ins")


async def test_who_has_proved_enough_is_asked_nothing(sqlite_issuer):
    await give(sqlite_issuer)
    await send(sqlite_issuer.http, await second_page(sqlite_issuer), code=code(sqlite_issuer))

    assert TWO == await acr_of(sqlite_issuer, await begin(sqlite_issuer, claims=essential(TWO)))
    assert ONE == await acr_of(sqlite_issuer, await begin(sqlite_issuer, claims=essential(ONE)))


async def test_a_level_that_nobody_can_reach_by_what_they_have_is_refused_where_it_is_essential(issuer):
    await with_password(issuer)
    refused = await begin(issuer, claims=essential(RESISTANT))

    assert "error=unmet_authentication_requirements" in refused.headers["location"]
    assert ONE == await acr_of(issuer, await begin(issuer, acr_values=RESISTANT))


async def test_a_silent_request_is_told_that_somebody_would_have_to_be_asked(sqlite_issuer):
    await with_password(sqlite_issuer)
    refused = await begin(sqlite_issuer, claims=essential(TWO), prompt="none")

    assert "error=login_required" in refused.headers["location"]


async def test_a_level_and_max_age_want_every_proof_of_it_to_be_fresh(issuer):
    """SS-15, GHSA-hp74-gm6m-2qm5: an old password is not made fresh by a code."""
    await give(issuer)
    await send(issuer.http, await second_page(issuer), code=code(issuer))
    issuer.later(minutes=20)
    asked = {"claims": essential(TWO), "max_age": "600"}
    page = await begin(issuer, **asked)

    assert 'name="password"' in page.text
    half = await send(issuer.http, page, username="alice", password=PASSWORD)
    second = await to(issuer, half)
    assert 'name="code"' in second.text
    assert TWO == await acr_of(issuer, await send(issuer.http, second, code=code(issuer)))


async def test_a_code_alone_does_not_answer_prompt_login(sqlite_issuer):
    await give(sqlite_issuer)
    await send(sqlite_issuer.http, await second_page(sqlite_issuer), code=code(sqlite_issuer))
    sqlite_issuer.later(minutes=1)
    page = await begin(sqlite_issuer, prompt="login")
    answer = await send(sqlite_issuer.http, page, factor="totp", code=code(sqlite_issuer))
    still = await to(sqlite_issuer, answer)

    assert 'name="password"' in page.text
    assert 'name="password"' in still.text


async def test_a_trusted_browser_is_no_fresh_factor_and_no_phishing_resistant_one(issuer):
    await give(issuer)
    await give_passkey(issuer)
    await send(issuer.http, await second_page(issuer), code=code(issuer), factor="totp", trust="1")
    issuer.later(hours=1)
    issuer.http.cookies.delete("__Host-mintmark")
    await issuer.sign_in()

    assert TWO == await acr_of(issuer, await begin(issuer, claims=essential(TWO)))
    aged = await begin(issuer, claims=essential(TWO), max_age="600")
    assert 'id="sign-in"' in aged.text
    resistant = await begin(issuer, claims=essential(RESISTANT))
    done = await send(issuer.http, resistant, factor="passkey", credential="signed")
    assert RESISTANT == await acr_of(issuer, done)


# ── what a policy demands


@pytest.mark.parametrize(
    ("at", "name"), [("server", ""), ("client", "web"), ("group", "staff"), ("resource", "https://api.example")]
)
async def test_a_policy_demands_it_wherever_it_is_stated(sqlite_issuer, at, name):
    await sqlite_issuer.set_policy({"require_factors": ["second_factor"]}, at=at, name=name)
    if at == "group":
        await into(sqlite_issuer, "staff")
    await with_password(sqlite_issuer)
    answer = await sqlite_issuer.http.get("/authorize", params=sqlite_issuer.request(scope="openid api:read"))
    page = await to(sqlite_issuer, answer)

    assert 'name="code"' in page.text
    assert TWO == await acr_of(sqlite_issuer, await send(sqlite_issuer.http, page, code=code(sqlite_issuer)))


async def into(issuer, group):
    from sqlalchemy import update

    from mintmark.store import schema
    from mintmark.store.changes import Run

    await issuer.server.store.commit([Run(update(schema.people).values(groups=json.dumps([group])), {})])


async def test_who_has_not_set_up_what_is_demanded_is_told_where_to(issuer):
    await issuer.set_policy({"require_factors": ["second_factor"]}, at="client", name="web")
    await issuer.sign_in()
    page = await begin(issuer)
    other = await issuer.http.get(str(page.url) + "&another=1")

    assert 403 == page.status_code
    assert 'id="set-up"' in page.text
    assert "/account" in page.text
    assert 'name="password"' in other.text


async def test_the_factors_of_several_policies_are_all_demanded(sqlite_issuer):
    await sqlite_issuer.set_policy({"require_factors": ["passkey"]}, at="client", name="web")
    await sqlite_issuer.set_policy({"require_factors": ["totp"]})
    await with_password(sqlite_issuer)
    await give_passkey(sqlite_issuer)
    page = await begin(sqlite_issuer)
    half = await send(sqlite_issuer.http, page, factor="totp", code=code(sqlite_issuer), credential=None)
    second = await to(sqlite_issuer, half)
    done = await send(sqlite_issuer.http, second, factor="passkey", credential="signed")

    assert "step=" in half.headers["location"]
    assert RESISTANT == await acr_of(sqlite_issuer, done)


async def test_a_policy_that_demands_more_by_now_ends_refreshing_and_userinfo_says_what_it_wants(issuer):
    tokens = await issuer.tokens()
    await issuer.set_policy({"require_factors": ["second_factor"]})
    refused = await issuer.refresh(tokens["refresh_token"])
    told = await issuer.http.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})
    await issuer.set_policy({"require_factors": []})
    again = await issuer.refresh(tokens["refresh_token"])

    assert (400, "invalid_grant") == (refused.status_code, refused.json()["error"])
    assert 401 == told.status_code
    challenge = told.headers["www-authenticate"]
    assert 'error="insufficient_user_authentication"' in challenge
    assert f'acr_values="{TWO} {RESISTANT}"' in challenge
    assert "max_age" not in challenge
    assert 200 == again.status_code


async def test_a_level_of_the_operators_own_is_offered_and_kept_fresh(sqlite_database):
    from tests.issuer import start

    levels = json.dumps({TWO: {"kinds": 2, "fresh": "1h"}, "urn:gold": {"kinds": 2, "factors": ["totp", "password"]}})
    async for issuer in start(sqlite_database, MINTMARK_ACR_LEVELS=levels):
        await give(issuer)
        await send(issuer.http, await second_page(issuer), code=code(issuer))
        document = (await issuer.http.get("/.well-known/openid-configuration")).json()
        got = await issuer.go_on(issuer.http, await begin(issuer, claims=essential(TWO)))
        tokens = (await issuer.redeem(got["code"])).json()
        await issuer.set_policy({"require_factors": ["second_factor"], "access_token_lifetime": "5h"})
        issuer.later(minutes=9)
        fresh = await issuer.http.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})

        assert [ONE, TWO, RESISTANT, "urn:gold"] == document["acr_values_supported"]
        assert TWO == claims(tokens["id_token"])["acr"]
        assert 200 == fresh.status_code
        issuer.later(hours=1)
        page = await begin(issuer, claims=essential(TWO))
        assert 'name="password"' in page.text


# ── the password grant has no room for a second factor


async def test_the_password_grant_refuses_whoever_has_or_needs_a_second_factor(issuer):
    form = {"grant_type": "password", "username": "alice", "password": PASSWORD, "scope": "api:read"}
    assert 200 == (await issuer.token(**form)).status_code

    await issuer.set_policy({"require_factors": ["second_factor"]})
    needs = await issuer.token(**form)
    await issuer.set_policy({"require_factors": []})
    await give(issuer)
    has = await issuer.token(**form)

    assert [(400, "invalid_grant")] * 2 == [(one.status_code, one.json()["error"]) for one in (needs, has)]


async def test_a_second_tab_that_asked_for_less_is_not_held_up(sqlite_issuer):
    await with_password(sqlite_issuer)
    asked = await begin(sqlite_issuer, claims=essential(TWO))

    assert ONE == await acr_of(sqlite_issuer, await begin(sqlite_issuer))
    assert 'name="code"' in asked.text
