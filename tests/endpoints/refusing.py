"""A bad request for each check that a door can refuse by: `REQUESTS[check](issuer)` sends it."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from urllib.parse import quote

from mintmark.explanations import EXPLANATIONS
from mintmark.keys import algorithms
from mintmark.store import resources
from mintmark.store.changes import Conflict, Unavailable
from tests.admin import operating
from tests.issuer import API, CALLBACK, PASSWORD, SECRET, VERIFIER, boxes, hidden

CANARY = "canary-" + "c" * 40  # stands where a secret would
BILLING = "https://billing.example"
FORM = {"content-type": "application/x-www-form-urlencoded"}
OWN = {"grant_type": "client_credentials"}

# Checks that no request meets by itself, and who tries them instead.
ELSEWHERE = {
    "body deadline": "tests/wire/test_asgi.py: it takes ten seconds",
    "body broken off": "nobody is left who could be answered",
    "query encoding": "no HTTP server passes such bytes on; tests/wire/test_asked.py",
    "audience": "a guard behind `resources of grant`",
    "silent account choice": "a guard behind `prompt`, where none stands alone",
    "nobody signed in": "a race of two tabs",
    "token's person": "a race with `users delete`",
    "one use": "a race of two uses; tests/endpoints/test_policy.py",
    "password hash": "want of memory; tests/factors/test_hashing.py",
    "request": "a guard behind `request object`",
    **dict.fromkeys(
        (
            "nested request", "request object member", "request object names",
            "request object response_type", "request object signature", "request object time", "request_uri fetch",
            "unsigned request object", "signed request",
        ),
        "clients with keys of their own; tests/endpoints/test_request_objects.py",
    ),
    **dict.fromkeys(
        (
            "registration client_id", "registration client_secret", "registration member", "registration throttle",
            "sector document", "sector fetch",
        ),
        "a client that registered itself, or 300 of them; tests/endpoints/test_registered.py and test_register.py",
    ),
    **dict.fromkeys(
        ("software statement", "software statement claims", "software statement issuer"),
        "issuers that an operator trusts; tests/endpoints/test_statements_of_software.py",
    ),
}  # fmt: skip
ROBOT = {"grant_types": ["client_credentials"]}
KEYED = {"idempotency_key": "k"}
SIGNING = {alg: algorithms.generate(alg) for alg in ("ES256", "Ed25519")}
STRANGER = algorithms.generate("ES256")


def authorize(**changed):
    async def ask(issuer):
        return await issuer.http.get("/authorize", params=issuer.request(**changed))

    return ask


def own(**form):
    async def ask(issuer):
        return await issuer.token(**{**OWN, **form})

    return ask


def posted(door="/token", headers=None, **form):
    async def ask(issuer):
        return await issuer.http.post(door, data=form, headers=headers)

    return ask


def got(path, **headers):
    async def ask(issuer):
        return await issuer.http.get(path, headers=headers)

    return ask


def redeemed(client="web", **changed):
    async def ask(issuer):
        return await issuer.redeem(await issuer.code(), client, **changed)

    return ask


def refreshed(client="web", **form):
    async def ask(issuer):
        return await issuer.refresh((await issuer.tokens())["refresh_token"], client, **form)

    return ask


def operated(path, **query):
    async def ask(issuer):
        return await (await operating.operator(issuer)).get(path, **query)

    return ask


def changed(method, path, body=None, **headers):
    """By an operator; headers: with underscores."""

    async def ask(issuer):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await (await operating.operator(issuer)).send(method, path, body, **named)

    return ask


def sent(content, **headers):
    """A body that no library writes."""

    async def ask(issuer):
        authorization = f"Bearer {await operating.token(issuer)}"
        named = {"authorization": authorization, "content-type": "application/json", **headers}
        return await issuer.http.post("/admin/api/users", content=content, headers=named)

    return ask


def registering(body=b"{}", **headers):
    """A client that registers itself; headers: with underscores."""

    async def ask(issuer):
        named = {
            "content-type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return await issuer.http.post("/register", content=body, headers=named)

    return ask


async def rule_twice(issuer):
    operator = await operating.operator(issuer)
    rule = {"name": "twice", "claim": "department", "expression": "user.username"}
    await operator.send("POST", "/claim-rules", rule)
    return await operator.send("POST", "/claim-rules", rule)


def told(issuer, **headers):
    return issuer.http.get("/userinfo", headers=headers)


# ── requests


async def too_long(issuer):
    return await issuer.http.post("/token", content=b"x=" + b"x" * 10_000_000, headers=FORM)


async def not_utf8(issuer):
    return await issuer.http.post("/token", content=b"\xff\xfe", headers=FORM)


async def as_json(issuer):
    return await issuer.http.post("/token", json=OWN)


async def with_a_nul(issuer):
    return await issuer.http.post("/token", content=b"a=%00", headers=FORM)


async def too_many(issuer):
    return await issuer.http.post("/token", content=b"&".join(b"p%d=1" % n for n in range(300)), headers=FORM)


async def badly_encoded(issuer):
    return await issuer.http.post("/token", content=b"a=%ff", headers=FORM)


async def twice(issuer):
    return await issuer.http.post("/token", content=b"scope=a&scope=b", headers=FORM)


async def secret_in_query(issuer):
    return await issuer.http.post(f"/token?client_secret={CANARY}", data=OWN)


async def foreign_resource(issuer):
    await issuer.add_resource(BILLING, ["billing:read"])
    return await issuer.token(**OWN, resource=BILLING)


async def scope_of_two(issuer):
    await issuer.add_resource("https://twin.example", ["api:read"])
    return await issuer.token(**OWN, scope="api:read")


async def admin_and_others(issuer):
    await issuer.change_client("operator", scope="admin:read api:read")
    return await issuer.token("operator", **OWN, scope="admin:read api:read")


async def contradicting(issuer):
    await issuer.add_resource(BILLING, ["billing:read"], access_token_format="opaque")
    await issuer.set_policy({"access_token_format": "jwt"}, at="resource", name=API)
    await issuer.change_client("web", scope="api:read billing:read")
    return await issuer.token(**OWN, scope="api:read billing:read")


def breaking(error):
    async def ask(issuer):
        async def broken(*_):
            raise error

        kept = issuer.server.registry.client
        issuer.server.registry.client = broken
        try:
            return await issuer.token(**OWN)
        finally:
            issuer.server.registry.client = kept

    return ask


async def no_lane(issuer):
    await issuer.set_policy({"max_active_tokens": 3}, at="client", name="web")
    issuer.server.lanes._most = 0
    return await issuer.token(**OWN)


async def broken(issuer):
    operator = await operating.operator(issuer)
    issuer.server.registry.is_mac = None
    return await operator.get("/sessions", after=base64.urlsafe_b64encode(bytes(32) + b"id").decode())


# ── clients


def basic(text):
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


async def disabled_client(issuer):
    await issuer.disable_client("web")
    return await issuer.token(**OWN)


async def throttled_client(issuer):
    for _ in range(200):
        await issuer.http.post("/token", data=OWN, auth=("web", "wrong"))
    issuer.later(seconds=1)
    return await issuer.token(**OWN)


async def public_password(issuer):
    members = {"grant_types": ["password"], "token_endpoint_auth_method": "none"}
    await issuer.add_client("native", members)
    return await issuer.http.post("/token", data={"grant_type": "password", "client_id": "native"})


async def without_code_flow(issuer):
    members = {"grant_types": ["client_credentials"], "redirect_uris": [CALLBACK]}
    await issuer.add_client("robot", members)
    return await issuer.http.get("/authorize", params=issuer.request(client_id="robot"))


def asserted(alg="ES256", **changed):
    """By a client that signs assertions: what is wrong with one."""

    async def ask(issuer):
        await _add_signing(issuer)
        return await _assert(issuer, _assertion(issuer, alg, **changed))

    return ask


async def asserted_twice(issuer):
    await _add_signing(issuer)
    assertion = _assertion(issuer)
    await _assert(issuer, assertion)
    return await _assert(issuer, assertion)


async def secret_of_a_signing_client(issuer):
    await _add_signing(issuer)
    return await issuer.http.post("/token", data=OWN, auth=("bank", SECRET))


async def _add_signing(issuer):
    jwks = {"keys": [algorithms.members(key.public_key()) for key in SIGNING.values()]}
    signing = {"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256"}
    with suppress(Conflict):  # another request has added it
        await issuer.add_client("bank", {**ROBOT, **signing, "scope": "api:read", "jwks": jwks})


async def _assert(issuer, assertion):
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    return await issuer.http.post("/token", data={**OWN, "client_assertion": assertion, "client_assertion_type": kind})


def _assertion(issuer, alg="ES256", key=None, **changed):
    now = int(issuer.moment[0].timestamp())
    said = {"iss": "bank", "sub": "bank", "aud": issuer.url, "exp": now + 60, "jti": CANARY, **changed}
    parts = ".".join(algorithms.base64url(json.dumps(part).encode()) for part in ({"alg": alg}, said))
    signature = algorithms.ALGORITHMS[alg].signer(key or SIGNING[alg])(parts.encode())
    return f"{parts}.{algorithms.base64url(signature)}"


async def encrypted_for_nobody(issuer):
    await issuer.change_client("web", id_token_encrypted_response_alg="RSA-OAEP-256", jwks={"keys": []})
    return await issuer.redeem(await issuer.code())


async def unsigned(issuer):
    await issuer.change_client("web", id_token_signed_response_alg="none")
    return await issuer.redeem(await issuer.code())


async def from_elsewhere(issuer):
    await issuer.set_policy({"allowed_networks": ["203.0.113.0/24"]}, at="client", name="web")
    return await issuer.token(**OWN)


# ── grants


async def late_code(issuer):
    code = await issuer.code()
    issuer.later(minutes=2)
    return await issuer.redeem(code)


async def replayed(issuer):
    code = await issuer.code()
    await issuer.redeem(code)
    return await issuer.redeem(code)


async def verifier_without_challenge(issuer):
    await issuer.set_policy({"require_pkce": False}, at="client", name="web")
    return await issuer.redeem(await issuer.code(code_challenge=None, code_challenge_method=None))


async def idle_refresh(issuer):
    await issuer.set_policy({"refresh_token_idle": "1h", "refresh_token_lifetime": "5h"})
    token = (await issuer.tokens())["refresh_token"]
    issuer.later(hours=2)
    return await issuer.refresh(token)


async def reused(issuer):
    first = (await issuer.tokens())["refresh_token"]
    heir = (await issuer.refresh(first)).json()["refresh_token"]
    await issuer.refresh(heir)
    return await issuer.refresh(first)


async def without_heir_key(issuer):
    first = (await issuer.tokens())["refresh_token"]
    await issuer.refresh(first)
    issuer.server.registry._secrets["heir"].clear()
    return await issuer.refresh(first)


async def scope_taken_away(issuer):
    token = (await issuer.tokens(scope="api:read"))["refresh_token"]
    await issuer.change_client("web", scope="api:write")
    return await issuer.refresh(token)


async def over(issuer):
    token = (await issuer.tokens())["refresh_token"]
    await issuer.disable_person()
    return await issuer.refresh(token)


async def no_admin(issuer):
    members = {"grant_types": ["authorization_code"], "redirect_uris": [CALLBACK], "scope": "admin:read"}
    await issuer.add_client("console", {**members, "client_name": "Console"})
    answer = await issuer.http.get("/authorize", params=issuer.request(client_id="console", scope="admin:read"))
    return await refused(issuer, issuer.http, answer)


async def resource_taken_away(issuer):
    token = (await issuer.tokens(scope="api:read"))["refresh_token"]
    await issuer.add_resource(BILLING, ["api:read"])
    await issuer.server.store.commit(resources.delete_(API))
    await issuer.server.registry.renew()
    return await issuer.refresh(token)


async def past_not_after(issuer):
    code = await issuer.code()
    await issuer.set_policy({"not_after": "2026-11-24"})
    return await issuer.redeem(code)


# ── browsers


async def refused(issuer, browser, answer, *, username="alice", decision="allow"):
    """Through sign-in and consent until something is refused."""
    for _ in range(12):
        if "x-trace-id" in answer.headers:
            return answer
        if answer.is_redirect:
            answer = await browser.get(answer.headers["location"])
        elif 'id="sign-in"' in answer.text:
            form = {**hidden(answer.text), "username": username, "password": PASSWORD}
            answer = await browser.post("/login", data=form)
        else:
            form = {**hidden(answer.text), "scope": boxes(answer.text)}
            answer = await browser.post("/consent", data=form if decision is None else {**form, "decision": decision})
    raise AssertionError("nothing is refused")


async def begun(issuer, browser=None, **changed):
    """A sign-in under way: where it goes on, and its id."""
    answer = await (browser or issuer.http).get("/authorize", params=issuer.request(**changed))
    return answer.headers["location"].partition("?request=")[2]


async def another_clients_request(issuer):
    urn = "urn:ietf:params:oauth:request_uri:" + await begun(issuer)
    return await issuer.http.get("/authorize", params={"client_id": "other", "request_uri": urn})


async def silently_without_consent(issuer):
    await issuer.sign_in()
    return await issuer.http.get("/authorize", params=issuer.request(prompt="none"))


async def another_person(issuer):
    hint = (await issuer.tokens())["id_token"]
    await issuer.add_person("bob")
    browser = issuer.browser()
    answer = await browser.get("/authorize", params=issuer.request(id_token_hint=hint))
    return await refused(issuer, browser, answer, username="bob")


def deciding(decision):
    async def ask(issuer):
        answer = await issuer.http.get("/authorize", params=issuer.request())
        return await refused(issuer, issuer.http, answer, decision=decision)

    return ask


async def finished(issuer):
    id = await begun(issuer)
    await issuer.go_on(issuer.http, await issuer.http.get(f"/login?request={id}"))
    return await issuer.http.get(f"/login?request={id}")


async def in_another_browser(issuer):
    return await issuer.browser().get(f"/login?request={await begun(issuer)}")


def signing_in(headers=None, **form):
    async def ask(issuer):
        page = await issuer.http.get("/login")
        return await issuer.http.post("/login", data={**hidden(page.text), **form}, headers=headers)

    return ask


# ── people


async def disabled_person(issuer):
    await issuer.disable_person()
    return await issuer.sign_in()


async def throttled_person(issuer):
    for _ in range(10):
        await issuer.sign_in(password="wrong")
    issuer.later(seconds=0.5)
    return await issuer.sign_in(password=CANARY)


async def no_turn(issuer):
    issuer.server.turns._most = 0
    return await issuer.sign_in(password=CANARY)


async def no_place_in_the_queue(issuer):
    issuer.server.hashing._most = 0
    return await issuer.sign_in(password=CANARY)


# ── access tokens


async def two_tokens(issuer):
    headers = {"authorization": f"Bearer {CANARY}"}
    return await issuer.http.post("/userinfo", data={"access_token": CANARY}, headers=headers)


async def expired(issuer):
    token = (await issuer.tokens())["access_token"]
    issuer.later(minutes=11)
    return await told(issuer, authorization=f"Bearer {token}")


async def revoked(issuer):
    token = (await issuer.tokens())["access_token"]
    await issuer.http.post("/revoke", data={"token": token}, auth=("web", SECRET))
    return await told(issuer, authorization=f"Bearer {token}")


async def for_another(issuer):
    token = (await issuer.token(**OWN)).json()["access_token"]
    return await told(issuer, authorization=f"Bearer {token}")


async def without_openid(issuer):
    token = (await issuer.tokens(scope="profile", resource=issuer.url))["access_token"]
    return await told(issuer, authorization=f"Bearer {token}")


async def may_read_only(issuer):
    operator = await operating.operator(issuer, scope="admin:read")
    return await operator.delete("/sessions/nobody")


# ── administration


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


async def logout_to_nowhere(issuer):
    sent = {"client_id": "web", "post_logout_redirect_uri": f"https://evil.example/bye?secret={CANARY}"}
    return await issuer.http.get("/end_session", params=sent)


async def logout_of_another(issuer):
    hint = (await issuer.tokens())["id_token"]
    return await issuer.http.get("/end_session", params={"id_token_hint": hint, "client_id": "other"})


REQUESTS = {
    "host": posted(headers={"host": "bad host"}),
    "method": got("/token"),
    "body length": too_long,
    "body encoding": not_utf8,
    "content type": as_json,
    "parameter NUL": with_a_nul,
    "parameter count": too_many,
    "parameter encoding": badly_encoded,
    "parameter": own(grant_type=""),
    "repeated parameter": twice,
    "secret in query": secret_in_query,
    "scope length": own(scope="w " * 3000),
    "scope syntax": own(scope='a"b'),
    "resource": own(resource="https://nobody.example/?secret"),
    "resource of client": foreign_resource,
    "scope of several resources": scope_of_two,
    "admin audience": admin_and_others,
    "limits of the resources": contradicting,
    "store": breaking(Unavailable("down")),
    "conflict": breaking(Conflict("again")),
    "lane": no_lane,
    "fault": broken,
    "no such address": operated("/nothing"),
    "query parameters": operated("/sessions", limit="0"),
    "after": operated("/sessions", after="x"),
    "person": operated("/users/nobody/sessions"),
    "session": operated("/sessions/nobody"),
    "authorization": operated("/authorizations/nobody"),
    "refusal": operated("/refusals/000000000000"),
    "client authentication": posted(**OWN),
    "basic header": posted(headers={"authorization": f"Bearer {CANARY}"}, **OWN),
    "basic encoding": posted(headers={"authorization": "Basic !!!"}, **OWN),
    "secret without client_id": posted(client_secret=CANARY),
    "client_id beside credentials": own(client_id="other"),
    "two credentials": own(client_id="web", client_secret=SECRET),
    "unknown client": posted(client_id="nobody", client_secret=CANARY),
    "disabled client": disabled_client,
    "secret of a public client": posted(client_id="spa", client_secret=CANARY),
    "client secret": posted(client_id="web", client_secret=CANARY),
    "client method": secret_of_a_signing_client,
    "assertion type": posted(client_assertion=CANARY, **OWN),
    "assertion form": posted(
        client_assertion=CANARY,
        client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        **OWN,
    ),
    "assertion issuer": asserted(sub="another"),
    "assertion method": asserted(iss="web", sub="web"),
    "assertion alg": asserted("Ed25519"),
    "assertion audience": asserted(aud="https://other.example"),
    "assertion expiry": asserted(exp=1_000_001),
    "assertion begin": asserted(nbf=1 << 40),
    "assertion jti": asserted(jti=""),
    "assertion signature": asserted(key=STRANGER),
    "assertion replay": asserted_twice,
    "encryption key": encrypted_for_nobody,
    "unsigned id_token": unsigned,
    "client throttle": throttled_client,
    "public client": posted("/introspect", client_id="spa", token=CANARY),
    "password grant": public_password,
    "client grant_type": posted(headers=basic(f"other:{SECRET}"), grant_type="password"),
    "client code flow": without_code_flow,
    "allowed_networks": from_elsewhere,
    "grant_type": own(grant_type="nonsense"),
    "code": own(grant_type="authorization_code", code=CANARY),
    "code client": redeemed("other"),
    "code redirect_uri": redeemed(redirect_uri="https://web.example/other?code=1"),
    "code expiry": late_code,
    "code replay": replayed,
    "code_verifier without challenge": verifier_without_challenge,
    "code_verifier missing": redeemed(code_verifier=None),
    "code_verifier syntax": redeemed(code_verifier="short"),
    "code_verifier": redeemed(code_verifier=CANARY),
    "refresh token": own(grant_type="refresh_token", refresh_token="mmr_" + CANARY),
    "refresh token client": refreshed("other"),
    "refresh token expiry": idle_refresh,
    "refresh token reuse": reused,
    "heir key": without_heir_key,
    "refresh scope": refreshed(scope="api:admin"),
    "nothing left of grant": scope_taken_away,
    "standing": over,
    "admins": no_admin,
    "granted resource": redeemed(resource="https://id.example/admin/api"),
    "resource and scope": refreshed(scope="api:read", resource="https://id.example"),
    "resources of grant": resource_taken_away,
    "scope": own(scope="api:nonsense"),
    "identity scope": own(scope="openid"),
    "not_after": past_not_after,
    "client_id": authorize(client_id="nobody"),
    "redirect_uri": authorize(redirect_uri="https://evil.example/cb?secret=1"),
    "request length": authorize(state="s" * 11_000),
    "response_mode": authorize(response_mode="jwt"),
    "response_type": authorize(response_type="token"),
    "request object": authorize(request=CANARY),
    "request_uri": authorize(request_uri=CANARY),
    "request_uri client": another_clients_request,
    "registration": authorize(registration="{}"),
    "pkce": authorize(code_challenge=None, code_challenge_method=None),
    "code_challenge_method": authorize(code_challenge_method="plain"),
    "code_challenge": authorize(code_challenge="short"),
    "prompt": authorize(prompt="login none"),
    "max_age": authorize(max_age="-1"),
    "silent sign-in": authorize(prompt="none"),
    "silent consent": silently_without_consent,
    "id_token_hint": another_person,
    "consent": deciding("deny"),
    "request age": got("/login?request=nothing"),
    "request completed": finished,
    "request browser": in_another_browser,
    "decision": deciding(None),
    "sec-fetch-site": signing_in({"sec-fetch-site": "cross-site"}),
    "origin": signing_in({"origin": "https://evil.example"}),
    "csrf": signing_in(csrf_token=CANARY),
    "sign-in form": signing_in(username="alice", password=""),
    "unknown person": signing_in(username=CANARY, password=CANARY),
    "disabled person": disabled_person,
    "password": signing_in(username="alice", password=CANARY),
    "sign-in throttle": throttled_person,
    "sign-in turns": no_turn,
    "password queue": no_place_in_the_queue,
    "no access token": got("/userinfo"),
    "bearer header": got("/userinfo", authorization=f"Digest {CANARY}"),
    "two access tokens": two_tokens,
    "token in query": got(f"/userinfo?access_token={CANARY}"),
    "access token form": got("/userinfo", authorization=f"Bearer {CANARY}"),
    "access token expiry": expired,
    "access token": revoked,
    "access token audience": for_another,
    "openid": without_openid,
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
    "post_logout_redirect_uri": logout_to_nowhere,
    "logout client_id": logout_of_another,
    "delivery": operated("/outbox/nothing"),
    "claims": authorize(claims="{"),
    "essential acr": authorize(claims='{"id_token": {"acr": {"essential": true, "values": ["urn:nobody:has"]}}}'),
    "client response_type": authorize(response_type="none"),
    "request and request_uri": authorize(request="a.b.c", request_uri="https://web.example/request"),
    "registration body": registering(b"["),
    "client metadata": registering(b'{"redirect_uris": ["https://a.example/cb"], "client_name": 5}'),
    "initial access token": registering(authorization=f"Bearer {CANARY}"),
    "registration access token": got("/register?client_id=web", authorization=f"Bearer {CANARY}"),
    "initial access token id": operated("/initial-access-tokens/nothing"),
    "claim rule": operated("/claim-rules/nothing"),
    "rule taken": rule_twice,
    "logo": got("/logo?client_id=web"),
}
# Whose secrets an answer, the log or a refusal may never show.
SECRETS = (SECRET, PASSWORD, VERIFIER, "canary")
assert not set(REQUESTS) & set(ELSEWHERE)
assert set(EXPLANATIONS) == {*REQUESTS, *ELSEWHERE}, set(EXPLANATIONS) ^ {*REQUESTS, *ELSEWHERE}
