"""Authorization codes at the token door: one winner, and what does not burn them (RFC 6749 §4.1.3, RFC 7636 §4.6)."""

import asyncio

from tests.issuer import API, CALLBACK, SECRET, VERIFIER, claims


async def test_fifty_at_once_have_one_winner_and_then_everything_is_dead(issuer):
    code = await issuer.code()
    answers = await asyncio.gather(*(issuer.redeem(code) for _ in range(50)))
    winners = [answer.json() for answer in answers if 200 == answer.status_code]

    assert 1 == len(winners)
    assert {200, 400} == {answer.status_code for answer in answers}
    assert {"invalid_grant"} == {answer.json()["error"] for answer in answers if 400 == answer.status_code}
    assert {"active": False} == await issuer.introspect(winners[0]["access_token"])
    assert "invalid_grant" == (await issuer.refresh(winners[0]["refresh_token"])).json()["error"]


async def test_a_replay_ends_what_came_of_the_code(issuer):
    code = await issuer.code()
    tokens = (await issuer.redeem(code)).json()
    heir = (await issuer.refresh(tokens["refresh_token"])).json()
    issuer.later(minutes=10)
    replayed = await issuer.redeem(code)
    thrice = await issuer.redeem(code)

    assert [(400, "invalid_grant")] * 2 == [(one.status_code, one.json()["error"]) for one in (replayed, thrice)]
    assert {"active": False} == await issuer.introspect(heir["access_token"])
    assert "invalid_grant" == (await issuer.refresh(heir["refresh_token"])).json()["error"]
    assert 1 == (await issuer.audited()).count("code_replayed")


async def test_a_request_that_is_refused_does_not_burn_the_code(issuer):
    code = await issuer.code()
    refused = {
        "wrong verifier": await issuer.redeem(code, code_verifier="w" * 64),
        "no verifier": await issuer.redeem(code, code_verifier=None),
        "short verifier": await issuer.redeem(code, code_verifier="v"),
        "foreign client": await issuer.redeem(code, "other", redirect_uri=CALLBACK),
        "wrong address": await issuer.redeem(code, redirect_uri=CALLBACK + "?tenant=1"),
        "unknown resource": await issuer.redeem(code, resource="https://unknown.example"),
        "wrong secret": await issuer.http.post(
            "/token", data={"grant_type": "authorization_code", "code": code}, auth=("web", "wrong")
        ),
    }
    right = await issuer.redeem(code)

    assert {
        "wrong verifier": "invalid_grant", "no verifier": "invalid_grant", "short verifier": "invalid_grant",
        "foreign client": "invalid_grant", "wrong address": "invalid_grant", "unknown resource": "invalid_target",
        "wrong secret": "invalid_client",
    } == {name: answer.json()["error"] for name, answer in refused.items()}  # fmt: skip
    assert 200 == right.status_code


async def test_a_resource_that_was_not_granted_is_an_invalid_target(sqlite_issuer):
    await sqlite_issuer.add_resource("https://billing.example", ["billing:read"])
    code = await sqlite_issuer.code(resource=API)
    refused = await sqlite_issuer.redeem(code, resource="https://billing.example")
    issuer_refused = await sqlite_issuer.redeem(code, resource=sqlite_issuer.url)
    right = await sqlite_issuer.redeem(code)

    assert ["invalid_target"] * 2 == [refused.json()["error"], issuer_refused.json()["error"]]
    assert API == claims(right.json()["access_token"])["aud"]


async def test_a_resource_may_come_first_at_the_token_door(sqlite_issuer):
    first = await sqlite_issuer.redeem(await sqlite_issuer.code(), resource=API)
    own = await sqlite_issuer.redeem(await sqlite_issuer.code(), resource=sqlite_issuer.url)

    assert API == claims(first.json()["access_token"])["aud"]
    assert "id_token" in first.json()
    assert sqlite_issuer.url == claims(own.json()["access_token"])["aud"]
    assert "api:read" not in own.json()["scope"]


async def test_the_address_may_be_left_out_with_pkce_only(sqlite_issuer):
    await sqlite_issuer.set_policy({"require_pkce": False}, at="client", name="web")
    with_pkce = await sqlite_issuer.redeem(await sqlite_issuer.code(), redirect_uri=None)
    code = await sqlite_issuer.code(code_challenge=None, code_challenge_method=None)
    without = await sqlite_issuer.redeem(code, redirect_uri=None, code_verifier=None)
    sent = await sqlite_issuer.redeem(code, code_verifier=None)

    assert [200, 400, 200] == [answer.status_code for answer in (with_pkce, without, sent)]
    assert "invalid_grant" == without.json()["error"]


async def test_a_verifier_where_there_was_no_challenge_is_an_invalid_grant(sqlite_issuer):
    await sqlite_issuer.set_policy({"require_pkce": False}, at="client", name="web")
    code = await sqlite_issuer.code(code_challenge=None, code_challenge_method=None)
    answer = await sqlite_issuer.redeem(code, code_verifier=VERIFIER)

    assert "invalid_grant" == answer.json()["error"]
    assert 200 == (await sqlite_issuer.redeem(code, code_verifier=None)).status_code


async def test_a_code_lives_for_a_minute(issuer):
    early, late = await issuer.code(), await issuer.code()
    issuer.later(seconds=59)
    in_time = await issuer.redeem(early)
    issuer.later(seconds=1)
    over = await issuer.redeem(late)

    assert 200 == in_time.status_code
    assert (400, "invalid_grant") == (over.status_code, over.json()["error"])


async def test_an_unknown_code_is_an_invalid_grant_and_a_missing_one_an_invalid_request(sqlite_issuer):
    unknown = await sqlite_issuer.redeem("mmc_unknown")
    missing = await sqlite_issuer.redeem("")

    assert ["invalid_grant", "invalid_request"] == [unknown.json()["error"], missing.json()["error"]]


async def test_a_code_dies_with_its_session_its_person_and_its_client(issuer):
    session = await issuer.code(scope="openid api:read")
    await issuer.end_session((await issuer.sids())[0])
    first = await issuer.redeem(session)
    person = await issuer.code(browser=issuer.browser())
    await issuer.disable_person()
    second = await issuer.redeem(person)
    issuer.later(seconds=1)
    await issuer.enable_person()
    issuer.later(seconds=1)
    client = await issuer.code(browser=issuer.browser())
    await issuer.disable_client("web")
    third = await issuer.redeem(client)
    issuer.later(seconds=1)
    await issuer.enable_client("web")
    fourth = await issuer.redeem(client)

    answers = [first, second, third, fourth]
    assert ["invalid_grant", "invalid_grant", "invalid_client", "invalid_grant"] == [
        one.json()["error"] for one in answers
    ]


async def test_a_redirect_address_with_its_own_query_is_compared_whole(sqlite_issuer):
    got = await sqlite_issuer.authorize(redirect_uri=CALLBACK + "?tenant=1")
    wrong = await sqlite_issuer.redeem(got["code"])
    right = await sqlite_issuer.redeem(got["code"], redirect_uri=CALLBACK + "?tenant=1")

    assert "1" == got["tenant"]
    assert ["invalid_grant", 200] == [wrong.json()["error"], right.status_code]


async def test_a_spent_code_shown_by_a_stranger_ends_nothing(sqlite_issuer):
    code = await sqlite_issuer.code()
    tokens = (await sqlite_issuer.redeem(code)).json()
    await sqlite_issuer.redeem(code, "other", redirect_uri=CALLBACK)
    await sqlite_issuer.redeem(code, code_verifier="w" * 64)
    await sqlite_issuer.http.post("/token", data={"grant_type": "authorization_code", "code": code}, auth=("web", "x"))

    assert (await sqlite_issuer.introspect(tokens["access_token"]))["active"]
    assert 200 == (await sqlite_issuer.refresh(tokens["refresh_token"])).status_code


async def test_a_refusal_writes_nothing(issuer):
    code = await issuer.code()
    before = await issuer.rows()
    for changed in ({"code_verifier": "w" * 64}, {"redirect_uri": CALLBACK + "x"}, {"resource": "https://x.example"}):
        await issuer.redeem(code, **changed)
    await issuer.redeem(code, "other")
    await issuer.http.post(
        "/token", data={"grant_type": "authorization_code", "code": code}, auth=("web", SECRET + "x")
    )

    assert before == await issuer.rows()
