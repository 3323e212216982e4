"""The refresh promise of the contract, on both databases."""

import asyncio


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
