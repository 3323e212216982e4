"""What is refused to browsers, and to whoever holds an access token: a bad request for each of those checks."""

from __future__ import annotations

from tests.endpoints.asking import CANARY, OWN, authorize, begun, got, refused
from tests.issuer import SECRET, hidden


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


def told(issuer, **headers):
    return issuer.http.get("/userinfo", headers=headers)


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


# ── signing out


async def logout_to_nowhere(issuer):
    sent = {"client_id": "web", "post_logout_redirect_uri": f"https://evil.example/bye?secret={CANARY}"}
    return await issuer.http.get("/end_session", params=sent)


async def logout_of_another(issuer):
    hint = (await issuer.tokens())["id_token"]
    return await issuer.http.get("/end_session", params={"id_token_hint": hint, "client_id": "other"})


REQUESTS = {
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
    "post_logout_redirect_uri": logout_to_nowhere,
    "logout client_id": logout_of_another,
    "claims": authorize(claims="{"),
    "essential acr": authorize(claims='{"id_token": {"acr": {"essential": true, "values": ["urn:nobody:has"]}}}'),
    "client response_type": authorize(response_type="none"),
    "request and request_uri": authorize(request="a.b.c", request_uri="https://web.example/request"),
}
