"""The metadata says exactly what is on: every member is known, none is null, and what it names is there."""

from urllib.parse import urlsplit

import pytest

from tests.issuer import start

OIDC = "OIDC Discovery §3"
OAUTH = "RFC 8414 §2"
# Where each member comes from; what is not in the list is nobody's.
KNOWN = {
    "issuer": OIDC,
    "authorization_endpoint": OIDC,
    "token_endpoint": OIDC,
    "userinfo_endpoint": OIDC,
    "jwks_uri": OIDC,
    "registration_endpoint": OIDC,
    "scopes_supported": OIDC,
    "response_types_supported": OIDC,
    "response_modes_supported": OIDC,
    "grant_types_supported": OIDC,
    "acr_values_supported": OIDC,
    "subject_types_supported": OIDC,
    "id_token_signing_alg_values_supported": OIDC,
    "id_token_encryption_alg_values_supported": OIDC,
    "id_token_encryption_enc_values_supported": OIDC,
    "userinfo_signing_alg_values_supported": OIDC,
    "userinfo_encryption_alg_values_supported": OIDC,
    "userinfo_encryption_enc_values_supported": OIDC,
    "request_object_signing_alg_values_supported": OIDC,
    "request_object_encryption_alg_values_supported": OIDC,
    "request_object_encryption_enc_values_supported": OIDC,
    "token_endpoint_auth_methods_supported": OIDC,
    "token_endpoint_auth_signing_alg_values_supported": OIDC,
    "display_values_supported": OIDC,
    "claim_types_supported": OIDC,
    "claims_supported": OIDC,
    "service_documentation": OIDC,
    "claims_locales_supported": OIDC,
    "ui_locales_supported": OIDC,
    "claims_parameter_supported": OIDC,
    "request_parameter_supported": OIDC,
    "request_uri_parameter_supported": OIDC,
    "require_request_uri_registration": OIDC,
    "op_policy_uri": OIDC,
    "op_tos_uri": OIDC,
    "revocation_endpoint": OAUTH,
    "revocation_endpoint_auth_methods_supported": OAUTH,
    "revocation_endpoint_auth_signing_alg_values_supported": OAUTH,
    "introspection_endpoint": OAUTH,
    "introspection_endpoint_auth_methods_supported": OAUTH,
    "introspection_endpoint_auth_signing_alg_values_supported": OAUTH,
    "code_challenge_methods_supported": OAUTH,
    "prompt_values_supported": "OIDC Initiating User Registration §4.2",
    "authorization_response_iss_parameter_supported": "RFC 9207 §3",
    "introspection_signing_alg_values_supported": "RFC 9701 §7",
    "introspection_encryption_alg_values_supported": "RFC 9701 §7",
    "introspection_encryption_enc_values_supported": "RFC 9701 §7",
    "end_session_endpoint": "OIDC RP-Initiated Logout §2.1",
    "check_session_iframe": "OIDC Session Management §3.3",
    "frontchannel_logout_supported": "OIDC Front-Channel Logout §3",
    "frontchannel_logout_session_supported": "OIDC Front-Channel Logout §3",
    "backchannel_logout_supported": "OIDC Back-Channel Logout §2.1",
    "backchannel_logout_session_supported": "OIDC Back-Channel Logout §2.1",
}
NEEDED = {  # OIDC Discovery §3; RFC 8414 §2 says that an absent grant_types_supported means the implicit grant
    "issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "response_types_supported",
    "subject_types_supported", "id_token_signing_alg_values_supported", "scopes_supported", "claims_supported",
    "userinfo_endpoint", "grant_types_supported",
}  # fmt: skip
FORMS = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")
PAGES = {
    "MINTMARK_DOCUMENTATION_URL": "https://docs.example/apps",
    "MINTMARK_PRIVACY_URL": "https://id.example/privacy",
    "MINTMARK_TERMS_URL": "https://id.example/terms",
}


async def said(issuer, path=FORMS[0]):
    answer = await issuer.http.get(path)
    assert 200 == answer.status_code
    return answer.json()


def addresses(document):
    return {
        name: value
        for name, value in document.items()
        if name == "jwks_uri" or name.endswith(("_endpoint", "_iframe", "_uri", "_documentation"))
    }


async def test_every_member_is_known_by_its_source_and_none_is_null_or_empty(sqlite_issuer):
    document = await said(sqlite_issuer)

    assert set() == document.keys() - KNOWN.keys()
    assert document.keys() >= NEEDED
    assert [] == [name for name, value in document.items() if value in (None, "", [], {})]


async def test_no_list_says_a_thing_twice(sqlite_issuer):
    for name, value in (await said(sqlite_issuer)).items():
        if isinstance(value, list):
            assert len(value) == len(set(value)), name


async def test_both_documents_are_one(sqlite_issuer):
    assert await said(sqlite_issuer, FORMS[0]) == await said(sqlite_issuer, FORMS[1])


@pytest.mark.parametrize("url", ["https://id.example", "https://h.example/p", "https://h.example/a/b"])
async def test_every_form_of_the_address_answers_with_the_same_issuer(sqlite_database, url):
    parts = urlsplit(url)
    inserted = [f"https://{parts.netloc}{form}{parts.path}" for form in FORMS]
    async for issuer in start(sqlite_database, MINTMARK_ISSUER=url):
        found = [await said(issuer, address) for address in [*inserted, *(url + form for form in FORMS)]]

        assert all(one == found[0] for one in found)
        assert url == found[0]["issuer"]
        assert all(address.startswith(f"{url}/") for address in addresses(found[0]).values())


async def test_every_address_is_https_and_there_is_a_door(sqlite_issuer):
    for name, address in addresses(await said(sqlite_issuer)).items():
        status = (await sqlite_issuer.http.get(address)).status_code

        assert address.startswith("https://"), name
        assert status not in (404, 500), name


async def test_pages_for_people_stand_there_where_the_settings_name_them(sqlite_database):
    async for issuer in start(sqlite_database, **PAGES):
        document = await said(issuer)

        assert [*PAGES.values()] == [
            document[name] for name in ("service_documentation", "op_policy_uri", "op_tos_uri")
        ]
        assert set() == document.keys() - KNOWN.keys()


async def test_what_is_off_is_absent(sqlite_database):
    async for issuer in start(sqlite_database, MINTMARK_REGISTRATION="off"):
        document = await said(issuer)

        assert {"registration_endpoint", *("service_documentation", "op_policy_uri")}.isdisjoint(document)
        assert 404 == (await issuer.http.post("/register", json={})).status_code


async def test_what_stays_out_is_named_nowhere(sqlite_issuer):
    document = await said(sqlite_issuer)

    assert {"implicit", "urn:ietf:params:oauth:grant-type:device_code"}.isdisjoint(document["grant_types_supported"])
    assert not [one for one in document["response_types_supported"] if "token" in one]
    assert ["S256"] == document["code_challenge_methods_supported"]
    assert "none" not in document["id_token_signing_alg_values_supported"]
    assert ["public", "pairwise"] == document["subject_types_supported"]
