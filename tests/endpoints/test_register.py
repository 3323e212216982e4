"""The registration door: whoever comes gets what the specifications say, and nothing that only operators give."""

import asyncio
import json
import time

import pytest

from mintmark.protocol import ids
from mintmark.store import initial_access_tokens, registrations
from mintmark.store.initial_access_tokens import InitialAccessToken
from tests.issuer import CALLBACK, NOON, start
from tests.receiving import *  # noqa: F403
from tests.receiving import hangs, huge, says, status
from tests.registering import WEB, register, registered


async def issuer_with(database, **environment):
    async for one in start(database, **environment):
        yield one


@pytest.fixture
async def by_token(database):
    async for one in issuer_with(database, MINTMARK_REGISTRATION="token"):
        yield one


async def initial(issuer, uses=1, name="partners", expires_at=None):
    token = ids.secret("mmi_", issuer.server.random(32))
    made = InitialAccessToken(
        ids.uuid7(NOON, issuer.server.random(10)), name, uses, issuer.server.clock(), expires_at, None
    )
    await issuer.server.store.commit([initial_access_tokens.add(made, ids.digest(token))])
    return token, made


async def uses_left(issuer, made):
    found = await initial_access_tokens.find(issuer.server.store, made.id)
    return None if found is None else found.uses_left


async def test_a_client_is_told_everything_that_is_registered_and_no_null(issuer):
    answer = await register(
        issuer, contacts=["ops@web.example"], logo_uri=None, client_uri="", **{"client_name#de": "H"}
    )
    told = answer.json()

    assert (201, "no-store", "application/json", "*") == (
        answer.status_code, answer.headers["cache-control"], answer.headers["content-type"],
        answer.headers["access-control-allow-origin"],
    )  # fmt: skip
    assert {
        **WEB,
        "client_name#de": "H",
        "contacts": ["ops@web.example"],
        "application_type": "web",
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "subject_type": "public",
        "id_token_signed_response_alg": "RS256",
        "require_auth_time": False,
        "scope": "openid profile email address phone offline_access",
        "client_id": told["client_id"],
        "client_id_issued_at": int(NOON.timestamp()),
        "client_secret": told["client_secret"],
        "client_secret_expires_at": 0,
        "registration_access_token": told["registration_access_token"],
        "registration_client_uri": f"https://id.example/register?client_id={told['client_id']}",
    } == told
    assert 43 == len(told["client_secret"])
    assert ["client_registered"] == [event for event in await issuer.audited() if event.startswith("client_")]


async def test_what_registered_itself_signs_people_in_after_asking_them(issuer):
    told = await registered(issuer, grant_types=["authorization_code", "refresh_token"])
    asked = {"client_id": told["client_id"], "redirect_uri": CALLBACK, "scope": "openid email", "state": "s",
             "response_type": "code"}  # fmt: skip
    first = await issuer.http.get("/authorize", params=asked)
    got = await issuer.go_on(issuer.http, first)
    answer = await issuer.http.post(
        "/token",
        data={"grant_type": "authorization_code", "code": got["code"], "redirect_uri": CALLBACK},
        auth=(told["client_id"], told["client_secret"]),
    )
    again = await issuer.http.get("/authorize", params=asked)

    assert 200 == answer.status_code, answer.text
    assert {"id_token", "refresh_token"} <= answer.json().keys()
    assert again.headers["location"].startswith(CALLBACK), "consent is remembered"


async def test_consent_is_asked_though_the_server_asks_nobody_else(issuer):
    await issuer.set_policy({"require_consent": False})
    told = await registered(issuer)
    await issuer.sign_in()
    asked = {"client_id": told["client_id"], "redirect_uri": CALLBACK, "scope": "openid", "response_type": "code"}
    answer = await issuer.http.get("/authorize", params=asked)

    assert "/consent?" in answer.headers["location"]
    silent = await issuer.http.get("/authorize", params={**asked, "prompt": "none"})
    assert "error=consent_required" in silent.headers["location"]


async def test_a_public_client_has_no_secret_and_needs_pkce(issuer):
    told = await registered(issuer, token_endpoint_auth_method="none")
    asked = {"client_id": told["client_id"], "redirect_uri": CALLBACK, "scope": "openid", "response_type": "code"}
    answer = await issuer.http.get("/authorize", params=asked)

    assert not {"client_secret", "client_secret_expires_at"} & told.keys()
    assert "error=invalid_request" in answer.headers["location"]


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": None}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://a.example/"}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://a.example/#f"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://u@a.example/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://*.a.example/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://a.example/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://localhost/cb"], "application_type": "web"}, "invalid_redirect_uri"),
        ({"redirect_uris": ["app:/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": [f"https://a.example/{n}" for n in range(51)]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://a.example/\ud800"]}, "invalid_redirect_uri"),
        ({"client_name": "\ud800"}, "invalid_client_metadata"),
        ({"grant_types": ["authorization_code", "client_credentials"]}, "invalid_client_metadata"),
        ({"grant_types": ["authorization_code", "password"]}, "invalid_client_metadata"),
        ({"grant_types": ["implicit"]}, "invalid_client_metadata"),
        ({"grant_types": ["refresh_token"]}, "invalid_client_metadata"),
        ({"response_types": ["id_token"]}, "invalid_client_metadata"),
        ({"scope": "openid admin:read"}, "invalid_client_metadata"),
        ({"scope": "unheard of"}, "invalid_client_metadata"),
        ({"initiate_login_uri": "http://a.example/login"}, "invalid_client_metadata"),
        ({"jwks": {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}}, "invalid_client_metadata"),
        ({"jwks": {"keys": []}, "jwks_uri": "https://a.example/"}, "invalid_client_metadata"),
        ({"subject_type": "pairwise", "redirect_uris": [CALLBACK, "https://b.example/"]}, "invalid_client_metadata"),
        ({"sector_identifier_uri": "http://a.example/"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "client_secret_jwt"}, "invalid_client_metadata"),
        ({"require_pushed_authorization_requests": True}, "invalid_client_metadata"),
        ({"frontchannel_logout_uri": "https://elsewhere.example/"}, "invalid_client_metadata"),
        ({"id_token_signed_response_alg": "none"}, "invalid_client_metadata"),
        ({"software_statement": "a.b.c"}, "invalid_software_statement"),
    ],
)  # fmt: skip
async def test_what_no_client_may_be_is_refused_and_nothing_is_written(sqlite_issuer, members, error):
    before = await sqlite_issuer.count("clients")
    content = json.dumps({**WEB, **members})
    answer = await sqlite_issuer.http.post("/register", content=content, headers={"content-type": "application/json"})

    assert (400, error) == (answer.status_code, answer.json()["error"]), answer.text
    assert answer.json()["error_description"].isascii()
    assert before == await sqlite_issuer.count("clients")


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'"x"', "application/json"),
        (b"\xff", "application/json"),
        (b'{"redirect_uris": ["https://a.example/"], "redirect_uris": []}', "application/json"),
        (b"[" * 20_000, "application/json"),
        (b'{"default_max_age": ' + b"9" * 5000 + b"}", "application/json"),
        (b'{"redirect_uris": ["https://a.example/"]}', "text/plain"),
        (b"redirect_uris=https://a.example/", "application/x-www-form-urlencoded"),
    ],
)  # fmt: skip
async def test_what_is_no_json_object_is_refused_in_the_same_form(sqlite_issuer, content, content_type):
    answer = await sqlite_issuer.http.post("/register", content=content, headers={"content-type": content_type})

    assert (400, "invalid_client_metadata") == (answer.status_code, answer.json()["error"])


async def test_ten_thousand_addresses_are_refused_at_once(sqlite_issuer):
    many = [f"https://a.example/{number}" for number in range(3000)]  # more would not fit into a body
    began = time.monotonic()
    answer = await register(sqlite_issuer, redirect_uris=many[:1500])
    more = await register(sqlite_issuer, redirect_uris=many * 4)

    assert (400, "invalid_redirect_uri") == (answer.status_code, answer.json()["error"])
    assert 413 == more.status_code
    assert time.monotonic() - began < 1


async def test_an_app_names_what_it_can_do_and_is_told_what_is_done(issuer):
    told = await registered(
        issuer,
        grant_types=["authorization_code", "implicit", "urn:ietf:params:oauth:grant-type:unheard"],
        response_types=["code", "id_token"],
        scope="openid api:read unheard",
        unheard_member={"x": [1]},
        id_token_signing_alg_values_supported=["HS256", "ES256", "RS256"],
        token_endpoint_auth_methods_supported=["tls_client_auth", "client_secret_post"],
        subject_types_supported=["pairwise", "public"],
        userinfo_encryption_alg_values_supported=["RSA-OAEP-256"],
        id_token_encryption_enc_values_supported=["A256GCM"],
    )

    assert (["authorization_code"], ["code"], "openid api:read") == (
        told["grant_types"], told["response_types"], told["scope"],
    )  # fmt: skip
    assert "ES256" == told["id_token_signed_response_alg"]
    assert "client_secret_post" == told["token_endpoint_auth_method"]
    assert "pairwise" == told["subject_type"]
    assert not {name for name in told if "unheard" in name or "_supported" in name or "encrypted" in name}


async def test_who_can_do_nothing_of_ours_is_told_so(sqlite_issuer):
    answer = await register(sqlite_issuer, id_token_signing_alg_values_supported=["HS256"])

    assert (400, "invalid_client_metadata") == (answer.status_code, answer.json()["error"])


@pytest.mark.parametrize("uri", ["http://127.0.0.1/cb", "http://localhost:3000/cb", "com.example.app:/cb"])
async def test_an_app_on_a_device_is_known_by_its_address_and_may_have_https_beside_it(sqlite_issuer, uri):
    told = await registered(sqlite_issuer, redirect_uris=[uri, CALLBACK])
    said = await registered(sqlite_issuer, redirect_uris=[CALLBACK], application_type="native")

    assert "native" == told["application_type"]
    assert [CALLBACK] == said["redirect_uris"]


async def test_many_may_register_from_one_address_and_no_more(issuer):
    """Three a second are let through; the next minute begins anew, and another address waits for nobody."""
    for _ in range(300):
        assert 400 == (await register(issuer, redirect_uris=[])).status_code
    refused = await register(issuer)
    other = await issuer.browser("192.0.2.7").post("/register", json=WEB)
    issuer.later(seconds=61)

    assert (429, "slow_down") == (refused.status_code, refused.json()["error"])
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert 201 == other.status_code
    assert 201 == (await register(issuer)).status_code


async def test_a_whole_ipv6_network_is_one_address(sqlite_database):
    async for issuer in issuer_with(sqlite_database, MINTMARK_THROTTLE_REGISTRATION="1/1m"):
        one, two, three = (issuer.browser(one) for one in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"))

        assert 201 == (await one.post("/register", json=WEB)).status_code
        assert 429 == (await two.post("/register", json=WEB)).status_code
        assert 201 == (await three.post("/register", json=WEB)).status_code


async def test_where_registration_is_off_there_is_no_door(sqlite_database):
    async for issuer in issuer_with(sqlite_database, MINTMARK_REGISTRATION="off"):
        document = (await issuer.http.get("/.well-known/openid-configuration")).json()

        assert 404 == (await register(issuer)).status_code
        assert "registration_endpoint" not in document


async def test_metadata_names_the_door(sqlite_issuer):
    document = (await sqlite_issuer.http.get("/.well-known/oauth-authorization-server")).json()

    assert "https://id.example/register" == document["registration_endpoint"]


async def test_a_browser_may_register_from_any_origin(sqlite_issuer):
    answer = await sqlite_issuer.http.options("/register")

    assert 204 == answer.status_code
    assert {"POST", "GET", "PUT", "DELETE"} <= set(answer.headers["access-control-allow-methods"].split(", "))
    assert "Authorization" in answer.headers["access-control-allow-headers"]


# ── initial access tokens


async def test_where_a_token_is_asked_for_nobody_comes_in_without_one(by_token):
    token, made = await initial(by_token, uses=2)
    without = await register(by_token)
    wrong = await register(by_token, token="mmi_wrong")
    right = await register(by_token, token=token)

    assert (401, 401, 201) == (without.status_code, wrong.status_code, right.status_code)
    assert 'Bearer realm="mintmark"' == without.headers["www-authenticate"]
    assert ("invalid_token", True) == (wrong.json()["error"], "invalid_token" in wrong.headers["www-authenticate"])
    assert 1 == await uses_left(by_token, made)


async def test_fifty_at_once_with_a_token_for_one_make_one_client(by_token):
    token, _ = await initial(by_token)
    before = await by_token.count("clients")
    answers = await asyncio.gather(*(register(by_token, token=token) for _ in range(50)))

    assert [201, *[401] * 49] == sorted(answer.status_code for answer in answers)
    assert before + 1 == await by_token.count("clients")


async def test_a_refused_registration_spends_no_use(by_token):
    token, made = await initial(by_token)
    refused = await register(by_token, token=token, redirect_uris=[])

    assert 400 == refused.status_code
    assert 1 == await uses_left(by_token, made)
    assert 201 == (await register(by_token, token=token)).status_code
    assert 401 == (await register(by_token, token=token)).status_code


async def test_a_token_ends_and_expires(issuer):
    ended, made = await initial(issuer, uses=None)
    expired, _ = await initial(issuer, uses=None, expires_at=NOON)
    assert 201 == (await register(issuer, token=ended)).status_code
    await issuer.server.store.commit([initial_access_tokens.end(made.id, issuer.server.clock())])

    assert 401 == (await register(issuer, token=ended)).status_code
    assert 401 == (await register(issuer, token=expired)).status_code


async def test_who_has_a_token_is_not_counted(sqlite_database):
    async for issuer in issuer_with(sqlite_database, MINTMARK_THROTTLE_REGISTRATION="1/1m"):
        token, _ = await initial(issuer, uses=None)
        for _ in range(3):
            assert 201 == (await register(issuer, token=token)).status_code


# ── what is looked up


@pytest.fixture
async def reaching(sqlite_database):
    """It may ask this machine, over http too: the receivers of these tests are there."""
    async for one in issuer_with(sqlite_database, MINTMARK_OUTBOUND_ALLOW="127.0.0.1/32"):
        yield one


def answering(content, code=200):
    return says(b"HTTP/1.1 %d So\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b" % (code, len(content), content))


@pytest.fixture
def sector(reaching, receiver, monkeypatch):
    """A host that is asked over https, as it must be registered, and that answers in the clear here."""

    async def made(answer):
        there = await receiver(answer)
        ask = type(reaching.server.outbound).ask

        async def plainly(outbound, method, url, *rest, **named):
            return await ask(outbound, method, there.url, *rest, **named)

        monkeypatch.setattr(type(reaching.server.outbound), "ask", plainly)
        return await register(
            reaching,
            subject_type="pairwise",
            redirect_uris=[CALLBACK, "https://b.example/"],
            sector_identifier_uri="https://sector.example/uris",
        )

    return made


async def test_a_sector_that_names_every_address_is_taken(sector):
    answer = await sector(answering(json.dumps([CALLBACK, "https://b.example/", "https://c.example/"]).encode()))

    assert 201 == answer.status_code, answer.text


@pytest.mark.parametrize(
    "answer",
    [
        answering(json.dumps([CALLBACK]).encode()),
        answering(b"{}"),
        answering(b"[1]"),
        answering(b"no JSON"),
        answering(b"[]", 404),
        status(302, "location: https://b.example/"),
        huge,
    ],
)
async def test_a_sector_that_lies_is_refused(sector, answer):
    refused = await sector(answer)

    assert (400, "invalid_client_metadata") == (refused.status_code, refused.json()["error"])


async def test_a_sector_that_hangs_is_refused_in_a_bounded_time(sector, monkeypatch):
    monkeypatch.setattr("mintmark.endpoints.registering.SECTOR_SECONDS", 0.3)
    refused = await sector(hangs)

    assert (400, "invalid_client_metadata") == (refused.status_code, refused.json()["error"])


async def test_nobody_makes_the_server_ask_a_private_network(sqlite_issuer):
    refused = await register(sqlite_issuer, sector_identifier_uri="https://127.0.0.1/x")

    assert (400, "invalid_client_metadata") == (refused.status_code, refused.json()["error"])


async def test_where_keys_lie_is_not_asked_while_registering(sqlite_issuer):
    told = await registered(sqlite_issuer, jwks_uri="https://127.0.0.1/keys")

    assert "https://127.0.0.1/keys" == told["jwks_uri"]


async def test_a_client_has_the_policy_of_the_settings(sqlite_database):
    policy = '{"require_pkce": true}'
    async for issuer in issuer_with(sqlite_database, MINTMARK_REGISTRATION_POLICY=policy):
        told = await registered(issuer)
        asked = {"client_id": told["client_id"], "redirect_uri": CALLBACK, "scope": "openid", "response_type": "code"}
        answer = await issuer.http.get("/authorize", params=asked)

        assert "error=invalid_request" in answer.headers["location"]


async def test_a_registration_moves_nobodys_cache(issuer):
    version = issuer.server.registry.version
    await registered(issuer)
    await issuer.server.registry.renew()

    assert version == issuer.server.registry.version


async def test_tokens_and_secrets_are_kept_as_digests(issuer):
    told = await registered(issuer)
    found = await registrations.find(issuer.server.store, told["client_id"])

    assert found is not None
    assert ids.digest(told["registration_access_token"]) == found.digest
    for secret in (told["registration_access_token"], told["client_secret"]):
        assert secret not in json.dumps(issuer.lines, default=str)
