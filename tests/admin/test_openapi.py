"""The OpenAPI document: public, complete, and true."""

import json

from tests.issuer import start

OPERATIONS = {
    ("get", "/sessions"): "listSessions",
    ("get", "/sessions/{id}"): "getSession",
    ("delete", "/sessions/{id}"): "endSession",
    ("get", "/users/{id}/sessions"): "listUserSessions",
    ("delete", "/users/{id}/sessions"): "endUserSessions",
    ("get", "/authorizations"): "listAuthorizations",
    ("get", "/authorizations/{id}"): "getAuthorization",
    ("delete", "/authorizations/{id}"): "endAuthorization",
    ("get", "/refusals"): "listRefusals",
    ("get", "/refusals/{id}"): "getRefusal",
    ("get", "/webhooks"): "listWebhooks",
    ("post", "/webhooks"): "addWebhook",
    ("get", "/webhooks/{id}"): "getWebhook",
    ("patch", "/webhooks/{id}"): "changeWebhook",
    ("delete", "/webhooks/{id}"): "deleteWebhook",
    ("post", "/webhooks/{id}/secret"): "rollWebhookSecret",
    ("post", "/webhooks/{id}/test"): "testWebhook",
    ("get", "/outbox"): "listOutbox",
    ("get", "/outbox/{id}"): "getOutbox",
    ("post", "/outbox/{id}/retry"): "retryOutbox",
    ("delete", "/outbox/{id}"): "discardOutbox",
    ("get", "/audit"): "listAudit",
    ("get", "/audit/seals"): "listAuditSeals",
}


async def document(issuer):
    answer = await issuer.http.get("/admin/api/openapi.json")
    assert 200 == answer.status_code
    return answer.json()


async def test_everybody_may_read_it(sqlite_issuer):
    found = await document(sqlite_issuer)

    assert found["openapi"].startswith("3.1.")
    assert [{"url": "https://id.example/admin/api"}] == found["servers"]


async def test_every_operation_has_its_id_its_scope_and_its_problems(sqlite_issuer):
    found = await document(sqlite_issuer)
    operations = {(method, path): one for path, item in found["paths"].items() for method, one in item.items()}

    assert OPERATIONS == {where: one["operationId"] for where, one in operations.items()}
    for (method, path), one in operations.items():
        scope = "admin:read" if method == "get" else "admin:write"
        expected = {"400", "401", "403", "503", "default"} | ({"404"} if "{id}" in path else set())

        finer = [{"oauth2": ["admin:audit"]}] if path.startswith("/refusals") else []

        assert [{"oauth2": [scope]}, *finer] == one["security"]
        assert expected <= one["responses"].keys()
        assert one["responses"].keys() - expected - {"409", "412", "428"} in ({"200"}, {"201"}, {"204"})


async def test_nothing_is_said_of_422(sqlite_issuer):
    assert "422" not in json.dumps(await document(sqlite_issuer))


async def test_every_reference_leads_somewhere(sqlite_issuer):
    found = await document(sqlite_issuer)
    text = json.dumps(found)
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}

    assert named <= found["components"]["schemas"].keys()
    assert {"Session", "Sessions", "Authorization", "RefreshToken", "Problem"} <= named


async def test_an_issuer_with_a_path_has_its_api_under_it(sqlite_database):
    async for issuer in start(sqlite_database, MINTMARK_ISSUER="https://id.example/tenant"):
        answer = await issuer.http.get("https://id.example/tenant/admin/api/openapi.json")
        root = await issuer.http.get("https://id.example/admin/api/openapi.json")

        assert "https://id.example/tenant/admin/api" == answer.json()["servers"][0]["url"]
        assert 404 == root.status_code
