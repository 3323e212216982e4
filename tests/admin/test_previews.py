"""What a client's tokens would say of a person, before anybody signs in."""

from tests.admin import operating
from tests.issuer import ALICE, API, SECRET, claims

PATH = "/clients/web/preview-token"
MADE_THEN = {"jti", "aid", "iat", "exp", "auth_time", "at_hash", "nonce", "sid"}
ROLES = {
    "name": "roles", "claim": "app_roles", "expression": "user.groups",
    "places": ["id_token", "userinfo", "access_token"],
}  # fmt: skip
SCOPE = "openid profile api:read"


def lasting(found):
    return {name: value for name, value in found.items() if name not in MADE_THEN}


async def test_a_preview_is_what_the_tokens_say(issuer):
    operator = await operating.operator(issuer)
    await issuer.change_client("web", subject_type="pairwise")
    await operator.post("/claim-rules", ROLES)
    shown = (await operator.get(PATH, user_id=ALICE, scope=SCOPE)).json()
    tokens = await issuer.tokens(scope=SCOPE)
    userinfo = await issuer.http.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})

    assert lasting(claims(tokens["id_token"])) == lasting(shown["id_token"]["claims"])
    assert lasting(claims(tokens["access_token"])) == lasting(shown["access_token"]["claims"])
    assert userinfo.json() == shown["userinfo"]["claims"]
    assert {"app_roles": "roles"} == shown["id_token"]["rules"] == shown["userinfo"]["rules"]
    assert (SCOPE, [API, issuer.url], []) == (shown["scope"], sorted(shown["resources"]), shown["failed"])
    assert claims(tokens["id_token"]).keys() - shown["id_token"]["claims"].keys() == {"at_hash", "nonce"}


async def test_a_preview_writes_and_signs_nothing(sqlite_issuer):
    operator = await operating.operator(sqlite_issuer)
    before = await sqlite_issuer.rows()
    shown = (await operator.get(PATH, user_id=ALICE, scope="openid")).json()

    assert before == await sqlite_issuer.rows()
    assert "…" == shown["access_token"]["claims"]["jti"]


async def test_without_openid_there_is_no_id_token_and_no_userinfo(sqlite_issuer):
    operator = await operating.operator(sqlite_issuer)
    for_api = (await operator.get(PATH, user_id=ALICE, scope="api:read")).json()
    by_resource = (await operator.get(PATH, user_id=ALICE, scope="openid api:read", resource=API)).json()

    assert (None, None) == (for_api["id_token"], for_api["userinfo"])
    assert API == for_api["access_token"]["claims"]["aud"]
    assert (True, None) == (by_resource["id_token"] is not None, by_resource["userinfo"])


async def test_a_rule_that_fails_is_shown_with_the_reason(sqlite_issuer):
    operator = await operating.operator(sqlite_issuer)
    await operator.post("/claim-rules", ROLES | {"expression": "int(user.claims.department)", "places": ["id_token"]})
    shown = (await operator.get(PATH, user_id=ALICE, scope="openid")).json()

    assert [("roles", "id_token")] == [(one["rule"], one["place"]) for one in shown["failed"]]


async def test_what_cannot_be_asked_for_is_refused_by_its_parameter(sqlite_issuer):
    operator = await operating.operator(sqlite_issuer)
    answers = {
        "scope": await operator.get(PATH, user_id=ALICE, scope="api:nope"),
        "resource": await operator.get(PATH, user_id=ALICE, resource="https://nowhere.example"),
    }
    others = [
        await operator.get(PATH, user_id="nobody"),
        await operator.get("/clients/nobody/preview-token", user_id=ALICE),
        await operator.get(PATH),
        await operator.get(PATH, user_id=ALICE, more="1"),
    ]

    assert {"scope": 400, "resource": 400} == {name: one.status_code for name, one in answers.items()}
    assert [[name] for name in answers] == [
        [error["member"] for error in one.json()["errors"]] for one in answers.values()
    ]
    assert [404, 404, 400, 400] == [one.status_code for one in others]


async def test_whoever_may_see_clients_alone_sees_no_people_by_a_preview(sqlite_issuer):
    await sqlite_issuer.add_client("narrow", {"grant_types": ["client_credentials"], "scope": "admin:clients"})
    answer = await sqlite_issuer.http.post("/token", data={"grant_type": "client_credentials"}, auth=("narrow", SECRET))
    operator = operating.Operator(sqlite_issuer, answer.json()["access_token"])

    assert 200 == (await operator.get("/clients")).status_code
    assert 403 == (await operator.get(PATH, user_id=ALICE)).status_code
