"""UserInfo: what the scopes of a token tell (OIDC Core §5.3, RFC 6750)."""

import json

from tests.issuer import ALICE, API

FULL = {
    "name": "Alice Example", "given_name": "Alice", "phone_number": "+49 30 1", "phone_number_verified": True,
    "address": {"formatted": "Harbour 1", "country": "DE"}, "locale": "de",
}  # fmt: skip


async def asked(issuer, token, **more):
    return await issuer.http.get("/userinfo", headers={"authorization": f"Bearer {token}"}, **more)


async def told(issuer, scope):
    token = (await issuer.tokens(scope=scope))["access_token"]
    return (await asked(issuer, token)).json()


async def test_get_and_post_tell_the_same(sqlite_issuer):
    tokens = await sqlite_issuer.tokens()
    header = {"authorization": f"Bearer {tokens['access_token']}"}
    got = await asked(sqlite_issuer, tokens["access_token"])
    posted = await sqlite_issuer.http.post("/userinfo", headers=header)
    body = await sqlite_issuer.http.post("/userinfo", data={"access_token": tokens["access_token"]})
    lower = await sqlite_issuer.http.get("/userinfo", headers={"authorization": f"bEARER {tokens['access_token']}"})

    assert got.json() == posted.json() == body.json() == lower.json()
    assert (200, "application/json", "no-store", "*") == (
        got.status_code, got.headers["content-type"], got.headers["cache-control"],
        got.headers["access-control-allow-origin"],
    )  # fmt: skip
    assert ALICE == got.json()["sub"]


async def test_each_scope_tells_its_claims_and_what_is_not_known_is_left_out(sqlite_issuer):
    await sqlite_issuer.change_client("web", scope="openid profile email address phone groups")
    plain, profile = await told(sqlite_issuer, "openid"), await told(sqlite_issuer, "openid profile")
    email, groups = await told(sqlite_issuer, "openid email"), await told(sqlite_issuer, "openid groups")
    nothing = await told(sqlite_issuer, "openid address phone")

    assert {"sub"} == set(plain) == set(nothing)
    assert {"sub", "name", "given_name", "family_name", "preferred_username", "updated_at", "department"} == set(
        profile
    )
    assert {"sub": ALICE, "email": "alice@example.org", "email_verified": True} == email
    assert {"sub": ALICE, "groups": ["staff"]} == groups


async def test_address_and_phone_come_with_their_scopes(sqlite_issuer):
    await sqlite_issuer.change_client("web", scope="openid profile address phone")
    await sqlite_issuer.add_person("full", claims=FULL)
    browser = sqlite_issuer.browser()
    token = (await sqlite_issuer.tokens(browser=browser, username="full", scope="openid address phone"))["access_token"]
    said = (await asked(sqlite_issuer, token)).json()

    assert {"sub", "address", "phone_number", "phone_number_verified"} == set(said)
    assert {"formatted": "Harbour 1", "country": "DE"} == said["address"]
    assert "null" not in json.dumps(said)


async def test_without_credentials_the_challenge_names_no_error(sqlite_issuer):
    answer = await sqlite_issuer.http.get("/userinfo")

    assert 401 == answer.status_code
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert "error" not in answer.headers["www-authenticate"]
    assert "*" == answer.headers["access-control-allow-origin"]


async def test_a_token_that_is_not_good_is_challenged_with_invalid_token(sqlite_issuer):
    tokens = await sqlite_issuer.tokens()
    sqlite_issuer.later(minutes=10)
    bad = [tokens["access_token"], tokens["id_token"], tokens["refresh_token"], "x", "mma_x", "a.b.c"]
    for token in bad:
        answer = await asked(sqlite_issuer, token)

        assert (401, "invalid_token") == (answer.status_code, answer.json()["error"])
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        assert token not in answer.text


async def test_a_token_for_named_resources_is_refused_unless_the_issuer_is_among_them(sqlite_issuer):
    api = (await sqlite_issuer.tokens(resource=API))["access_token"]
    own = (await sqlite_issuer.tokens(resource=sqlite_issuer.url))["access_token"]
    client = (await sqlite_issuer.token(grant_type="client_credentials")).json()["access_token"]

    assert [401, 200, 401] == [(await asked(sqlite_issuer, token)).status_code for token in (api, own, client)]


async def test_without_openid_the_scope_is_insufficient(sqlite_issuer):
    token = (await sqlite_issuer.tokens(scope="profile"))["access_token"]
    answer = await asked(sqlite_issuer, token)

    assert (403, "insufficient_scope") == (answer.status_code, answer.json()["error"])
    assert 'scope="openid"' in answer.headers["www-authenticate"]


async def test_a_token_in_the_address_or_in_two_places_is_refused(sqlite_issuer):
    token = (await sqlite_issuer.tokens())["access_token"]
    query = await sqlite_issuer.http.get("/userinfo", params={"access_token": token})
    both = await sqlite_issuer.http.post(
        "/userinfo", data={"access_token": token}, headers={"authorization": f"Bearer {token}"}
    )

    assert [(400, "invalid_request")] * 2 == [(one.status_code, one.json()["error"]) for one in (query, both)]
    assert 'error="invalid_request"' in query.headers["www-authenticate"]


async def test_a_disabled_person_is_told_of_no_more(issuer):
    token = (await issuer.tokens())["access_token"]
    await issuer.disable_person()

    assert 401 == (await asked(issuer, token)).status_code


async def test_a_refusal_at_userinfo_stands_in_the_log(sqlite_issuer):
    await asked(sqlite_issuer, "x")

    assert ("/userinfo", "invalid_token") in sqlite_issuer.refusals("door", "error")
