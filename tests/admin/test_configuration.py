"""Resources, policies, keys and the end of tokens by the admin API."""

import pytest

from mintmark.registry import SETTLED
from tests.admin import operating
from tests.issuer import ALICE, API, NOON, header

PATH = "/resources/https%3A%2F%2Fapi.example"
OTHER = {"resource": "https://other.example/v1", "scopes": {"other:read": "Read"}, "resource_servers": ["api-server"]}


async def test_a_resource_is_added_and_tokens_are_for_it(issuer):
    operator = await operating.operator(issuer)
    answer = await operator.post("/resources", OTHER)
    path = answer.headers["location"].removeprefix("https://id.example/admin/api")
    await operator.patch("/clients/web", {"scope": "other:read"})
    token = await issuer.token(grant_type="client_credentials", scope="other:read")

    assert (201, "/resources/https%3A%2F%2Fother.example%2Fv1") == (answer.status_code, path)
    assert {**OTHER, "name": "", "policy": {}} == (await operator.get(path)).json() == answer.json()
    assert answer.json() == (await operator.get("/resources/https://other.example/v1")).json(), "as a proxy decodes it"
    assert 200 == token.status_code
    assert [API, OTHER["resource"]] == [
        one["resource"] for page in await operator.walk("/resources", limit=1) for one in page
    ]


async def test_a_resource_is_changed_and_deleted_once_nobody_has_its_scopes(issuer):
    operator = await operating.operator(issuer)
    await operator.post("/resources", OTHER)
    path = "/resources/https%3A%2F%2Fother.example%2Fv1"
    changed = await operator.patch(
        path, {"scopes": {"other:read": None, "other:all": "All"}, "policy": {"one_use": True}}
    )
    await operator.patch("/clients/web", {"scope": "other:all"})
    kept = [await operator.patch(path, {"scopes": None}), await operator.delete(path)]
    await operator.patch("/clients/web", {"scope": None})
    gone = [(await operator.delete(path)).status_code for _ in range(2)]

    assert ({"other:all": "All"}, {"one_use": True}) == (changed.json()["scopes"], changed.json()["policy"])
    assert [409, 409] == [one.status_code for one in kept]
    assert "web" in kept[0].json()["errors"][0]["detail"]
    assert [204, 204] == gone
    assert 404 == (await operator.delete("/resources/https%3A%2F%2Fnever.example")).status_code


@pytest.mark.parametrize(
    ("body", "status", "member"),
    [
        ({"resource": "HTTPS://API.example"}, 409, "resource"),
        ({"resource": "not absolute"}, 400, "resource"),
        ({}, 400, "resource"),
        ({"resource": "https://id.example"}, 400, "resource"),
        ({"resource": "https://b.example", "resource_servers": ["wbe"]}, 400, "resource_servers[0]"),
        ({"resource": "https://b.example", "scopes": ["admin:users"]}, 400, "scopes[0]"),
        ({"resource": "https://b.example", "scope": ["x"]}, 400, "scope"),
        ({"resource": "https://b.example", "policy": {"max_sessions": 1}}, 400, "policy.max_sessions"),
    ],
)
async def test_a_resource_that_cannot_be_is_named(shared, body, status, member):
    answer = await shared.post("/resources", body)

    assert (status, member) == (answer.status_code, answer.json()["errors"][0]["member"])


async def test_the_policy_of_the_server_is_there_from_the_first(issuer):
    operator = await operating.operator(issuer)
    first = (await operator.get("/policies/server")).json()
    answer = await operator.patch("/policies/server", {"policy": {"access_token_lifetime": "2m"}})
    token = (await issuer.token(grant_type="client_credentials", scope="api:read")).json()
    reset = await operator.patch("/policies/server", {"policy": None})

    assert {"group": None, "policy": {}} == first == reset.json()
    assert {"access_token_lifetime": "2m"} == answer.json()["policy"]
    assert 120 == token["expires_in"]


async def test_a_group_has_a_policy_until_it_is_deleted(issuer):
    operator = await operating.operator(issuer)
    made = await operator.post("/policies", {"group": "staff/night", "policy": {"max_sessions": 1}})
    path = "/policies/groups/staff%2Fnight"
    again = await operator.post("/policies", {"group": "staff/night"})
    changed = await operator.patch(path, {"policy": {"max_sessions": 2}})
    listed = await operator.items("/policies")
    gone = [(await operator.delete(path)).status_code for _ in range(2)]

    assert (201, f"https://id.example/admin/api{path}") == (made.status_code, made.headers["location"])
    assert (409, {"max_sessions": 2}) == (again.status_code, changed.json()["policy"])
    assert ["staff/night", None] == [one["group"] for one in listed]
    assert [204, 204, 404] == [*gone, (await operator.get(path)).status_code]
    assert 404 == (await operator.delete("/policies/groups/none")).status_code


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"group": ""}, "group"),
        ({"group": 4}, "group"),
        ({"policy": {}}, "group"),
        ({"group": "a", "policy": {"rotatoin": "keep"}}, "policy.rotatoin"),
        ({"group": "a", "policy": []}, "policy"),
        ({"group": "a", "policies": {}}, "policies"),
    ],
)
async def test_a_policy_that_cannot_be_is_named(shared, body, member):
    answer = await shared.post("/policies", body)

    assert (400, member) == (answer.status_code, answer.json()["errors"][0]["member"])


async def test_keys_are_shown_by_their_public_half(issuer):
    operator = await operating.operator(issuer)
    keys = await operator.items("/keys")

    assert {"ES256", "RS256"} == {key["alg"] for key in keys}
    assert {"signing"} == {key["state"] for key in keys}
    assert "private" not in str(keys)


async def test_a_rotation_announces_and_an_emergency_takes_the_old_key_away(issuer, waits):
    operator = await operating.operator(issuer)
    calm = await operator.post("/keys/rotate", {"alg": "ES256"})
    nothing = await operator.post("/keys/rotate", {"alg": "ES256"})
    old = header((await issuer.token(grant_type="client_credentials", scope="api:read")).json()["access_token"])["kid"]
    answer = await operator.post("/keys/rotate", {"alg": "ES256", "emergency": True})
    again = await operating.operator(issuer)  # what the old key signed is no token any more
    token = (await issuer.token(grant_type="client_credentials", scope="api:read")).json()["access_token"]

    assert ([], 1) == (nothing.json()["created"], len(calm.json()["created"]))
    assert old in answer.json()["removed"]
    assert [SETTLED] == waits
    assert header(token)["kid"] in answer.json()["created"]
    assert 401 == (await operator.get("/keys")).status_code
    assert old in [key["kid"] for key in await again.items("/keys", ended="true") if key["state"] == "removed"]


@pytest.mark.parametrize(
    ("body", "member"),
    [({"alg": "HS256"}, "alg"), ({"alg": 5}, "alg"), ({"emergency": "yes"}, "emergency"), ({"urgent": 1}, "urgent")],
)
async def test_a_rotation_that_cannot_be_is_named(shared, body, member):
    answer = await shared.post("/keys/rotate", body)

    assert (400, member) == (answer.status_code, answer.json()["errors"][0]["member"])


async def live(issuer, *tokens):
    return [(await issuer.introspect(one["access_token"]))["active"] for one in tokens]


async def test_tokens_of_a_person_end_and_their_session_stays(issuer):
    await issuer.add_person("bob")
    alice, bob = await issuer.tokens(), await issuer.tokens(browser=issuer.browser(), username="bob")
    operator = await operating.operator(issuer)
    answer = await operator.post("/tokens/revoke", {"user_id": ALICE})

    assert 204 == answer.status_code, answer.text
    assert [False, True] == await live(issuer, alice, bob)
    assert 400 == (await issuer.refresh(alice["refresh_token"])).status_code
    assert 1 == len(await operator.items("/sessions", user_id=ALICE))


async def test_tokens_of_a_client_end_also_those_that_it_has_for_itself(issuer, waits):
    person, other = await issuer.tokens(), await issuer.tokens("spa")
    own = (await issuer.token(grant_type="client_credentials", scope="api:read")).json()
    operator = await operating.operator(issuer)
    await operator.post("/tokens/revoke", {"client_id": "web"})

    assert [False, False, True] == await live(issuer, person, own, other)
    assert [SETTLED] == waits
    issuer.later(milliseconds=1)
    assert 200 == (await issuer.token(grant_type="client_credentials", scope="api:read")).status_code


async def test_tokens_of_a_person_at_a_client_end_alone(issuer):
    web, spa = await issuer.tokens(), await issuer.tokens("spa")
    operator = await operating.operator(issuer)
    await operator.post("/tokens/revoke", {"user_id": ALICE, "client_id": "web"})

    assert [False, True] == await live(issuer, web, spa)


async def test_tokens_of_a_session_end_and_it_stays(issuer):
    first, second = await issuer.tokens(), await issuer.tokens(browser=issuer.browser())
    operator = await operating.operator(issuer)
    [session] = [one for one in await operator.items("/sessions") if one["id"] == (await issuer.sids())[0]]
    await operator.post("/tokens/revoke", {"session_id": session["id"]})

    assert [False, True] == sorted(await live(issuer, first, second))
    assert 2 == len(await operator.items("/sessions"))


async def test_all_that_was_issued_before_a_time_ends(issuer, waits):
    old = await issuer.tokens()
    issuer.later(minutes=1)
    new = await issuer.tokens(browser=issuer.browser())
    operator = await operating.operator(issuer)
    answer = await operator.post("/tokens/revoke", {"issued_before": "2026-11-25T12:00:30+00:00"})

    assert 204 == answer.status_code
    assert [False, True] == await live(issuer, old, new)
    assert [SETTLED] == waits
    assert 1 == len(await operator.items("/sessions"))


async def test_what_a_person_was_given_before_a_time_ends(issuer):
    old = await issuer.tokens()
    issuer.later(minutes=1)
    new = await issuer.tokens(browser=issuer.browser())
    operator = await operating.operator(issuer)
    await operator.post("/tokens/revoke", {"user_id": ALICE, "issued_before": NOON.isoformat()})

    assert [False, True] == await live(issuer, old, new)


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({}, ""),
        ({"user_id": "nobody"}, "user_id"),
        ({"client_id": "none"}, "client_id"),
        ({"session_id": "none"}, "session_id"),
        ({"user": ALICE}, "user"),
        ({"user_id": 5}, "user_id"),
        ({"session_id": "x", "user_id": ALICE}, "session_id"),
        ({"issued_before": "yesterday"}, "issued_before"),
        ({"issued_before": "2026-11-25T12:00:00"}, "issued_before"),
        ({"issued_before": "2027-11-25T12:00:00Z"}, "issued_before"),
        ({"issued_before": "0001-01-01T00:00:00+23:00"}, "issued_before"),
        ({"issued_before": 5}, "issued_before"),
    ],
)
async def test_whose_tokens_cannot_be_told_is_named(shared, body, member):
    answer = await shared.post("/tokens/revoke", body)

    assert (400, member) == (answer.status_code, answer.json()["errors"][0]["member"])
