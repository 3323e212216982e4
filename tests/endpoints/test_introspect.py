"""The introspection door: what is true now, and nothing that is not the asker's (RFC 7662 §2)."""

import asyncio

from tests.issuer import ALICE, API, SECRET, untraced

INACTIVE = b'{"active":false}'
BILLING = "https://billing.example"


async def asked(issuer, token, client="api-server", **form):
    return await issuer.http.post("/introspect", data={"token": token, **form}, auth=(client, SECRET))


async def test_a_resource_server_is_told_its_part(sqlite_issuer):
    tokens = await sqlite_issuer.tokens()
    answer = await asked(sqlite_issuer, tokens["access_token"])
    said = answer.json()

    assert (200, "application/json", "no-store") == (
        answer.status_code, answer.headers["content-type"], answer.headers["cache-control"],
    )  # fmt: skip
    assert {
        "active": True, "iss": sqlite_issuer.url, "sub": ALICE, "client_id": "web", "aud": API, "username": "alice",
        "scope": "api:read api:write", "token_type": "Bearer",
    }.items() <= said.items()  # fmt: skip
    assert 600 == said["exp"] - said["iat"]
    assert None not in said.values()


async def test_each_resource_server_is_told_of_its_own_resource_alone(sqlite_issuer):
    await sqlite_issuer.add_client("billing", {"grant_types": []})
    await sqlite_issuer.add_resource(BILLING, ["billing:read"], ("billing",))
    await sqlite_issuer.change_client("web", scope="openid api:read billing:read")
    token = (await sqlite_issuer.tokens(scope="openid api:read billing:read"))["access_token"]
    api, billing = (await asked(sqlite_issuer, token)).json(), (await asked(sqlite_issuer, token, "billing")).json()

    assert (API, "api:read") == (api["aud"], api["scope"])
    assert (BILLING, "billing:read") == (billing["aud"], billing["scope"])


async def test_whatever_is_none_of_the_askers_business_is_exactly_inactive(sqlite_issuer):
    tokens = await sqlite_issuer.tokens()
    garbage = ["x", "mma_unknown", "mmr_unknown", "a.b.c", tokens["id_token"], tokens["access_token"] + "x", "é"]
    answers = [await asked(sqlite_issuer, token) for token in garbage]
    answers.append(await asked(sqlite_issuer, tokens["access_token"], "other"))
    answers.append(await asked(sqlite_issuer, tokens["access_token"], "web"))
    answers.append(await asked(sqlite_issuer, tokens["refresh_token"]))
    answers.append(await asked(sqlite_issuer, tokens["refresh_token"], "other"))

    assert {(200, INACTIVE)} == {(answer.status_code, answer.content) for answer in answers}


async def test_a_token_for_the_issuer_alone_is_shown_to_its_client(sqlite_issuer):
    token = (await sqlite_issuer.tokens(scope="openid email"))["access_token"]
    own = (await asked(sqlite_issuer, token, "web")).json()

    assert ("openid email", sqlite_issuer.url) == (own["scope"], own["aud"])
    assert INACTIVE == (await asked(sqlite_issuer, token, "other")).content
    assert INACTIVE == (await asked(sqlite_issuer, token)).content


async def test_a_client_sees_its_own_refresh_token_and_seeing_is_no_use(issuer):
    tokens, said = await issuer.tokens(), {}
    for _ in range(3):
        said = (await asked(issuer, tokens["refresh_token"], "web", token_type_hint="access_token")).json()
    heir = await issuer.refresh(tokens["refresh_token"])

    assert (True, "refresh_token", "web") == (said["active"], said["token_type"], said["client_id"])
    assert 200 == heir.status_code
    assert INACTIVE == (await asked(issuer, tokens["refresh_token"], "web")).content


async def test_public_clients_and_persons_tokens_are_no_credentials(sqlite_issuer):
    tokens = await sqlite_issuer.tokens("spa")
    public = await sqlite_issuer.http.post("/introspect", data={"token": tokens["access_token"], "client_id": "spa"})
    person = await sqlite_issuer.http.post(
        "/introspect",
        data={"token": tokens["access_token"]},
        headers={"authorization": f"Bearer {tokens['access_token']}"},
    )

    assert [401, 401] == [public.status_code, person.status_code]
    assert untraced(public)[1] == untraced(person)[1]


async def test_a_missing_token_is_an_invalid_request(sqlite_issuer):
    answer = await asked(sqlite_issuer, "")

    assert (400, "invalid_request") == (answer.status_code, answer.json()["error"])


async def test_a_token_is_inactive_from_the_instant_of_its_expiry(issuer):
    await issuer.set_policy({"access_token_format": "opaque"}, at="client", name="other")
    jwt = (await issuer.token(grant_type="client_credentials", scope="api:read")).json()["access_token"]
    opaque = (await issuer.token("other", grant_type="client_credentials", scope="api:read")).json()["access_token"]
    issuer.later(minutes=9, seconds=59)
    before = [(await asked(issuer, token)).json()["active"] for token in (jwt, opaque)]
    issuer.later(seconds=1)

    assert [True, True] == before
    assert [INACTIVE, INACTIVE] == [(await asked(issuer, token)).content for token in (jwt, opaque)]


async def test_jwt_and_opaque_die_at_once_with_whatever_they_hang_on(issuer):
    """Authorization, session, person, client, all ends at once (watermarks): each for a JWT and an opaque token."""
    for format in ("jwt", "opaque"):
        await issuer.set_policy({"access_token_format": format})

        async def token(**changed):
            issuer.later(seconds=1)
            return (await issuer.tokens(browser=issuer.browser(), **changed))["access_token"]

        session = await token(scope="openid api:read")
        assert (await issuer.introspect(session))["active"]
        await issuer.end_session((await issuer.sids())[-1])
        assert {"active": False} == await issuer.introspect(session)

        person = await token()
        await issuer.disable_person()
        assert {"active": False} == await issuer.introspect(person)
        await issuer.enable_person()
        assert {"active": False} == await issuer.introspect(person)

        client = await token()
        await issuer.disable_client("web")
        assert {"active": False} == await issuer.introspect(client)
        await issuer.enable_client("web")
        assert {"active": False} == await issuer.introspect(client)

        again = await token()
        assert (await issuer.introspect(again))["active"]


async def test_a_clients_own_token_dies_with_the_client(issuer):
    token = (await issuer.token(grant_type="client_credentials", scope="api:read")).json()["access_token"]
    await issuer.disable_client("web")
    disabled = await issuer.introspect(token)
    await issuer.enable_client("web")

    assert {"active": False} == disabled == await issuer.introspect(token)


async def test_resources_that_contradict_each_other_since_then_do_not_disturb_what_lives(sqlite_issuer):
    await sqlite_issuer.add_resource(BILLING, ["billing:read"])
    await sqlite_issuer.change_client("web", scope="api:read billing:read")
    token = (await sqlite_issuer.token(grant_type="client_credentials")).json()["access_token"]
    await sqlite_issuer.set_policy({"access_token_format": "opaque"}, at="resource", name=API)
    await sqlite_issuer.set_policy({"access_token_format": "jwt"}, at="resource", name=BILLING)

    assert (await sqlite_issuer.introspect(token))["active"]
    assert "invalid_target" == (await sqlite_issuer.token(grant_type="client_credentials")).json()["error"]


async def test_many_at_once_are_all_told_the_same(issuer):
    token = (await issuer.token(grant_type="client_credentials", scope="api:read")).json()["access_token"]
    answers = await asyncio.gather(*(issuer.introspect(token) for _ in range(30)))

    assert all(answer == answers[0] for answer in answers)
