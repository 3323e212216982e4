"""The OpenAPI document: public, complete, and true."""

import json

from openapi_spec_validator import OpenAPIV31SpecValidator

from mintmark.protocol import client_metadata, person_record, policy
from mintmark.protocol import scope as scopes
from tests.issuer import start

OPERATIONS = {
    "sessions": {"listSessions", "getSession", "endSession", "listUserSessions", "endUserSessions"},
    "authorizations": {"listAuthorizations", "getAuthorization", "endAuthorization"},
    "users": {
        "listUsers", "createUser", "getUser", "changeUser", "deleteUser", "listUserFactors", "removeUserFactor",
        "requirePasswordReset", "clearUserThrottles", "listUserTrustedBrowsers", "endUserTrustedBrowsers",
        "listUserThrottles", "listThrottles", "clearThrottles",
        "listInvitations", "getInvitation", "createInvitation", "endInvitation",
    },
    "clients": {
        "listClients", "createClient", "getClient", "changeClient", "deleteClient", "getEffectivePolicy",
        "listClientSecrets", "getClientSecret", "createClientSecret", "endClientSecret",
        "listInitialAccessTokens", "getInitialAccessToken", "createInitialAccessToken", "endInitialAccessToken",
    },
    "resources": {"listResources", "createResource", "getResource", "changeResource", "deleteResource"},
    "claim-rules": {"listClaimRules", "createClaimRule", "getClaimRule", "changeClaimRule", "deleteClaimRule"},
    "policies": {
        "listPolicies", "getServerPolicy", "changeServerPolicy", "createGroupPolicy", "getGroupPolicy",
        "changeGroupPolicy", "deleteGroupPolicy",
    },
    "keys": {"listKeys", "rotateKeys"},
    "tokens": {"revokeTokens"},
    "audit": {"listAudit", "listAuditSeals", "listRefusals", "getRefusal"},
    "webhooks": {
        "listWebhooks", "addWebhook", "getWebhook", "changeWebhook", "deleteWebhook", "rollWebhookSecret",
        "testWebhook",
        "listOutbox", "getOutbox", "retryOutbox", "discardOutbox",
    },
}  # fmt: skip
WIDE = {"previewToken"}  # what shows several subjects at once needs the wide scope
SENT = {"post", "patch"}


async def document(issuer):
    answer = await issuer.http.get("/admin/api/openapi.json")
    assert 200 == answer.status_code
    return answer.json()


def operations(found):
    return {(method, path): one for path, item in found["paths"].items() for method, one in item.items()}


async def test_everybody_may_read_it(sqlite_issuer):
    found = await document(sqlite_issuer)

    assert found["openapi"].startswith("3.1.")
    assert [{"url": "https://id.example/admin/api"}] == found["servers"]


async def test_a_validator_has_nothing_to_say(sqlite_issuer):
    assert [] == list(OpenAPIV31SpecValidator(await document(sqlite_issuer)).iter_errors())


async def test_every_operation_has_its_id_its_scopes_and_its_problems(sqlite_issuer):
    found = operations(await document(sqlite_issuer))
    subject_of = {id: subject for subject, ids in OPERATIONS.items() for id in ids}

    assert subject_of.keys() | WIDE == {one["operationId"] for one in found.values()}
    for (method, path), one in found.items():
        wide = "admin:read" if method == "get" else "admin:write"
        subject = subject_of.get(one["operationId"])
        expected = {"400", "401", "403", "503", "default"} | ({"404"} if "{" in path else set())

        assert wide in one["security"][0]["oauth2"]
        if subject is not None:
            assert [{"oauth2": [wide]}, {"oauth2": [f"admin:{subject}"]}] == one["security"]
        assert expected <= one["responses"].keys(), path
        assert any(status in one["responses"] for status in ("200", "201", "204"))
        if method == "patch":
            assert {"412", "428", "415", "413"} <= one["responses"].keys()


async def test_every_scope_of_the_api_is_described(sqlite_issuer):
    flows = (await document(sqlite_issuer))["components"]["securitySchemes"]["oauth2"]["flows"]

    assert dict(scopes.ADMIN) == flows["clientCredentials"]["scopes"] == flows["authorizationCode"]["scopes"]


async def test_only_a_key_of_another_body_is_422(sqlite_issuer):
    for (method, path), one in operations(await document(sqlite_issuer)).items():
        assert "422" not in one["responses"] or method == "post", path


async def test_every_reference_leads_somewhere(sqlite_issuer):
    found = await document(sqlite_issuer)
    text = json.dumps(found)
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}

    assert named <= found["components"]["schemas"].keys()
    assert {"Session", "Sessions", "Authorization", "RefreshToken", "Problem", "Client", "User"} <= named


async def test_it_knows_every_member_that_the_rules_know(sqlite_issuer):
    schemas = (await document(sqlite_issuer))["components"]["schemas"]
    limits = {member for place in ("ClientPolicy", "PolicyOfServer") for member in schemas[place]["properties"]}

    assert set(filter(client_metadata.is_offered, client_metadata.MEMBERS)) <= schemas["NewClient"]["properties"].keys()
    assert set(person_record.MEMBERS) - {"updated_at"} <= schemas["NewUser"]["properties"].keys()
    assert set(policy.MEMBERS) == limits
    assert {"password", "password_hash"}.isdisjoint(schemas["User"]["properties"])
    assert {"client_secret"}.isdisjoint(schemas["Client"]["properties"])


async def test_an_issuer_with_a_path_has_its_api_under_it(sqlite_database):
    async for issuer in start(sqlite_database, MINTMARK_ISSUER="https://id.example/tenant"):
        answer = await issuer.http.get("https://id.example/tenant/admin/api/openapi.json")
        root = await issuer.http.get("https://id.example/admin/api/openapi.json")

        assert "https://id.example/tenant/admin/api" == answer.json()["servers"][0]["url"]
        assert 404 == root.status_code
