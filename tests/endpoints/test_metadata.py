"""The metadata documents and the JWKS (RFC 8414 §3, OIDC Discovery §4, RFC 7517 §5)."""

import pytest

from mintmark import keyring
from mintmark.store.changes import Unavailable
from tests.issuer import start

BOTH = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")
SCOPES = ["openid", "profile", "email", "address", "phone", "groups", "offline_access", "api:read", "api:write"]
ALGS = ["RS256", "ES256", "PS256", "EdDSA", "Ed25519", "ES384", "ES512", "RS384", "RS512"]
METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
ASSERTION_ALGS = ["ES256", "RS256", "PS256", "EdDSA", "Ed25519", "ES384", "ES512", "RS384", "RS512"]
KEY_ENCRYPTION = ["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW"]
CONTENT_ENCRYPTION = ["A128GCM", "A256GCM", "A128CBC-HS256"]
GRANTS = ["authorization_code", "refresh_token", "client_credentials", "password"]


def document(issuer, grants):
    return {
        "issuer": issuer,
        "authorization_endpoint": issuer + "/authorize",
        "token_endpoint": issuer + "/token",
        "userinfo_endpoint": issuer + "/userinfo",
        "jwks_uri": issuer + "/.well-known/jwks.json",
        "revocation_endpoint": issuer + "/revoke",
        "introspection_endpoint": issuer + "/introspect",
        "end_session_endpoint": issuer + "/end_session",
        "check_session_iframe": issuer + "/check_session",
        "registration_endpoint": issuer + "/register",
        "scopes_supported": SCOPES,
        "response_types_supported": ["code", "none"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": grants,
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ALGS,
        "id_token_encryption_alg_values_supported": KEY_ENCRYPTION,
        "id_token_encryption_enc_values_supported": CONTENT_ENCRYPTION,
        "userinfo_signing_alg_values_supported": ALGS,
        "userinfo_encryption_alg_values_supported": KEY_ENCRYPTION,
        "userinfo_encryption_enc_values_supported": CONTENT_ENCRYPTION,
        "introspection_signing_alg_values_supported": ALGS,
        "introspection_encryption_alg_values_supported": KEY_ENCRYPTION,
        "introspection_encryption_enc_values_supported": CONTENT_ENCRYPTION,
        "token_endpoint_auth_methods_supported": METHODS,
        "token_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGS,
        "revocation_endpoint_auth_methods_supported": METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGS,
        "introspection_endpoint_auth_methods_supported": METHODS[:3],
        "introspection_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGS,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "acr_values_supported": ["urn:mintmark:acr:1", "urn:mintmark:acr:2", "urn:mintmark:acr:phr"],
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": True,
        "display_values_supported": ["page", "popup", "touch"],
        "prompt_values_supported": ["consent", "login", "none", "select_account"],
        "request_parameter_supported": True,
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": True,
        "request_object_signing_alg_values_supported": ALGS,
        "ui_locales_supported": ["en", "de", "fr", "es", "ja", "ar"],
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
    }


@pytest.mark.parametrize("path", BOTH)
async def test_both_documents_say_exactly_this(sqlite_issuer, path):
    answer = await sqlite_issuer.http.get(path)
    said = answer.json()
    claims = said.pop("claims_supported")

    assert document(sqlite_issuer.url, GRANTS) == said
    assert {"sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "nonce", "sid", "name", "email"} <= set(claims)


async def test_password_is_absent_while_no_enabled_client_has_it(sqlite_issuer):
    async def grants():
        return (await sqlite_issuer.http.get(BOTH[0])).json()["grant_types_supported"]

    assert GRANTS == await grants()
    await sqlite_issuer.disable_client("web")
    assert GRANTS[:3] == await grants()
    await sqlite_issuer.enable_client("web")
    assert GRANTS == await grants()
    await sqlite_issuer.change_client("web", grant_types=["authorization_code"])
    assert GRANTS[:3] == await grants()


async def test_a_new_resource_brings_its_scopes(sqlite_issuer):
    await sqlite_issuer.add_resource("https://billing.example", ["billing:read"])
    said = (await sqlite_issuer.http.get(BOTH[0])).json()

    assert [*SCOPES, "billing:read"] == said["scopes_supported"]


@pytest.mark.parametrize("path", [*BOTH, "/.well-known/jwks.json"])
async def test_they_are_public_cached_and_answered_304_to_who_has_them(sqlite_issuer, path):
    first = await sqlite_issuer.http.get(path)
    etag = first.headers["etag"]
    again = [
        await sqlite_issuer.http.get(path, headers={"if-none-match": given})
        for given in (etag, f"W/{etag}", f'"other", {etag}', "*")
    ]
    other = await sqlite_issuer.http.get(path, headers={"if-none-match": '"other"'})
    head = await sqlite_issuer.http.head(path)

    assert (200, "application/json", "*") == (
        first.status_code, first.headers["content-type"], first.headers["access-control-allow-origin"],
    )  # fmt: skip
    assert first.headers["cache-control"].startswith("public, max-age=")
    assert "nosniff" == first.headers["x-content-type-options"]
    assert {(304, b"", etag)} == {(one.status_code, one.content, one.headers["etag"]) for one in again}
    assert 200 == other.status_code
    assert (200, b"", first.headers["content-type"]) == (head.status_code, head.content, head.headers["content-type"])


async def test_the_jwks_holds_public_keys_alone_each_with_its_names(sqlite_issuer):
    keys = (await sqlite_issuer.http.get("/.well-known/jwks.json")).json()["keys"]

    assert {"ES256", "RS256"} == {key["alg"] for key in keys}
    assert len(keys) == len({key["kid"] for key in keys})
    assert {"sig"} == {key["use"] for key in keys}
    assert not any({"d", "p", "q", "dp", "dq", "qi", "k", "oth"} & set(key) for key in keys)


@pytest.mark.parametrize(("path", "most"), [(BOTH[0], 300), ("/.well-known/jwks.json", 3600)])
async def test_without_the_database_it_is_good_for_as_long_as_if_it_had_been_kept(
    sqlite_issuer, monkeypatch, path, most
):
    server, passed = sqlite_issuer.server, [0.0]
    first = await sqlite_issuer.http.get(path)
    began = server.registry._monotonic()

    async def away(*given, **more):
        raise Unavailable

    monkeypatch.setattr(server.registry, "_monotonic", lambda: began + passed[0])
    monkeypatch.setattr(type(server.store), "fetch", away)
    answers = []
    for seconds in (60.0, most - 1.5, most):
        passed[0] = seconds
        answers.append(await sqlite_issuer.http.get(path))
    known = await sqlite_issuer.http.get(path, headers={"if-none-match": first.headers["etag"]})

    assert [200, 200, 503, 503] == [answer.status_code for answer in (*answers, known)]
    assert first.content == answers[0].content == answers[1].content
    ages = [int(answer.headers["cache-control"].removeprefix("public, max-age=")) for answer in answers[:2]]
    assert most - 62 <= ages[0] <= most - 60
    assert ages[1] in (0, 1)
    assert "retry-after" in answers[2].headers


async def test_without_the_database_it_is_what_was_read_last_also_where_nobody_had_asked_since(
    sqlite_issuer, monkeypatch
):
    """Not what was answered last: a key may have been taken away in between."""
    issuer, door = sqlite_issuer, "/.well-known/jwks.json"
    before = await issuer.http.get(door)
    await keyring.make_first(issuer.server, "PS256", issuer.server.clock())
    registry = await issuer.server.registry.current()
    later = registry._monotonic() + 60

    async def away(*given, **more):
        raise Unavailable

    monkeypatch.setattr(registry, "_monotonic", lambda: later)
    monkeypatch.setattr(type(issuer.server.store), "fetch", away)
    after = await issuer.http.get(door)

    assert 200 == after.status_code
    assert {"PS256"} == {key["alg"] for key in after.json()["keys"]} - {key["alg"] for key in before.json()["keys"]}


async def test_the_jwks_follows_the_ring(sqlite_issuer):
    first = await sqlite_issuer.http.get("/.well-known/jwks.json")
    await keyring.make_first(sqlite_issuer.server, "Ed25519", sqlite_issuer.server.clock())
    second = await sqlite_issuer.http.get("/.well-known/jwks.json", headers={"if-none-match": first.headers["etag"]})

    assert 200 == second.status_code
    assert {"ES256", "RS256", "Ed25519"} == {key["alg"] for key in second.json()["keys"]}


async def test_an_issuer_with_a_path_serves_the_inserted_forms_and_its_own_at_the_path(sqlite_database):
    async for issuer in start(sqlite_database, MINTMARK_ISSUER="https://h.example/p"):
        paths = [name + "/p" for name in BOTH] + ["/p" + name for name in BOTH]
        found = [await issuer.http.get("https://h.example" + path) for path in paths]
        nothing = [
            await issuer.http.get("https://h.example" + path) for path in [*BOTH, "/token", "/login", "/p/p/token"]
        ]
        health = [await issuer.http.get("https://h.example" + path) for path in ("/health/live", "/health/ready")]
        tokens = await issuer.tokens()

        assert 1 == len({answer.content for answer in found})
        assert "https://h.example/p" == found[0].json()["issuer"]
        assert "https://h.example/p/token" == found[0].json()["token_endpoint"]
        assert {404} == {answer.status_code for answer in nothing}
        assert 200 == health[0].status_code
        assert (await issuer.introspect(tokens["access_token"]))["iss"] == "https://h.example/p"


async def test_an_unknown_well_known_path_is_404_and_no_page(sqlite_issuer):
    for name in ("webfinger", "openid-federation", "oauth-authorization-server/x", "oauth-protected-resource"):
        answer = await sqlite_issuer.http.get("/.well-known/" + name)

        assert 404 == answer.status_code
        assert "html" not in answer.headers["content-type"]


async def test_addresses_come_from_the_issuer_and_never_from_a_header(sqlite_issuer):
    plain = await sqlite_issuer.http.get(BOTH[0])
    forged = await sqlite_issuer.http.get(
        BOTH[0],
        headers={
            "host": "evil.example",
            "x-forwarded-host": "evil.example",
            "forwarded": "host=evil.example;proto=http",
        },
    )

    assert plain.content == forged.content


async def test_the_first_key_of_another_algorithm_signs_at_once(issuer):
    await issuer.set_policy({"access_token_alg": "EdDSA"})
    token = await issuer.token(grant_type="client_credentials", scope="api:read")
    keys = (await issuer.http.get("/.well-known/jwks.json")).json()["keys"]

    assert {"ES256", "RS256", "EdDSA"} == {key["alg"] for key in keys}
    assert (await issuer.introspect(token.json()["access_token"]))["active"]
