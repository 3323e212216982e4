"""What is refused to clients: a bad request for each check of requests, clients, grants and registration."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from datetime import timedelta

from mintmark.keys import algorithms
from mintmark.settings import Throttle
from mintmark.store import resources
from mintmark.store.changes import Conflict, Unavailable
from tests.admin import operating
from tests.endpoints.asking import (
    CANARY,
    FORM,
    OWN,
    ROBOT,
    got,
    own,
    posted,
    redeemed,
    refreshed,
    refused,
    registering,
    set_to,
)  # fmt: skip
from tests.issuer import API, CALLBACK, SECRET
from tests.registering import WEB, manage, register, registered

BILLING = "https://billing.example"
SIGNING = {alg: algorithms.generate(alg) for alg in ("ES256", "Ed25519")}
STRANGER = algorithms.generate("ES256")


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


def managing(**changed):
    """By a client that registered itself."""

    async def ask(issuer):
        told = await registered(issuer)
        return await manage(issuer, told, "PUT", {**WEB, "client_id": told["client_id"], **changed})

    return ask


async def registered_twice(issuer):
    with set_to(issuer, throttle_registration=Throttle(1, timedelta(hours=1))):
        await register(issuer)
        return await register(issuer)


async def with_a_sector(issuer):
    """At an address that is never asked."""
    return await register(issuer, sector_identifier_uri=f"https://127.0.0.1/{CANARY}")


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
    "registration body": registering(b"["),
    "client metadata": registering(b'{"redirect_uris": ["https://a.example/cb"], "client_name": 5}'),
    "registration client_id": managing(client_id="web"),
    "registration client_secret": managing(client_secret=CANARY),
    "registration member": managing(registration_access_token=CANARY),
    "registration throttle": registered_twice,
    "sector fetch": with_a_sector,
    "initial access token": registering(authorization=f"Bearer {CANARY}"),
    "registration access token": got("/register?client_id=web", authorization=f"Bearer {CANARY}"),
    "logo": got("/logo?client_id=web"),
}
