"""The revocation door: 200 for whatever is over afterwards, and nothing done to a stranger's (RFC 7009 §2)."""

import asyncio

from tests.issuer import SECRET


async def revoke(issuer, token, client="web", **form):
    return await issuer.http.post("/revoke", data={"token": token, **form}, auth=(client, SECRET))


async def test_a_refresh_token_takes_everything_of_its_grant_with_it(issuer):
    tokens = await issuer.tokens()
    answer = await revoke(issuer, tokens["refresh_token"], token_type_hint="access_token")

    assert (200, b"", "no-store") == (answer.status_code, answer.content, answer.headers["cache-control"])
    assert {"active": False} == await issuer.introspect(tokens["access_token"])
    assert "invalid_grant" == (await issuer.refresh(tokens["refresh_token"])).json()["error"]
    assert "authorization_ended" in await issuer.audited()


async def test_an_access_token_goes_alone(issuer):
    for format in ("jwt", "opaque"):
        await issuer.set_policy({"access_token_format": format})
        tokens = await issuer.tokens()
        heir = (await issuer.refresh(tokens["refresh_token"])).json()
        answer = await revoke(issuer, tokens["access_token"])

        assert 200 == answer.status_code
        assert {"active": False} == await issuer.introspect(tokens["access_token"])
        assert (await issuer.introspect(heir["access_token"]))["active"]
        assert 200 == (await issuer.refresh(heir["refresh_token"])).status_code


async def test_unknown_foreign_and_revoked_tokens_are_all_answered_200_and_change_nothing(issuer):
    tokens = await issuer.tokens()
    before = await issuer.rows()
    for token in ("x", "mmr_unknown", "mma_unknown", "a.b.c", tokens["id_token"]):
        assert 200 == (await revoke(issuer, token)).status_code
    for token in (tokens["refresh_token"], tokens["access_token"]):
        assert 200 == (await revoke(issuer, token, "other")).status_code

    assert before == await issuer.rows()
    assert (await issuer.introspect(tokens["access_token"]))["active"]


async def test_twice_and_at_once_is_once(issuer):
    tokens = await issuer.tokens()
    many = [revoke(issuer, tokens[name]) for name in ("refresh_token", "access_token") for _ in range(10)]
    answers = await asyncio.gather(*many)
    again = [await revoke(issuer, tokens[name]) for name in ("refresh_token", "access_token")]

    assert {200} == {answer.status_code for answer in [*answers, *again]}
    assert 1 == (await issuer.audited()).count("authorization_ended")


async def test_a_public_client_revokes_its_own_by_its_name(sqlite_issuer):
    tokens = await sqlite_issuer.tokens("spa")
    answer = await sqlite_issuer.http.post("/revoke", data={"token": tokens["refresh_token"], "client_id": "spa"})

    assert 200 == answer.status_code
    assert "invalid_grant" == (await sqlite_issuer.refresh(tokens["refresh_token"], client="spa")).json()["error"]


async def test_any_origin_may_revoke(sqlite_issuer):
    answer = await revoke(sqlite_issuer, "x")

    assert "*" == answer.headers["access-control-allow-origin"]


async def test_a_missing_token_is_an_invalid_request(sqlite_issuer):
    answer = await revoke(sqlite_issuer, "")

    assert (400, "invalid_request") == (answer.status_code, answer.json()["error"])


async def test_a_token_that_expired_is_answered_200_and_writes_nothing(sqlite_issuer):
    tokens = await sqlite_issuer.tokens()
    sqlite_issuer.later(hours=1)
    before = await sqlite_issuer.rows()

    assert 200 == (await revoke(sqlite_issuer, tokens["access_token"])).status_code
    assert before == await sqlite_issuer.rows()
