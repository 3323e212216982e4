"""The token door: what every grant shares, client credentials and the password grant (RFC 6749 §3.2, §4.3, §4.4)."""

import base64

import pytest

from mintmark.store import accounts, clients, people
from mintmark.store.changes import Change
from tests.issuer import ALICE, API, PASSWORD, SECRET, claims, header, start, untraced

FORM = {"content-type": "application/x-www-form-urlencoded"}


def basic(name, secret):
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


async def own(issuer, **form):
    """A token for the client itself."""
    return await issuer.token(grant_type="client_credentials", **form)


# ── what every answer has


async def test_a_token_answer_is_json_that_nobody_keeps_and_any_origin_may_read(sqlite_issuer):
    answer = await own(sqlite_issuer, scope="api:read")

    assert 200 == answer.status_code
    assert "application/json" == answer.headers["content-type"]
    assert "no-store" == answer.headers["cache-control"]
    assert "nosniff" == answer.headers["x-content-type-options"]
    assert "*" == answer.headers["access-control-allow-origin"]
    assert {"access_token", "token_type", "expires_in", "scope"} == set(answer.json())
    assert ("Bearer", 600, "api:read") == tuple(answer.json()[name] for name in ("token_type", "expires_in", "scope"))


async def test_a_refusal_is_json_that_nobody_keeps_whatever_accept_says(sqlite_issuer):
    answer = await sqlite_issuer.http.post(
        "/token", data={"grant_type": "nonsense"}, auth=("web", SECRET), headers={"accept": "text/html"}
    )

    assert (400, "unsupported_grant_type") == (answer.status_code, answer.json()["error"])
    assert "no-store" == answer.headers["cache-control"]
    assert "*" == answer.headers["access-control-allow-origin"]
    assert {"error", "error_description", "trace_id"} == set(answer.json())


@pytest.mark.parametrize("door", ["/token", "/refresh", "/revoke", "/introspect"])
async def test_another_verb_than_post_is_405_with_allow(sqlite_issuer, door):
    answers = [await sqlite_issuer.http.request(verb, door) for verb in ("GET", "PUT", "DELETE", "PATCH", "HEAD")]

    assert {(405, "POST, OPTIONS")} == {(answer.status_code, answer.headers["allow"]) for answer in answers}


@pytest.mark.parametrize("door", ["/token", "/refresh", "/revoke", "/introspect", "/userinfo"])
async def test_any_origin_may_ask_before_it_sends(sqlite_issuer, door):
    asked = {
        "origin": "https://elsewhere.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, mcp-protocol-version, dpop",
    }
    answer = await sqlite_issuer.http.options(door, headers=asked)
    allowed = answer.headers["access-control-allow-headers"].lower().split(", ")

    assert 204 == answer.status_code
    assert "*" == answer.headers["access-control-allow-origin"]
    assert {"authorization", "content-type", "mcp-protocol-version", "dpop"} <= set(allowed)
    assert "POST" in answer.headers["access-control-allow-methods"]


@pytest.mark.parametrize("door", ["/token", "/refresh", "/revoke", "/introspect"])
async def test_another_content_type_is_an_invalid_request(sqlite_issuer, door):
    body = b"grant_type=client_credentials&token=x&refresh_token=x"
    for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x", ""):
        answer = await sqlite_issuer.http.post(door, content=body, headers={"content-type": kind}, auth=("web", SECRET))

        assert (400, "invalid_request") == (answer.status_code, answer.json()["error"]), kind


async def test_a_charset_beside_the_content_type_is_fine(sqlite_issuer):
    answer = await sqlite_issuer.http.post(
        "/token",
        content=b"grant_type=client_credentials",
        headers={"content-type": "Application/X-WWW-Form-Urlencoded; charset=UTF-8"},
        auth=("web", SECRET),
    )

    assert 200 == answer.status_code


@pytest.mark.parametrize(
    "name", ["client_secret", "code", "refresh_token", "password", "token", "code_verifier", "client_assertion"]
)
async def test_a_secret_in_the_address_is_refused(sqlite_issuer, name):
    answer = await sqlite_issuer.http.post(
        f"/token?{name}=seen-by-others", data={"grant_type": "client_credentials"}, auth=("web", SECRET)
    )

    assert (400, "invalid_request") == (answer.status_code, answer.json()["error"])
    assert "seen-by-others" not in answer.text


async def test_a_parameter_that_stands_twice_is_refused(sqlite_issuer):
    for name in ("grant_type", "scope", "client_id", "nobody_knows_me"):
        body = f"grant_type=client_credentials&scope=api:read&client_id=web&nobody_knows_me=1&{name}=x"
        answer = await sqlite_issuer.http.post("/token", content=body, headers=FORM, auth=("web", SECRET))

        assert (400, "invalid_request") == (answer.status_code, answer.json()["error"]), name


async def test_an_empty_parameter_is_an_absent_one(sqlite_issuer):
    answer = await own(sqlite_issuer, scope="", resource="")
    missing = await sqlite_issuer.token(grant_type="")

    assert 200 == answer.status_code
    assert "api:read api:write" == answer.json()["scope"]
    assert "invalid_request" == missing.json()["error"]


# ── client authentication


async def test_the_same_401_for_unknown_disabled_and_wrong_secret(sqlite_issuer):
    await sqlite_issuer.add_client("gone", {"grant_types": ["client_credentials"], "scope": "api:read"})
    await sqlite_issuer.disable_client("gone")
    answers = [
        await sqlite_issuer.http.post("/token", data={"grant_type": "client_credentials"}, auth=(name, secret))
        for name, secret in (("nobody", SECRET), ("gone", SECRET), ("web", "wrong"), ("web", ""), ("spa", "any"))
    ]

    assert 1 == len({untraced(answer) for answer in answers})
    assert 401 == answers[0].status_code
    assert "invalid_client" == answers[0].json()["error"]
    assert answers[0].headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize("door", ["/token", "/refresh", "/revoke", "/introspect"])
async def test_every_door_says_the_same_401(sqlite_issuer, door):
    posted = [
        await sqlite_issuer.http.post(door, data={"token": "x", "client_id": name, "client_secret": secret})
        for name, secret in (("nobody", SECRET), ("web", "wrong"))
    ]
    nothing = await sqlite_issuer.http.post(door, data={"token": "x"})
    token = await sqlite_issuer.http.post("/token", data={"client_id": "nobody", "client_secret": "x"})

    assert {401} == {answer.status_code for answer in [*posted, nothing]}
    assert {untraced(token)[1]} == {untraced(answer)[1] for answer in [*posted, nothing]}
    assert not any("www-authenticate" in answer.headers for answer in posted)
    assert nothing.headers["www-authenticate"].startswith("Basic ")


async def test_whatever_is_malformed_is_a_401(sqlite_issuer):
    headers = [
        "Basic",
        "Basic !!!",
        "Basic d2Vi",
        "Bearer x",
        "Digest x",
        "Basic " + base64.b64encode(b"web:a\0").decode(),
    ]
    headers += ["Basic " + base64.b64encode(b"\xff:\xfe").decode(), "Basic " + base64.b64encode(b":").decode()]
    for written in headers:
        answer = await sqlite_issuer.http.post(
            "/token", data={"grant_type": "client_credentials"}, headers={"authorization": written}
        )

        assert (401, "invalid_client") == (answer.status_code, answer.json()["error"]), written
        assert "www-authenticate" in answer.headers


async def test_two_ways_at_once_are_an_invalid_request(sqlite_issuer):
    form = {"grant_type": "client_credentials", "client_id": "web", "client_secret": SECRET}
    answer = await sqlite_issuer.http.post("/token", data=form, auth=("web", SECRET))

    assert (400, "invalid_request") == (answer.status_code, answer.json()["error"])


async def test_a_client_id_beside_the_header_must_be_the_same(sqlite_issuer):
    same = await own(sqlite_issuer, client_id="web")
    other = await own(sqlite_issuer, client_id="other")

    assert 200 == same.status_code
    assert (401, "invalid_client") == (other.status_code, other.json()["error"])


async def test_one_secret_is_taken_in_the_header_and_in_the_form(sqlite_issuer):
    form = {"grant_type": "client_credentials", "client_id": "web", "client_secret": SECRET}

    assert 200 == (await own(sqlite_issuer)).status_code
    assert 200 == (await sqlite_issuer.http.post("/token", data=form)).status_code


async def test_both_halves_are_form_decoded_and_taken_as_they_are_too(sqlite_issuer):
    secret, name = "50%25 more+less & a:colon, long enough", "spaces and:colons"
    await sqlite_issuer.add_client(name, {"grant_types": ["client_credentials"], "scope": "api:read"})
    digest = sqlite_issuer.server.registry.mac("client_secret", secret.encode())
    now = sqlite_issuer.server.clock()
    await sqlite_issuer.server.store.commit(clients.add_secret("s", name, "n", digest, len(secret), now, None))
    await sqlite_issuer.server.registry.renew()
    form = {"grant_type": "client_credentials"}
    encoded = basic("spaces+and%3Acolons", "50%2525+more%2Bless+%26+a%3Acolon%2C+long+enough")
    raw = basic("spaces+and%3Acolons", secret)

    assert 200 == (await sqlite_issuer.http.post("/token", data=form, headers=encoded)).status_code
    assert 200 == (await sqlite_issuer.http.post("/token", data=form, headers=raw)).status_code


async def test_a_secret_that_ends_in_a_nul_is_another_secret(sqlite_issuer):
    answer = await sqlite_issuer.http.post(
        "/token", data={"grant_type": "client_credentials"}, headers=basic("web", SECRET + "%00")
    )

    assert 401 == answer.status_code


async def test_several_secrets_live_at_once_until_their_ends(sqlite_issuer):
    server, now = sqlite_issuer.server, sqlite_issuer.server.clock()
    new = "the-new-secret-of-forty-three-characters-000"
    digest = server.registry.mac("client_secret", new.encode())
    ends = now.replace(hour=13)
    await server.store.commit(clients.add_secret("new", "web", "new", digest, len(new), now, ends))
    await server.registry.renew()
    form = {"grant_type": "client_credentials"}

    async def tried(secret):
        return (await sqlite_issuer.http.post("/token", data=form, auth=("web", secret))).status_code

    assert [200, 200] == [await tried(SECRET), await tried(new)]
    await server.store.commit(clients.end_secret("web", "apply", now))
    await server.registry.renew()
    assert [401, 200] == [await tried(SECRET), await tried(new)]
    sqlite_issuer.later(hours=1)
    assert [401, 401] == [await tried(SECRET), await tried(new)]


async def test_two_hundred_failures_a_minute_are_followed_by_a_wait(sqlite_database):
    async for issuer in start(sqlite_database, MINTMARK_THROTTLE_CLIENT_AUTH="3/1m"):
        form = {"grant_type": "client_credentials"}
        for _ in range(3):
            assert 401 == (await issuer.http.post("/token", data=form, auth=("web", "wrong"))).status_code
        refused = await issuer.http.post("/introspect", data={"token": "x"}, auth=("web", "wrong"))
        elsewhere = await issuer.browser("192.0.2.7").post("/token", data=form, auth=("web", SECRET))
        other = await issuer.http.post("/token", data=form, auth=("other", SECRET))
        issuer.later(minutes=1)
        again = await issuer.http.post("/token", data=form, auth=("web", SECRET))

        assert 429 == refused.status_code
        assert "60" == refused.headers["retry-after"]
        assert refused.headers["content-type"] == "application/json"
        assert [200, 200, 200] == [elsewhere.status_code, other.status_code, again.status_code]


# ── which grants


async def test_a_grant_that_nobody_knows_is_unsupported(sqlite_issuer):
    for name in ("implicit", "urn:ietf:params:oauth:grant-type:device_code", "PASSWORD"):
        answer = await sqlite_issuer.token(grant_type=name)

        assert (400, "unsupported_grant_type") == (answer.status_code, answer.json()["error"])


async def test_a_grant_that_the_client_was_not_given_is_unauthorized(sqlite_issuer):
    answers = [
        await sqlite_issuer.token("api-server", grant_type="client_credentials"),
        await sqlite_issuer.token("other", grant_type="password", username="alice", password=PASSWORD),
        await sqlite_issuer.token("spa", grant_type="client_credentials"),
        await sqlite_issuer.http.post("/refresh", data={"refresh_token": "x"}, auth=("operator", SECRET)),
    ]

    assert {(400, "unauthorized_client")} == {(answer.status_code, answer.json()["error"]) for answer in answers}


async def test_a_public_client_never_acts_for_itself(sqlite_issuer):
    await sqlite_issuer.change_client("spa", grant_types=["client_credentials"])
    answer = await sqlite_issuer.token("spa", grant_type="client_credentials")

    assert (400, "unauthorized_client") == (answer.status_code, answer.json()["error"])


# ── client credentials


async def test_a_clients_own_token_names_the_client_and_its_resources(sqlite_issuer):
    answer = (await own(sqlite_issuer)).json()
    found = claims(answer["access_token"])

    assert {"alg": "ES256", "typ": "at+jwt"}.items() <= header(answer["access_token"]).items()
    assert {"iss", "sub", "aud", "client_id", "scope", "iat", "exp", "jti"} == set(found)
    assert ("web", "web", API, sqlite_issuer.url) == (found["sub"], found["client_id"], found["aud"], found["iss"])
    assert 600 == found["exp"] - found["iat"]
    assert "api:read api:write" == answer["scope"] == found["scope"]


async def test_a_scope_that_the_client_cannot_have_is_refused_and_not_dropped(sqlite_issuer):
    for scope in (
        "api:read nonsense",
        "api:read admin:read",
        "openid api:read",
        "profile",
        "api:read\x7f",
        'api:"read',
    ):
        answer = await own(sqlite_issuer, scope=scope)

        assert 400 == answer.status_code
        assert answer.json()["error"] in ("invalid_scope", "invalid_target"), scope


async def test_openid_scopes_speak_of_a_person_and_a_client_is_none(sqlite_issuer):
    answer = await own(sqlite_issuer, scope="openid")

    assert "invalid_scope" == answer.json()["error"]


async def test_a_client_of_openid_scopes_alone_has_none_for_itself(sqlite_issuer):
    await sqlite_issuer.add_client("plain", {"grant_types": ["client_credentials"]})
    answer = await sqlite_issuer.http.post("/token", data={"grant_type": "client_credentials"}, auth=("plain", SECRET))

    assert (400, "invalid_scope") == (answer.status_code, answer.json()["error"])


async def test_runs_of_spaces_are_one_and_a_word_counts_once(sqlite_issuer):
    answer = await own(sqlite_issuer, scope="api:write   api:read api:write")

    assert "api:write api:read" == answer.json()["scope"]


async def test_an_operators_token_is_for_the_admin_api_alone(sqlite_issuer):
    admin = sqlite_issuer.url + "/admin/api"
    plain = await sqlite_issuer.token("operator", grant_type="client_credentials")
    await sqlite_issuer.change_client("operator", scope="admin:read api:read")
    without = await sqlite_issuer.token("operator", grant_type="client_credentials")
    mixed = await sqlite_issuer.token("operator", grant_type="client_credentials", scope="admin:read api:read")
    elsewhere = await sqlite_issuer.token("operator", grant_type="client_credentials", scope="admin:read", resource=API)
    named = await sqlite_issuer.token("operator", grant_type="client_credentials", resource=admin)

    assert (admin, "admin:read admin:write") == (claims(plain.json()["access_token"])["aud"], plain.json()["scope"])
    assert "api:read" == without.json()["scope"]
    assert ["invalid_target"] * 2 == [mixed.json()["error"], elsewhere.json()["error"]]
    assert "admin:read" == named.json()["scope"]


# ── resources


async def test_a_resource_is_compared_with_scheme_and_host_folded(sqlite_issuer):
    for written in (API, API + "/", "HTTPS://API.example", "https://Api.Example/"):
        answer = await own(sqlite_issuer, resource=written)

        assert 200 == answer.status_code, written
        assert API == claims(answer.json()["access_token"])["aud"]


@pytest.mark.parametrize(
    "sent", ["https://unknown.example", "/relative", "https://api.example#part", "https://api.example/x", "api", "::"]
)
async def test_a_resource_that_is_none_of_ours_is_an_invalid_target(sqlite_issuer, sent):
    answer = await own(sqlite_issuer, resource=sent)

    assert (400, "invalid_target") == (answer.status_code, answer.json()["error"])


async def test_a_resource_of_which_the_client_has_no_scope_is_an_invalid_target(sqlite_issuer):
    await sqlite_issuer.add_resource("https://billing.example", ["billing:read"])
    answer = await own(sqlite_issuer, resource="https://billing.example")

    assert "invalid_target" == answer.json()["error"]


async def test_several_resources_are_named_one_after_the_other(sqlite_issuer):
    await sqlite_issuer.add_resource("https://billing.example", ["billing:read"])
    await sqlite_issuer.change_client("web", scope="api:read billing:read")
    both = await own(sqlite_issuer, resource=[API, "https://billing.example"])
    one = await own(sqlite_issuer, resource="https://billing.example")

    assert [API, "https://billing.example"] == claims(both.json()["access_token"])["aud"]
    assert "billing:read" == one.json()["scope"]


async def test_a_scope_of_several_resources_wants_to_know_which(sqlite_issuer):
    await sqlite_issuer.add_resource("https://twin.example", ["api:read"])
    which = await own(sqlite_issuer, scope="api:read")
    this = await own(sqlite_issuer, scope="api:read", resource="https://twin.example")

    assert "invalid_target" == which.json()["error"]
    assert "https://twin.example" == claims(this.json()["access_token"])["aud"]


# ── the password grant


async def test_the_password_grant_has_no_session_and_no_id_token(issuer):
    answer = await issuer.token(grant_type="password", username=" ALICE ", password=PASSWORD, scope="openid api:read")
    found = claims(answer.json()["access_token"])

    assert {"access_token", "token_type", "expires_in", "scope", "refresh_token"} == set(answer.json())
    assert ALICE == found["sub"]
    assert "sid" not in found
    assert 0 == await issuer.count("sessions")
    assert (await issuer.introspect(answer.json()["access_token"]))["active"]
    assert 200 == (await issuer.refresh(answer.json()["refresh_token"])).status_code


async def test_a_refresh_token_of_the_password_grant_comes_only_with_that_grant(sqlite_issuer):
    await sqlite_issuer.change_client("web", grant_types=["password"])
    answer = await sqlite_issuer.token(grant_type="password", username="alice", password=PASSWORD)

    assert 200 == answer.status_code
    assert "refresh_token" not in answer.json()


async def test_unknown_disabled_and_wrong_sound_alike_at_the_password_grant(sqlite_issuer):
    await sqlite_issuer.add_person("bob")
    await sqlite_issuer.disable_person("id-of-bob")
    answers = [
        await sqlite_issuer.token(grant_type="password", username=name, password=password)
        for name, password in (("nobody", PASSWORD), ("bob", PASSWORD), ("alice", "wrong"))
    ]

    assert {400} == {answer.status_code for answer in answers}
    assert 1 == len({untraced(answer) for answer in answers})
    assert "invalid_grant" == answers[0].json()["error"]
    assert 0 == await sqlite_issuer.count("authorizations")


async def test_a_password_that_is_changed_while_it_is_looked_at_earns_no_token(issuer, monkeypatch):
    verify, changes = type(issuer.server.hashing).verify, list[Change]()

    async def verified_while_it_changes(self, password, stored):
        verdict = await verify(self, password, stored)
        if not changes:
            issuer.later(seconds=1)
            person = await people.find(issuer.server.store, ALICE)
            assert person is not None
            again = await self.hash("another one that is long")
            changes.extend(accounts.set_password(person, again, issuer.moment[0]))
            await issuer.server.store.commit(changes)
        return verdict

    monkeypatch.setattr(type(issuer.server.hashing), "verify", verified_while_it_changes)
    answer = await issuer.token(grant_type="password", username="alice", password=PASSWORD)

    assert (400, "invalid_grant") == (answer.status_code, answer.json()["error"])
    assert 0 == await issuer.count("authorizations")


async def test_ten_wrong_passwords_make_the_password_grant_wait_too(sqlite_issuer):
    for _ in range(10):
        await sqlite_issuer.token(grant_type="password", username="alice", password="wrong")
    answer = await sqlite_issuer.token(grant_type="password", username="alice", password=PASSWORD)
    page = await sqlite_issuer.sign_in()

    assert 429 == answer.status_code
    assert "1" == answer.headers["retry-after"]
    assert "application/json" == answer.headers["content-type"]
    assert 429 == page.status_code


async def test_whoever_registered_themselves_never_has_the_password_grant(sqlite_issuer):
    changes = clients.add(
        "self", '{"grant_types": ["password"]}', "{}", sqlite_issuer.server.clock(), self_registered=True
    )
    digest = sqlite_issuer.server.registry.mac("client_secret", SECRET.encode())
    now = sqlite_issuer.server.clock()
    secret = clients.add_secret("self-1", "self", "s", digest, 43, now, None)
    await sqlite_issuer.server.store.commit([*changes, *secret])
    await sqlite_issuer.server.registry.renew()
    answer = await sqlite_issuer.http.post(
        "/token", data={"grant_type": "password", "username": "alice", "password": PASSWORD}, auth=("self", SECRET)
    )

    assert (400, "unauthorized_client") == (answer.status_code, answer.json()["error"])


# ── what a person's tokens say


async def test_an_id_token_says_who_signed_in_when_and_how(sqlite_issuer):
    tokens = await sqlite_issuer.tokens()
    said = claims(tokens["id_token"])

    assert {"alg": "RS256", "typ": "JWT"}.items() <= header(tokens["id_token"]).items()
    assert {
        "iss": sqlite_issuer.url, "sub": ALICE, "aud": "web", "nonce": "the-nonce", "acr": "urn:mintmark:acr:1",
        "amr": ["pwd"], "sid": (await sqlite_issuer.sids())[0], "auth_time": int(sqlite_issuer.moment[0].timestamp()),
    }.items() <= said.items()  # fmt: skip
    assert {"iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "amr", "at_hash", "nonce", "sid"} == set(said)


@pytest.mark.parametrize("alg", ["ES256", "PS256", "EdDSA", "Ed25519", "ES384", "RS512"])
async def test_an_id_token_is_signed_as_the_client_wants(sqlite_issuer, alg):
    await sqlite_issuer.change_client("web", id_token_signed_response_alg=alg)
    tokens = await sqlite_issuer.tokens()
    jwks = (await sqlite_issuer.http.get("/.well-known/jwks.json")).json()["keys"]
    kid = header(tokens["id_token"])["kid"]

    assert alg == header(tokens["id_token"])["alg"]
    assert [alg] == [key["alg"] for key in jwks if kid == key["kid"]]


async def test_without_openid_there_is_no_id_token(sqlite_issuer):
    tokens = await sqlite_issuer.tokens(scope="api:read")

    assert "id_token" not in tokens
    assert API == claims(tokens["access_token"])["aud"]


async def test_a_token_without_resource_is_for_the_owners_of_its_scopes_and_with_openid_for_the_issuer(sqlite_issuer):
    tokens = await sqlite_issuer.tokens(scope="openid api:read")
    identity = await sqlite_issuer.tokens(scope="openid email")

    assert {API, sqlite_issuer.url} == set(claims(tokens["access_token"])["aud"])
    assert sqlite_issuer.url == claims(identity["access_token"])["aud"]


async def test_groups_stand_in_both_tokens_where_the_scope_asks_for_them(sqlite_issuer):
    await sqlite_issuer.change_client("web", scope="openid groups api:read")
    tokens = await sqlite_issuer.tokens(scope="openid groups")

    assert ["staff"] == claims(tokens["id_token"])["groups"] == claims(tokens["access_token"])["groups"]


async def test_no_refresh_token_comes_to_a_client_without_that_grant(sqlite_issuer):
    await sqlite_issuer.change_client("web", grant_types=["authorization_code"])
    tokens = await sqlite_issuer.tokens(scope="openid offline_access")

    assert "refresh_token" not in tokens
    assert "openid" == tokens["scope"]


async def test_admin_scopes_go_to_people_only_while_they_are_in_the_group(issuer):
    await issuer.change_client("web", scope="admin:read", grant_types=["authorization_code", "refresh_token"])
    await issuer.add_person("root", groups=("admins",))
    refused = await issuer.authorize(scope="admin:read")
    tokens = await issuer.tokens(scope="admin:read", browser=issuer.browser(), username="root")

    assert "access_denied" == refused["error"]
    assert issuer.url + "/admin/api" == claims(tokens["access_token"])["aud"]
    assert 200 == (await issuer.refresh(tokens["refresh_token"])).status_code
