"""Single claims by the `claims` parameter: asked of the person, told at UserInfo and in ID tokens (OIDC Core §5.5)."""

import json

import pytest

from mintmark.keys import jwt
from mintmark.store import people
from tests.issuer import ALICE, PASSWORD, boxes, claims, hidden

NAME = {"userinfo": {"name": {"essential": True}}}
MAIL = {"userinfo": {"email": None}, "id_token": {"email": {"essential": True}, "phone_number": {"essential": True}}}


async def userinfo(issuer, tokens):
    answer = await issuer.http.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})
    assert 200 == answer.status_code, answer.text
    return answer.json()


async def tokens_of(issuer, asked, scope="openid", **changed):
    return await issuer.tokens(scope=scope, claims=json.dumps(asked), **changed)


async def test_an_essential_claim_is_told_at_userinfo_without_its_scope(issuer):
    tokens = await tokens_of(issuer, NAME)

    assert "openid" == tokens["scope"]
    assert {"sub": ALICE, "name": "Alice Example"} == await userinfo(issuer, tokens)
    assert "name" not in claims(tokens["id_token"])


async def test_what_is_asked_for_in_the_id_token_is_told_there_and_again_after_a_refresh(issuer):
    tokens = await tokens_of(issuer, MAIL)
    again = (await issuer.refresh(tokens["refresh_token"])).json()

    for one in (tokens, again):
        assert "alice@example.org" == claims(one["id_token"])["email"]
        assert "email_verified" not in claims(one["id_token"])
        assert "phone_number" not in claims(one["id_token"])  # nobody knows it, essential or not
        assert {"sub": ALICE, "email": "alice@example.org"} == await userinfo(issuer, one)
        assert "openid" == one["scope"]


async def test_the_person_is_asked_for_the_scope_that_owns_the_claim_and_may_say_no(sqlite_issuer):
    await sqlite_issuer.sign_in()
    request = sqlite_issuer.request(scope="openid", claims=json.dumps(MAIL))
    asked = await sqlite_issuer.http.get("/authorize", params=request)
    page = await sqlite_issuer.http.get(asked.headers["location"])
    answer = await sqlite_issuer.http.post("/consent", data={**hidden(page.text), "decision": "allow"})
    got = await sqlite_issuer.go_on(sqlite_issuer.http, answer)
    tokens = (await sqlite_issuer.redeem(got["code"])).json()

    assert ["email"] == boxes(page.text)
    assert {"sub": ALICE} == await userinfo(sqlite_issuer, tokens)
    assert "email" not in claims(tokens["id_token"])


async def test_what_was_allowed_is_remembered_and_more_is_asked(sqlite_issuer):
    await tokens_of(sqlite_issuer, MAIL)
    silent = await tokens_of(sqlite_issuer, MAIL, prompt="none")
    more = await sqlite_issuer.authorize(scope="openid", claims=json.dumps(NAME), prompt="none")

    assert "alice@example.org" == claims(silent["id_token"])["email"]
    assert "consent_required" == more["error"]


async def test_a_claim_of_a_scope_that_the_client_lacks_is_neither_asked_nor_told(sqlite_issuer):
    await sqlite_issuer.change_client("web", scope="openid")
    tokens = await tokens_of(sqlite_issuer, {**NAME, **MAIL})

    assert {"sub": ALICE} == await userinfo(sqlite_issuer, tokens)


async def test_nothing_that_the_protocol_says_can_be_asked_away(sqlite_issuer):
    names = ("iss", "sub", "aud", "exp", "iat", "nonce", "acr", "amr", "auth_time", "sid", "at_hash")
    tokens = await tokens_of(sqlite_issuer, {"id_token": dict.fromkeys(names)})
    told = claims(tokens["id_token"])

    assert set(names) <= told.keys()
    assert (ALICE, "web", "the-nonce") == tuple(told[name] for name in ("sub", "aud", "nonce"))


async def test_a_claim_with_another_value_than_asked_for_is_not_told(sqlite_issuer):
    asked = {"userinfo": {"name": {"value": "Bob"}, "department": {"values": ["R&D", "HR"]}}}

    assert {"sub": ALICE, "department": "R&D"} == await userinfo(sqlite_issuer, await tokens_of(sqlite_issuer, asked))


async def test_claims_come_in_the_languages_that_are_asked_for(sqlite_issuer):
    server = sqlite_issuer.server
    languages = '{"name#ja": "\\u30dc\\u30d6", "name#de": "Bobo"}'
    record = people.Record("bob", "bob", None, None, '{"name": "Bob"}', languages, ())
    await server.store.commit([people.add("id-of-bob", record, await server.hashing.hash(PASSWORD), server.clock())])
    by_name = await tokens_of(sqlite_issuer, {"userinfo": {"name": None, "name#ja": None}}, username="bob")
    by_locale = await tokens_of(sqlite_issuer, {"id_token": {"name": None}}, username="bob", claims_locales="fr DE de")
    told = claims(by_locale["id_token"])

    assert {"sub": "id-of-bob", "name": "Bob", "name#ja": "ボブ"} == await userinfo(sqlite_issuer, by_name)
    assert ("Bob", "Bobo", None) == (told["name"], told["name#de"], told.get("name#ja"))


async def test_another_person_than_sub_names_is_login_required(sqlite_issuer):
    await sqlite_issuer.add_person("bob")
    alice = {"id_token": {"sub": {"value": ALICE}}}
    hers = await sqlite_issuer.authorize(scope="openid", claims=json.dumps(alice))
    browser = sqlite_issuer.browser()
    await sqlite_issuer.sign_in(browser, "bob")
    silent = await sqlite_issuer.authorize(browser=browser, scope="openid", claims=json.dumps(alice), prompt="none")
    his = await sqlite_issuer.authorize(browser=browser, username="bob", scope="openid", claims=json.dumps(alice))

    assert "code" in hers
    assert ("login_required", "login_required") == (silent["error"], his["error"])


@pytest.mark.parametrize(
    ("acr", "error"),
    [
        ({"essential": True, "values": ["urn:mintmark:acr:1", "urn:mintmark:acr:2"]}, None),
        ({"essential": True, "value": "urn:mintmark:acr:1"}, None),
        ({"essential": True}, None),
        ({"values": ["urn:nobody:knows"]}, None),
        ({"essential": True, "values": ["urn:mintmark:acr:phr"]}, "unmet_authentication_requirements"),
    ],
)
async def test_an_essential_acr_is_met_or_refused(sqlite_issuer, acr, error):
    asked = json.dumps({"id_token": {"acr": acr}})
    got = await sqlite_issuer.authorize(scope="openid", claims=asked, acr_values="urn:nobody:knows")

    assert error == got.get("error")
    if error is None:
        tokens = (await sqlite_issuer.redeem(got["code"])).json()
        assert "urn:mintmark:acr:1" == claims(tokens["id_token"])["acr"]


async def test_auth_time_is_there_whether_it_is_essential_or_not(sqlite_issuer):
    tokens = await tokens_of(sqlite_issuer, {"id_token": {"auth_time": {"essential": True}}})

    assert claims(tokens["id_token"])["auth_time"] == claims((await sqlite_issuer.tokens())["id_token"])["auth_time"]


async def test_without_openid_no_claim_is_told(sqlite_issuer):
    got = await sqlite_issuer.authorize(scope="api:read", claims=json.dumps(NAME))
    tokens = (await sqlite_issuer.redeem(got["code"])).json()

    assert "api:read" == tokens["scope"]
    assert "id_token" not in tokens


async def test_a_pairwise_client_names_people_as_it_knows_them(sqlite_issuer):
    await sqlite_issuer.change_client("web", subject_type="pairwise")
    first = await sqlite_issuer.tokens(scope="openid")
    name = claims(first["id_token"])["sub"]

    async def silent(**changed):
        return await sqlite_issuer.authorize(scope="openid", prompt="none", **changed)

    hers = await silent(claims=json.dumps({"id_token": {"sub": {"value": name}}}))
    hinted = await silent(id_token_hint=first["id_token"])
    public = await silent(claims=json.dumps({"userinfo": {"sub": {"value": ALICE}}}))

    assert ALICE != name
    assert ["code" in hers, "code" in hinted] == [True, True]
    assert "login_required" == public["error"]


async def test_a_hint_may_be_for_several_and_must_be_for_this_client(sqlite_issuer):
    tokens = await sqlite_issuer.tokens(scope="openid")
    key = sqlite_issuer.server.registry.ring.signer("RS256", sqlite_issuer.server.clock())
    errors = []
    for audience in (["other", "web"], ["other"], [], "other", {"web": 1}, None):
        hint = jwt.sign(key, "JWT", {**claims(tokens["id_token"]), "aud": audience})
        got = await sqlite_issuer.authorize(scope="openid", prompt="none", id_token_hint=hint)
        errors.append(got.get("error"))

    assert [None] + ["login_required"] * 5 == errors


async def test_a_posted_request_may_ask_for_claims(sqlite_issuer):
    answer = await sqlite_issuer.http.post(
        "/authorize", data=sqlite_issuer.request(scope="openid", claims=json.dumps(NAME))
    )
    got = await sqlite_issuer.go_on(sqlite_issuer.http, answer)
    told = await userinfo(sqlite_issuer, (await sqlite_issuer.redeem(got["code"])).json())

    assert "Alice Example" == told["name"]
