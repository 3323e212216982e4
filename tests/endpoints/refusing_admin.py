"""What is refused to operators: a bad request for each check of the admin API."""

from __future__ import annotations

from urllib.parse import quote

from tests.admin import operating
from tests.endpoints.asking import CANARY, ROBOT, changed, operated, sent
from tests.issuer import API

KEYED = {"idempotency_key": "k"}


async def rule_twice(issuer):
    operator = await operating.operator(issuer)
    rule = {"name": "twice", "claim": "department", "expression": "user.username"}
    await operator.send("POST", "/claim-rules", rule)
    return await operator.send("POST", "/claim-rules", rule)


async def may_read_only(issuer):
    operator = await operating.operator(issuer, scope="admin:read")
    return await operator.delete("/sessions/nobody")


async def beyond(issuer):
    operator = await operating.operator(issuer, scope="admin:write")
    return await operator.post("/clients", {**ROBOT, "scope": "admin:read"})


async def another_body(issuer):
    operator = await operating.operator(issuer)
    await operator.post("/users", {"username": "bob"}, **KEYED)
    return await operator.post("/users", {"username": "bob", "password": CANARY}, **KEYED)


async def unsealed(issuer):
    operator = await operating.operator(issuer)
    await operator.post("/clients/web/secrets", {}, **KEYED)
    object.__setattr__(issuer.server, "sealer", type(issuer.server.sealer)([b"k" * 32]))
    return await operator.post("/clients/web/secrets", {}, **KEYED)


async def policy_twice(issuer):
    operator = await operating.operator(issuer)
    stated = {"group": "staff", "policy": {"one_use": True}}
    await operator.post("/policies", stated)
    return await operator.post("/policies", stated)


async def scopes_left(issuer):
    return await (await operating.operator(issuer)).delete("/resources/" + quote(API, safe=""))


REQUESTS = {
    "no such address": operated("/nothing"),
    "query parameters": operated("/sessions", limit="0"),
    "after": operated("/sessions", after="x"),
    "person": operated("/users/nobody/sessions"),
    "session": operated("/sessions/nobody"),
    "authorization": operated("/authorizations/nobody"),
    "refusal": operated("/refusals/000000000000"),
    "admin scope": may_read_only,
    "body": sent(CANARY.encode()),
    "repeated member": sent(b'{"username": "a", "username": "b"}'),
    "body depth": sent(b'{"claims": ' + b"[" * 40 + b"]" * 40 + b"}"),
    "members": changed("POST", "/users", {"username": "", "password": CANARY}),
    "rights": beyond,
    "if-match": changed("PATCH", "/clients/web", {}),
    "idempotency key": changed("POST", "/users", {"username": "bob"}, idempotency_key="k" * 300),
    "idempotent body": another_body,
    "idempotent answer": unsealed,
    "client": operated("/clients/nobody"),
    "client taken": changed("POST", "/clients", {**ROBOT, "client_id": "web"}),
    "secret": changed("DELETE", "/clients/web/secrets/nothing"),
    "client of no secrets": changed("POST", "/clients/spa/secrets", {}),
    "person taken": changed("POST", "/users", {"username": "alice", "password": CANARY}),
    "resource taken": changed("POST", "/resources", {"resource": API, "scopes": ["api:read"]}),
    "left scopes": scopes_left,
    "policy": operated("/policies/groups/nobody"),
    "policy taken": policy_twice,
    "webhook": operated("/webhooks/nothing"),
    "delivery": operated("/outbox/nothing"),
    "initial access token id": operated("/initial-access-tokens/nothing"),
    "claim rule": operated("/claim-rules/nothing"),
    "rule taken": rule_twice,
    "invitation id": changed("DELETE", "/invitations/nothing"),
    "factor id": changed("DELETE", "/users/id-of-alice/factors/nothing"),
}
