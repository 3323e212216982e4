"""Clients and their secrets by the admin API."""

import pytest

from mintmark.registry import SETTLED
from tests.admin import operating
from tests.issuer import SECRET

BATCH = {
    "client_id": "batch",
    "client_name": "Batch",
    "client_name#de": "Stapel",
    "grant_types": ["client_credentials"],
    "scope": "api:read",
    "policy": {"access_token_lifetime": "60m"},
}


async def added(operator, **changed):
    answer = await operator.post("/clients", {**BATCH, **changed})
    assert 201 == answer.status_code, answer.text
    return answer


async def secret_of(operator, id="batch", **body):
    answer = await operator.post(f"/clients/{id}/secrets", body)
    assert 201 == answer.status_code, answer.text
    return answer.json()


async def earns(issuer, secret, id="batch"):
    form = {"grant_type": "client_credentials"}
    return (await issuer.http.post("/token", data=form, auth=(id, secret))).status_code == 200


async def test_a_client_is_added_gets_a_secret_and_a_token(issuer):
    operator = await operating.operator(issuer)
    answer = await added(operator)
    made = await secret_of(operator)

    assert "https://id.example/admin/api/clients/batch" == answer.headers["location"]
    assert ("Stapel", {"access_token_lifetime": "1h"}) == (answer.json()["client_name#de"], answer.json()["policy"])
    assert answer.json() == (await operator.get("/clients/batch")).json()
    assert await earns(issuer, made["client_secret"])


async def test_no_secret_is_ever_shown_again(issuer):
    operator = await operating.operator(issuer)
    await added(operator)
    made = await secret_of(operator, name="blue", expires_at="30d")
    shown = [
        (await operator.get(path)).text
        for path in ("/clients/batch", "/clients", "/clients/batch/secrets", "/clients/batch/secrets/blue")
    ]

    assert [] == [text for text in shown if made["client_secret"] in text]
    assert [("blue", "2026-12-25T12:00:00Z", None)] == [
        (one["name"], one["expires_at"], one["ended_at"]) for one in await operator.items("/clients/batch/secrets")
    ]
    assert made["client_secret"] not in str(issuer.lines)


async def test_a_secret_that_ended_is_good_nowhere_when_that_is_answered(issuer, waits):
    operator = await operating.operator(issuer)
    await added(operator)
    old, new = await secret_of(operator), await secret_of(operator)
    answers = [(await operator.delete(f"/clients/batch/secrets/{old['name']}")).status_code for _ in range(2)]

    assert ([204, 204], [SETTLED]) == (answers, waits)
    assert (False, True) == (
        await earns(issuer, old["client_secret"]),
        await earns(issuer, new["client_secret"]),
    )
    assert 404 == (await operator.delete("/clients/batch/secrets/none")).status_code
    assert ["secret-2"] == [one["name"] for one in await operator.items("/clients/batch/secrets")]
    assert 2 == len(await operator.items("/clients/batch/secrets", ended="true"))


async def test_a_patch_changes_what_it_names(issuer):
    operator = await operating.operator(issuer)
    await added(operator)
    answer = await operator.patch(
        "/clients/batch", {"client_name": None, "scope": "api:read api:write", "policy": {"one_use": True}}
    )

    assert 200 == answer.status_code, answer.text
    assert ("batch", "api:read api:write") == (answer.json()["client_name"], answer.json()["scope"])
    assert {"access_token_lifetime": "1h", "one_use": True} == answer.json()["policy"]
    assert answer.json() == (await operator.get("/clients/batch")).json()
    assert answer.headers["etag"] == (await operator.get("/clients/batch")).headers["etag"]


async def test_a_disabled_client_is_served_nowhere_when_that_is_answered(issuer, waits):
    tokens = await issuer.tokens()
    operator = await operating.operator(issuer)
    out = await operator.patch("/clients/web", {"disabled": True})
    refused = await issuer.token(grant_type="client_credentials", scope="api:read")
    back = await operator.patch("/clients/web", {"disabled": False})

    assert (True, [SETTLED]) == (out.json()["disabled"], waits)
    assert 401 == refused.status_code
    assert (False, 200) == (
        back.json()["disabled"],
        (await issuer.token(grant_type="client_credentials", scope="api:read")).status_code,
    )
    assert not (await issuer.introspect(tokens["access_token"]))["active"], "what was ended stays ended"


async def test_a_deleted_client_leaves_nothing_to_the_next_of_its_name(issuer, waits):
    tokens = await issuer.tokens()
    operator = await operating.operator(issuer)
    answers = [(await operator.delete("/clients/web")).status_code for _ in range(2)]
    resource = await operator.delete("/clients/api-server")
    again = await operator.post("/clients", {"client_id": "web", "grant_types": []})
    gone = await operator.delete("/clients/web")

    assert ([204, 204], 204, 201, 204) == (answers, resource.status_code, again.status_code, gone.status_code)
    assert 404 == (await operator.delete("/clients/nobody")).status_code
    assert 400 == (await issuer.refresh(tokens["refresh_token"], "other")).status_code
    assert [] == await operator.items("/authorizations")
    assert [] == (await operator.get("/resources/https%3A%2F%2Fapi.example")).json()["resource_servers"]


async def test_a_one_use_token_deletes_a_client_whole(issuer, waits):
    await issuer.set_policy({"one_use": True}, at="client", name="operator")
    operator = await operating.operator(issuer)
    answer = await operator.delete("/clients/other")
    again = await operator.delete("/clients/other")

    assert [204, 401] == [answer.status_code, again.status_code]
    assert None is await issuer.server.registry.client("other")


async def test_an_id_may_be_of_any_printable_characters(issuer):
    operator = await operating.operator(issuer)
    answer = await added(operator, client_id="https://app.example/a b?c#d%2F")
    path = answer.headers["location"].removeprefix("https://id.example/admin/api")

    assert "/clients/https%3A%2F%2Fapp.example%2Fa%20b%3Fc%23d%252F" == path
    assert "https://app.example/a b?c#d%2F" == (await operator.get(path)).json()["client_id"]
    assert [] == await operator.items(f"{path}/secrets")


async def test_an_id_is_made_up_where_there_is_none(sqlite_issuer):
    operator = await operating.operator(sqlite_issuer)
    first, second = [await operator.post("/clients", {"grant_types": []}) for _ in range(2)]

    assert first.json()["client_id"] != second.json()["client_id"]


async def test_the_effective_policy_says_who_stated_what_and_what_that_overrode(issuer):
    operator = await operating.operator(issuer)
    await added(operator)
    await operator.patch("/policies/server", {"policy": {"access_token_lifetime": "2h", "session_idle": "1h"}})
    await operator.post("/policies", {"group": "staff", "policy": {"access_token_lifetime": "5m"}})

    async def lifetime(**query):
        rows = await operator.items("/clients/batch/effective-policy", **query)
        return next(one for one in rows if one["member"] == "access_token_lifetime")

    plain, staff = await lifetime(), await lifetime(group="staff")

    assert ("1h", "client", "https://api.example") == (plain["value"], plain["from"], plain["resource"])
    assert [{"from": "server", "name": "", "value": "2h"}] == plain["overrode"]
    assert ("5m", "group") == (staff["value"], staff["from"])
    assert {"client", "server"} == {one["from"] for one in staff["overrode"]}
    assert 404 == (await operator.get("/clients/none/effective-policy")).status_code


async def test_pages_go_by_client_id(issuer):
    operator = await operating.operator(issuer)
    pages = await operator.walk("/clients", limit=2)

    assert ["api-server", "operator", "other", "spa", "web"] == [one["client_id"] for page in pages for one in page]


@pytest.mark.parametrize(
    ("body", "member", "expected"),
    [
        ({"redirect_uri": "https://a.example"}, "redirect_uri", "redirect_uris"),
        ({"grant_types": ["client_credential"]}, "grant_types[0]", "client_credentials"),
        ({"grant_types": ["authorization_code"]}, "redirect_uris", None),
        ({"grant_types": [], "scope": "api:reed"}, "scope", "api:read"),
        ({"grant_types": [], "client_secret": SECRET}, "client_secret", None),
        ({"grant_types": [], "policy": {"one_use": 1}}, "policy.one_use", "true or false"),
        ({"grant_types": [], "policy": {"session_idle": "1h"}}, "policy.session_idle", None),
        ({"grant_types": [], "policy": 3}, "policy", "an object"),
        ({"grant_types": [], "disabled": 0}, "disabled", "true or false"),
        ({"grant_types": [], "client_id": " x"}, "client_id", None),
        ({"grant_types": [], "client_id": 5}, "client_id", None),
        ({"grant_types": [], "jwks": {"keys": [{"kty": "EC", "d": "x"}]}}, "jwks.keys[0]", "public keys only"),
    ],
)
async def test_what_cannot_be_is_named(shared, body, member, expected):
    answer = await shared.post("/clients", body)
    errors = {one["member"]: one for one in answer.json()["errors"]}

    assert 400 == answer.status_code
    assert member in errors, answer.text
    assert expected is None or expected in errors[member]["expected"]


@pytest.mark.parametrize(
    ("body", "member"),
    [({"name": "a b"}, "name"), ({"name": 4}, "name"), ({"expires_at": "gone"}, "expires_at"),
     ({"expires_at": "2020-01-01"}, "expires_at"), ({"expires_at": True}, "expires_at"), ({"value": "x"}, "value")],
)  # fmt: skip
async def test_a_secret_that_cannot_be_is_named(shared, body, member):
    answer = await shared.post("/clients/web/secrets", body)

    assert (400, member) == (answer.status_code, answer.json()["errors"][0]["member"])


async def test_what_is_there_already_is_a_conflict(shared):
    client = await shared.post("/clients", {"client_id": "web", "grant_types": []})
    public = await shared.post("/clients/spa/secrets", {})

    assert [409, 409] == [client.status_code, public.status_code]
    assert 400 == (await shared.post("/clients/web/secrets", {"name": "apply"})).status_code
