"""The refresh promise of the contract, on both databases."""

import asyncio

from tests.issuer import API, SECRET, claims


async def test_fifty_at_once_get_one_heir(issuer):
    tokens = await issuer.tokens()
    answers = await asyncio.gather(*(issuer.refresh(tokens["refresh_token"]) for _ in range(50)))

    assert {200} == {answer.status_code for answer in answers}
    assert 1 == len({answer.json()["refresh_token"] for answer in answers})


async def test_a_token_presented_again_within_the_grace_gets_the_same_heir(issuer):
    tokens = await issuer.tokens()
    first = await issuer.refresh(tokens["refresh_token"])
    issuer.later(seconds=29)
    again = await issuer.refresh(tokens["refresh_token"])

    assert 200 == again.status_code
    assert first.json()["refresh_token"] == again.json()["refresh_token"]


async def test_a_token_presented_after_the_grace_ends_the_authorization(issuer):
    tokens = await issuer.tokens()
    heir = (await issuer.refresh(tokens["refresh_token"])).json()
    issuer.later(seconds=31)
    reused = await issuer.refresh(tokens["refresh_token"])

    assert 400 == reused.status_code
    assert "invalid_grant" == reused.json()["error"]
    assert "invalid_grant" == (await issuer.refresh(heir["refresh_token"])).json()["error"]
    assert {"active": False} == await issuer.introspect(heir["access_token"])


async def test_a_token_presented_after_its_heir_was_used_ends_the_authorization(issuer):
    tokens = await issuer.tokens()
    heir = (await issuer.refresh(tokens["refresh_token"])).json()
    newest = (await issuer.refresh(heir["refresh_token"])).json()
    reused = await issuer.refresh(tokens["refresh_token"])

    assert "invalid_grant" == reused.json()["error"]
    assert {"active": False} == await issuer.introspect(newest["access_token"])


async def test_a_wider_scope_leaves_the_token_unspent(issuer):
    tokens = await issuer.tokens(scope="openid offline_access api:read")
    wider = await issuer.refresh(tokens["refresh_token"], scope="openid api:read api:write")
    right = await issuer.refresh(tokens["refresh_token"])

    assert "invalid_scope" == wider.json()["error"]
    assert 200 == right.status_code


async def test_another_client_leaves_the_token_unspent(issuer):
    tokens = await issuer.tokens()
    foreign = await issuer.refresh(tokens["refresh_token"], client="other")
    right = await issuer.refresh(tokens["refresh_token"])

    assert "invalid_grant" == foreign.json()["error"]
    assert 200 == right.status_code


# ── who may not


async def test_a_disabled_persons_refresh_is_an_invalid_grant_for_good(issuer):
    tokens = await issuer.tokens()
    await issuer.disable_person()
    disabled = await issuer.refresh(tokens["refresh_token"])
    issuer.later(seconds=1)
    await issuer.enable_person()
    enabled = await issuer.refresh(tokens["refresh_token"])

    assert [(400, "invalid_grant")] * 2 == [(one.status_code, one.json()["error"]) for one in (disabled, enabled)]


async def test_a_disabled_client_hears_invalid_client_and_enabling_it_revives_nothing(issuer):
    tokens = await issuer.tokens()
    await issuer.disable_client("web")
    disabled = await issuer.refresh(tokens["refresh_token"])
    issuer.later(seconds=1)
    await issuer.enable_client("web")
    enabled = await issuer.refresh(tokens["refresh_token"])

    assert (401, "invalid_client") == (disabled.status_code, disabled.json()["error"])
    assert (400, "invalid_grant") == (enabled.status_code, enabled.json()["error"])


async def test_without_offline_access_a_refresh_token_dies_with_its_session(issuer):
    online = await issuer.tokens(scope="openid api:read")
    offline = await issuer.tokens(scope="openid offline_access")
    await issuer.end_session((await issuer.sids())[0])

    assert "invalid_grant" == (await issuer.refresh(online["refresh_token"])).json()["error"]
    assert 200 == (await issuer.refresh(offline["refresh_token"])).status_code


async def test_refreshing_goes_on_while_the_browser_idles_and_stops_at_the_sessions_end(issuer):
    tokens = await issuer.tokens(scope="openid api:read")
    issuer.later(hours=9)  # idle for longer than session_idle
    idle = await issuer.refresh(tokens["refresh_token"])
    issuer.later(hours=14, minutes=55)
    last = await issuer.refresh(idle.json()["refresh_token"])
    issuer.later(minutes=5)
    over = await issuer.refresh(last.json()["refresh_token"])

    assert [200, 200] == [idle.status_code, last.status_code]
    assert 300 == last.json()["expires_in"]
    assert "invalid_grant" == over.json()["error"]


async def test_revoking_any_member_of_the_chain_ends_it_and_no_kept_answer_is_handed_out(issuer):
    tokens = await issuer.tokens()
    heir = (await issuer.refresh(tokens["refresh_token"])).json()
    form = {"token": tokens["refresh_token"]}
    revoked = await issuer.http.post("/revoke", data=form, auth=("web", SECRET))
    again = await issuer.refresh(tokens["refresh_token"])

    assert 200 == revoked.status_code
    assert "invalid_grant" == again.json()["error"]
    assert "invalid_grant" == (await issuer.refresh(heir["refresh_token"])).json()["error"]
    assert {"active": False} == await issuer.introspect(heir["access_token"])


async def test_a_revocation_that_races_leaves_no_token_after_it_was_acknowledged(issuer):
    tokens = [await issuer.tokens(scope="openid offline_access api:read")]
    tokens += [await issuer.tokens(scope="openid offline_access api:read") for _ in range(9)]

    async def revoke(token):
        return await issuer.http.post("/revoke", data={"token": token}, auth=("web", SECRET))

    for one in tokens:
        old = one["refresh_token"]
        answers = await asyncio.gather(*(issuer.refresh(old) for _ in range(4)), revoke(old), issuer.refresh(old))
        got = [answer.json()["access_token"] for answer in answers if b"access_token" in answer.content]

        assert 200 == answers[4].status_code
        assert [{"active": False}] * len(got) == [await issuer.introspect(token) for token in got]
        assert "invalid_grant" == (await issuer.refresh(old)).json()["error"]


async def test_a_strangers_reuse_and_a_damaged_token_end_nothing(issuer):
    tokens = await issuer.tokens()
    heir = (await issuer.refresh(tokens["refresh_token"])).json()
    issuer.later(minutes=5)
    stranger = await issuer.refresh(tokens["refresh_token"], client="other")
    damaged = await issuer.refresh(tokens["refresh_token"][:-1] + "~")

    assert ["invalid_grant"] * 2 == [stranger.json()["error"], damaged.json()["error"]]
    assert 200 == (await issuer.refresh(heir["refresh_token"])).status_code


async def test_a_refused_retry_within_the_grace_leaves_the_honest_one_its_heir(issuer):
    tokens = await issuer.tokens(scope="openid offline_access api:read")
    first = await issuer.refresh(tokens["refresh_token"])
    refused = await issuer.refresh(tokens["refresh_token"], scope="api:write")
    elsewhere = await issuer.refresh(tokens["refresh_token"], resource="https://unknown.example")
    again = await issuer.refresh(tokens["refresh_token"])

    assert ["invalid_scope", "invalid_target"] == [refused.json()["error"], elsewhere.json()["error"]]
    assert first.json()["refresh_token"] == again.json()["refresh_token"]


async def test_a_use_of_the_heir_counts_only_when_it_succeeded(issuer):
    tokens = await issuer.tokens()
    heir = (await issuer.refresh(tokens["refresh_token"])).json()["refresh_token"]
    await issuer.refresh(heir, scope="api:read api:unknown")
    await issuer.introspect(heir, client="web")
    again = await issuer.refresh(tokens["refresh_token"])

    assert heir == again.json()["refresh_token"]


async def test_within_the_grace_an_expired_predecessor_still_gets_its_heir(issuer):
    await issuer.set_policy({"refresh_token_idle": "1m"})
    tokens = await issuer.tokens()
    issuer.later(seconds=50)
    first = await issuer.refresh(tokens["refresh_token"])
    issuer.later(seconds=20)
    again = await issuer.refresh(tokens["refresh_token"])

    assert 200 == again.status_code
    assert first.json()["refresh_token"] == again.json()["refresh_token"]


# ── what comes of it


async def test_a_narrowed_refresh_keeps_the_whole_grant(issuer):
    tokens = await issuer.tokens(scope="openid offline_access api:read api:write")
    narrow = (await issuer.refresh(tokens["refresh_token"], scope="api:read")).json()
    whole = (await issuer.refresh(narrow["refresh_token"])).json()

    assert ("api:read", API) == (narrow["scope"], claims(narrow["access_token"])["aud"])
    assert "id_token" not in narrow
    assert "openid offline_access api:read api:write" == whole["scope"]
    assert "id_token" in whole


async def test_a_refreshed_id_token_has_no_nonce_and_the_same_sign_in(issuer):
    tokens = await issuer.tokens()
    issuer.later(minutes=5)
    first, later = (
        claims(tokens["id_token"]),
        claims((await issuer.refresh(tokens["refresh_token"])).json()["id_token"]),
    )

    assert "nonce" not in later
    assert {first[name] for name in ("iss", "sub", "aud", "sid")} == {
        later[name] for name in ("iss", "sub", "aud", "sid")
    }
    assert first["auth_time"] == later["auth_time"]
    assert 300 == later["iat"] - first["iat"]


async def test_a_resource_at_refresh_narrows_the_token_and_not_the_grant(issuer):
    tokens = await issuer.tokens()
    api = (await issuer.refresh(tokens["refresh_token"], resource=API)).json()
    own = (await issuer.refresh(api["refresh_token"], resource=issuer.url)).json()
    both = (await issuer.refresh(own["refresh_token"])).json()

    assert API == claims(api["access_token"])["aud"]
    assert issuer.url == claims(own["access_token"])["aud"]
    assert {API, issuer.url} == set(claims(both["access_token"])["aud"])
    assert 401 == (await bearer(issuer, api["access_token"])).status_code
    assert 200 == (await bearer(issuer, own["access_token"])).status_code


async def test_the_refresh_door_is_the_same_code(issuer):
    tokens = await issuer.tokens()
    heir = await issuer.http.post("/refresh", data={"refresh_token": tokens["refresh_token"]}, auth=("web", SECRET))
    again = await issuer.refresh(tokens["refresh_token"])
    nothing = await issuer.http.post("/refresh", data={}, auth=("web", SECRET))

    assert heir.json()["refresh_token"] == again.json()["refresh_token"]
    assert "no-store" == heir.headers["cache-control"]
    assert (400, "invalid_request") == (nothing.status_code, nothing.json()["error"])


async def test_a_public_client_refreshes_with_its_name_alone(issuer):
    tokens = await issuer.tokens("spa")
    heir = await issuer.refresh(tokens["refresh_token"], client="spa")

    assert 200 == heir.status_code
    assert tokens["refresh_token"] != heir.json()["refresh_token"]


async def test_what_a_client_lost_of_its_scope_is_not_refreshed(issuer):
    tokens = await issuer.tokens()
    await issuer.change_client("web", scope="openid offline_access api:read")
    heir = (await issuer.refresh(tokens["refresh_token"])).json()

    assert "openid offline_access api:read" == heir["scope"]


# ── policies


async def test_rotation_keep_answers_with_the_same_token_and_prolongs_it(issuer):
    await issuer.set_policy({"rotation": "keep", "refresh_token_idle": "10m"}, at="client", name="web")
    tokens = await issuer.tokens()
    for _ in range(3):
        issuer.later(minutes=9)
        kept = await issuer.refresh(tokens["refresh_token"])

        assert tokens["refresh_token"] == kept.json()["refresh_token"]
    issuer.later(minutes=10)

    assert "invalid_grant" == (await issuer.refresh(tokens["refresh_token"])).json()["error"]


async def test_fifty_at_once_under_keep_all_hear_200_or_try_again(issuer):
    await issuer.set_policy({"rotation": "keep"}, at="client", name="web")
    tokens = await issuer.tokens()
    answers = await asyncio.gather(*(issuer.refresh(tokens["refresh_token"]) for _ in range(50)))

    assert {200, 503} >= {answer.status_code for answer in answers}
    assert {tokens["refresh_token"]} == {one.json()["refresh_token"] for one in answers if 200 == one.status_code}


async def test_a_refresh_token_ends_when_it_is_idle_too_long_and_in_any_case_at_its_lifetime(issuer):
    await issuer.set_policy({"refresh_token_idle": "1h", "refresh_token_lifetime": "2h"})
    idle = (await issuer.tokens())["refresh_token"]
    kept = (await issuer.tokens())["refresh_token"]
    issuer.later(minutes=50)
    kept = (await issuer.refresh(kept)).json()["refresh_token"]
    issuer.later(minutes=50)
    late = await issuer.refresh(idle)
    kept = (await issuer.refresh(kept)).json()["refresh_token"]
    issuer.later(minutes=20)
    over = await issuer.refresh(kept)

    assert ["invalid_grant"] * 2 == [late.json()["error"], over.json()["error"]]


async def test_nothing_is_refreshed_past_not_after_and_what_lives_is_dead(issuer):
    tokens = await issuer.tokens()
    await issuer.set_policy({"not_after": "2026-11-25T12:30:00Z"})
    heir = (await issuer.refresh(tokens["refresh_token"])).json()
    issuer.later(minutes=30)
    over = await issuer.refresh(heir["refresh_token"])

    assert "invalid_grant" == over.json()["error"]
    assert {"active": False} == await issuer.introspect(heir["refresh_token"], client="web")
    await issuer.set_policy({"not_after": "2030-01-01"})
    assert 200 == (await issuer.refresh(heir["refresh_token"])).status_code


async def test_the_end_by_reuse_is_committed_and_audited_before_it_is_answered(issuer):
    tokens = await issuer.tokens()
    heir = (await issuer.refresh(tokens["refresh_token"])).json()
    issuer.later(minutes=1)
    racing, reused = await asyncio.gather(
        issuer.refresh(heir["refresh_token"]), issuer.refresh(tokens["refresh_token"])
    )
    got = [racing.json()["access_token"]] if 200 == racing.status_code else []

    assert (400, "invalid_grant") == (reused.status_code, reused.json()["error"])
    assert [{"active": False}] * len(got) == [await issuer.introspect(token) for token in got]
    assert {"refresh_token_reused", "authorization_ended"} <= set(await issuer.audited())


async def bearer(issuer, token):
    return await issuer.http.get("/userinfo", headers={"authorization": f"Bearer {token}"})
