"""What is signed and encrypted for a client: ID tokens, UserInfo, introspection answers (OIDC Core §10, RFC 9701)."""

import json
import threading
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwk, jwt

from mintmark.keys import algorithms, encryption
from mintmark.outbound import Reply
from tests.issuer import SECRET, claims, header, start
from tests.keys.opening import opened

PRIVATE: dict[str, Any] = {"RSA": rsa.generate_private_key(65537, 2048), "EC": ec.generate_private_key(ec.SECP256R1())}
JWKS = {
    "keys": [
        {**algorithms.members(PRIVATE["EC"].public_key()), "kid": "signs", "use": "sig"},
        {**algorithms.members(PRIVATE["RSA"].public_key()), "kid": "rsa", "use": "enc"},
        {**algorithms.members(PRIVATE["EC"].public_key()), "kid": "ec", "use": "enc"},
    ]
}
ALG = {"RSA": "RSA-OAEP-256", "EC": "ECDH-ES+A128KW"}
CAME = "application/token-introspection+jwt"


async def userinfo(issuer, token):
    return await issuer.http.get("/userinfo", headers={"authorization": f"Bearer {token}"})


async def verified(issuer, token, alg, audience="web"):
    """By joserfc, against what is published."""
    published = (await issuer.http.get("/.well-known/jwks.json")).json()
    found = jwt.decode(token, jwk.KeySet.import_key_set(published), algorithms=[alg])
    assert issuer.url == found.claims["iss"]
    assert audience == found.claims["aud"]
    return found.claims


# ── ID tokens


@pytest.mark.parametrize("kind", PRIVATE)
@pytest.mark.parametrize("enc", [None, "A256GCM"])
async def test_an_id_token_is_signed_and_then_encrypted(issuer, kind, enc):
    await issuer.change_client(
        "web", jwks=JWKS, id_token_encrypted_response_alg=ALG[kind], id_token_encrypted_response_enc=enc,
        id_token_signed_response_alg="ES256",
    )  # fmt: skip
    tokens = await issuer.tokens()
    head, content = opened(tokens["id_token"], PRIVATE[kind])

    assert {"alg": ALG[kind], "enc": enc or "A128CBC-HS256", "cty": "JWT", "kid": kind.lower()}.items() <= head.items()
    assert "the-nonce" == (await verified(issuer, content.decode(), "ES256"))["nonce"]
    again = (await issuer.refresh(tokens["refresh_token"])).json()
    assert 5 == len(again["id_token"].split("."))


async def test_a_client_without_a_key_that_fits_is_told_so_and_its_code_is_not_spent(issuer):
    keys = {"keys": JWKS["keys"][:2]}
    await issuer.change_client("web", jwks=keys, id_token_encrypted_response_alg="ECDH-ES")
    code = await issuer.code()
    before = await issuer.rows()
    refused = await issuer.redeem(code)

    assert (400, "invalid_request") == (refused.status_code, refused.json()["error"])
    assert "ECDH-ES" in refused.json()["error_description"]
    assert before == await issuer.rows()
    assert ["encryption key"] == issuer.refusals("check")
    await issuer.change_client("web", jwks=JWKS)
    assert 200 == (await issuer.redeem(code)).status_code


async def test_a_new_key_at_the_clients_address_is_found(sqlite_issuer):
    issuer, asked = sqlite_issuer, []

    class There:
        keys = JWKS["keys"][:1]

        async def ask(self, method, url, headers=(), body=b"", *, seconds, most):
            asked.append(url)
            return Reply(200, [], json.dumps({"keys": self.keys}).encode(), True)

    object.__setattr__(issuer.server, "outbound", There())
    await issuer.change_client("web", jwks_uri="https://web.example/jwks", id_token_encrypted_response_alg="ECDH-ES")
    code = await issuer.code()
    assert 400 == (await issuer.redeem(code)).status_code
    There.keys = JWKS["keys"]
    assert 400 == (await issuer.redeem(code)).status_code
    issuer.later(seconds=15)

    tokens = (await issuer.redeem(code)).json()
    assert "ECDH-ES" == opened(tokens["id_token"], PRIVATE["EC"])[0]["alg"]
    assert 2 == len(asked)


async def test_encryption_is_done_off_the_event_loop(sqlite_issuer, monkeypatch):
    threads, encrypt = [], encryption.encrypt

    def noted(*arguments, **named):
        threads.append(threading.current_thread())
        return encrypt(*arguments, **named)

    monkeypatch.setattr(encryption, "encrypt", noted)
    await sqlite_issuer.change_client("web", jwks=JWKS, id_token_encrypted_response_alg="RSA-OAEP-256")
    await sqlite_issuer.tokens()

    assert [True] == [one is not threading.main_thread() for one in threads]


async def test_an_unsigned_id_token_is_refused_where_the_settings_do_not_allow_it(issuer):
    await issuer.change_client("web", id_token_signed_response_alg="none")
    code = await issuer.code()
    answer = await issuer.redeem(code)
    published = (await issuer.http.get("/.well-known/openid-configuration")).json()

    assert (400, "unauthorized_client") == (answer.status_code, answer.json()["error"])
    assert "none" not in published["id_token_signing_alg_values_supported"]
    await issuer.change_client("web", id_token_signed_response_alg=None)
    assert 200 == (await issuer.redeem(code)).status_code


async def test_an_unsigned_id_token_goes_to_who_asked_for_it_by_name_where_the_settings_allow_it(sqlite_database):
    async for issuer in start(sqlite_database, MINTMARK_ALLOW_UNSIGNED_ID_TOKENS="true"):
        await issuer.change_client("web", id_token_signed_response_alg="none")
        token = (await issuer.tokens())["id_token"]
        other = (await issuer.tokens("spa"))["id_token"]
        published = (await issuer.http.get("/.well-known/openid-configuration")).json()

        assert {"alg": "none"} == header(token)
        assert "" == token.rpartition(".")[2]
        assert {"iss", "sub", "aud", "exp", "iat", "nonce"} <= claims(token).keys()
        assert "at_hash" not in claims(token)
        assert "RS256" == header(other)["alg"], "whoever did not ask for it gets a signed one"
        assert "none" in published["id_token_signing_alg_values_supported"]
        assert "none" not in published["userinfo_signing_alg_values_supported"]


# ── UserInfo


@pytest.mark.parametrize("alg", ["RS256", "ES384"])
async def test_userinfo_is_signed_as_the_client_registered(issuer, alg):
    plain = (await userinfo(issuer, (await issuer.tokens())["access_token"])).json()
    await issuer.change_client("web", userinfo_signed_response_alg=alg)
    answer = await userinfo(issuer, (await issuer.tokens())["access_token"])

    assert (200, "application/jwt") == (answer.status_code, answer.headers["content-type"])
    assert {**plain, "iss": issuer.url, "aud": "web"} == await verified(issuer, answer.text, alg)
    assert "no-store" == answer.headers["cache-control"]


async def test_a_userinfo_answer_is_no_hint_and_no_access_token(sqlite_issuer):
    """Signed by the same keys, with the same issuer and audience: it must pass for nothing else."""
    issuer = sqlite_issuer
    await issuer.change_client("web", userinfo_signed_response_alg="RS256")
    said = (await userinfo(issuer, (await issuer.tokens())["access_token"])).text

    assert 401 == (await userinfo(issuer, said)).status_code
    refused = await issuer.http.get("/authorize", params=issuer.request(id_token_hint=said, prompt="none"))
    assert "code=" not in refused.headers["location"]


async def test_userinfo_is_signed_and_encrypted(sqlite_issuer):
    await sqlite_issuer.change_client(
        "web", jwks=JWKS, userinfo_signed_response_alg="ES256", userinfo_encrypted_response_alg="RSA-OAEP-256",
        userinfo_encrypted_response_enc="A128GCM",
    )  # fmt: skip
    answer = await userinfo(sqlite_issuer, (await sqlite_issuer.tokens())["access_token"])
    head, content = opened(answer.text, PRIVATE["RSA"])

    assert "application/jwt" == answer.headers["content-type"]
    assert ("A128GCM", "JWT") == (head["enc"], head["cty"])
    assert "id-of-alice" == (await verified(sqlite_issuer, content.decode(), "ES256"))["sub"]


async def test_userinfo_that_is_only_encrypted_holds_the_claims_as_they_are(sqlite_issuer):
    await sqlite_issuer.change_client("web", jwks=JWKS, userinfo_encrypted_response_alg="ECDH-ES")
    token = (await sqlite_issuer.tokens())["access_token"]
    head, content = opened((await userinfo(sqlite_issuer, token)).text, PRIVATE["EC"])
    await sqlite_issuer.change_client("web", userinfo_encrypted_response_alg=None)

    assert "cty" not in head
    assert (await userinfo(sqlite_issuer, token)).json() == json.loads(content)


async def test_a_refused_userinfo_spends_no_one_use_token(sqlite_issuer):
    issuer = sqlite_issuer
    await issuer.set_policy({"one_use": True}, at="client", name="web")
    token = (await issuer.tokens(scope="openid"))["access_token"]
    await issuer.change_client("web", userinfo_encrypted_response_alg="ECDH-ES", jwks={"keys": []})
    refused = await userinfo(issuer, token)

    assert (400, "invalid_request") == (refused.status_code, refused.json()["error"])
    assert "Bearer" in refused.headers["www-authenticate"]
    await issuer.change_client("web", jwks=JWKS)
    assert [200, 401] == [(await userinfo(issuer, token)).status_code for _ in range(2)]


# ── introspection


async def introspected(issuer, token, accept=CAME):
    return await issuer.http.post(
        "/introspect", data={"token": token}, auth=("api-server", SECRET), headers={"accept": accept}
    )


async def test_an_introspection_answer_is_signed_for_who_asks_for_that(issuer):
    token = (await issuer.tokens())["access_token"]
    plain = await issuer.introspect(token)
    answer = await introspected(issuer, token)
    said = await verified(issuer, answer.text, "RS256", "api-server")

    assert (200, CAME) == (answer.status_code, answer.headers["content-type"])
    assert ("token-introspection+jwt", "RS256") == (header(answer.text)["typ"], header(answer.text)["alg"])
    assert {"iss", "aud", "iat", "token_introspection"} == said.keys()
    assert plain == said["token_introspection"]
    assert int(issuer.moment[0].timestamp()) == said["iat"]
    assert "no-store" == answer.headers["cache-control"]


async def test_what_is_inactive_is_exactly_that(sqlite_issuer):
    said = await verified(sqlite_issuer, (await introspected(sqlite_issuer, "nothing")).text, "RS256", "api-server")

    assert {"active": False} == said["token_introspection"]


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", "application/jwt", f"{CAME};q=0", f"application/json, {CAME};q=0.9"]
)
async def test_nobody_else_gets_a_signed_one(sqlite_issuer, accept):
    answer = await introspected(sqlite_issuer, "nothing", accept)

    assert ("application/json", b'{"active":false}') == (answer.headers["content-type"], answer.content)


async def test_it_is_signed_and_encrypted_as_the_resource_server_registered(sqlite_issuer):
    await sqlite_issuer.change_client(
        "api-server", jwks=JWKS, introspection_signed_response_alg="PS256",
        introspection_encrypted_response_alg="ECDH-ES+A256KW", introspection_encrypted_response_enc="A256GCM",
    )  # fmt: skip
    token = (await sqlite_issuer.tokens())["access_token"]
    head, content = opened((await introspected(sqlite_issuer, token)).text, PRIVATE["EC"])
    said = await verified(sqlite_issuer, content.decode(), "PS256", "api-server")

    assert ("JWT", "ec") == (head["cty"], head["kid"])
    assert said["token_introspection"]["active"] is True


async def test_an_introspection_answer_is_no_access_token(sqlite_issuer):
    said = (await introspected(sqlite_issuer, (await sqlite_issuer.tokens())["access_token"])).text

    assert {"active": False} == await sqlite_issuer.introspect(said)
    assert 401 == (await userinfo(sqlite_issuer, said)).status_code


async def test_a_refused_introspection_spends_no_one_use_token(issuer):
    await issuer.set_policy({"one_use": True}, at="client", name="web")
    token = (await issuer.tokens())["access_token"]
    await issuer.change_client("api-server", introspection_encrypted_response_alg="ECDH-ES", jwks={"keys": []})
    refused = await introspected(issuer, token)

    assert (400, "invalid_request") == (refused.status_code, refused.json()["error"])
    await issuer.change_client("api-server", jwks=JWKS)
    _, content = opened((await introspected(issuer, token)).text, PRIVATE["EC"])
    assert claims(content.decode())["token_introspection"]["active"] is True


async def test_refusals_are_json_whatever_was_asked_for(sqlite_issuer):
    answer = await sqlite_issuer.http.post("/introspect", data={"token": "x"}, headers={"accept": CAME})

    assert (401, "application/json") == (answer.status_code, answer.headers["content-type"])


async def test_the_first_key_of_an_algorithm_is_found_off_the_event_loop(sqlite_issuer, monkeypatch):
    """Whoever registers a client may be the first to want it, and RSA keys take long to find."""
    threads, generate = [], algorithms.generate

    def noted(alg):
        threads.append(threading.current_thread())
        return generate(alg)

    monkeypatch.setattr(algorithms, "generate", noted)
    await sqlite_issuer.change_client("web", userinfo_signed_response_alg="RS512")
    answer = await userinfo(sqlite_issuer, (await sqlite_issuer.tokens())["access_token"])

    assert "RS512" == header(answer.text)["alg"]
    assert [True] == [one is not threading.main_thread() for one in threads]
