import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import client as clients
from mintmark.protocol import client_metadata
from mintmark.protocol.client_metadata import MEMBERS, MetadataRefused, Offered
from mintmark.protocol.policy import ALGS, Policy
from tests.protocol.making import CALLBACK, CATALOGUE

WEB = {"redirect_uris": [CALLBACK]}
MACHINE = {"grant_types": ["client_credentials"]}
OFFERED = Offered(
    ("authorization_code", "refresh_token", "client_credentials", "password"),
    ("none", "client_secret_basic", "client_secret_post"),
)


def read(document, client_id="shop", *, by_operator=True):
    return client_metadata.read(client_id, document, catalogue=CATALOGUE, offered=OFFERED, by_operator=by_operator)


def refusal(document, client_id="shop", *, by_operator=True):
    with pytest.raises(MetadataRefused) as caught:
        read(document, client_id, by_operator=by_operator)
    return str(caught.value)


def test_what_was_stated_is_kept_and_defaults_are_not_written_down():
    document = {
        **WEB,
        "client_name": "Shop",
        "client_name#de": "Laden",
        "client_uri": "https://shop.example/#about",
        "policy_uri#de-DE": "https://shop.example/datenschutz",
        "contacts": ["ops@shop.example"],
        "application_type": "web",
        "jwks": {"keys": [{"kty": "XX", "kid": "1", "key_ops": ["verify"]}]},
        "default_max_age": 0,
        "require_auth_time": True,
        "id_token_signed_response_alg": "ES256",
        "initiate_login_uri": "https://shop.example/login",
        "dpop_bound_access_tokens": False,
        "response_types": ["code"],
        "software_statement": "eyJ.e30.c2ln",
        "scope": "openid api:read",
    }

    assert document == read(document)


def test_what_is_read_is_read_again_as_itself():
    document = {**WEB, "scope": "  openid   openid ", "contacts": ["a", "a"], "tos_uri": None}
    once = read(document)

    assert {**WEB, "scope": "openid", "contacts": ["a"]} == once
    assert once == read(once)


def test_a_stored_client_is_read_from_its_members():
    stored = json.loads(clients.written(read({**WEB, "scope": "openid", "id_token_signed_response_alg": "EdDSA"})))
    client = clients.read("shop", stored, policy=Policy(), self_registered=False)

    assert (CALLBACK,) == client.redirect_uris
    assert "EdDSA" == client.id_token_alg


@pytest.mark.parametrize("client_id", ["shop", "a b", "https://app.example/client.json", "!", "x" * 255])
def test_a_client_id_is_printable_ascii(client_id):
    assert client_id == client_metadata.check_id(client_id)


@pytest.mark.parametrize("client_id", ["", " a", "a ", "é", "a\n", "\0", "x" * 256, 5, None])
def test_another_client_id_is_refused(client_id):
    assert "client_id must be 1 to 255 printable ASCII" in refusal(WEB, client_id)


def test_an_unknown_member_is_refused_to_an_operator_and_passed_over_for_a_stranger():
    assert "redirect_uri is no member of a client; did you mean 'redirect_uris'?" == refusal({"redirect_uri": None})
    assert WEB == read({**WEB, "redirect_uri": "x"}, by_operator=False)


@pytest.mark.parametrize("name", ["client_name#", "client_name#a_b", "scope#de"])
def test_only_names_for_people_have_a_language(name):
    assert not client_metadata.knows(name)
    assert f"{name} is no member" in refusal({**WEB, name: "x"})


def test_what_no_door_keeps_is_told_apart():
    assert client_metadata.is_offered("client_name")
    assert not client_metadata.is_offered("authorization_signed_response_alg")


def test_no_grant_needs_no_address():
    assert {"grant_types": []} == read({"grant_types": []})
    assert MACHINE == read(MACHINE)


@pytest.mark.parametrize(
    "document", [{}, {"redirect_uris": []}, {"grant_types": ["refresh_token", "authorization_code"]}]
)
def test_a_code_needs_an_address_to_answer_to(document):
    assert "redirect_uris must hold the address" in refusal(document)


@pytest.mark.parametrize("grant_type", ["client_credentials", "password"])
def test_whoever_acts_for_itself_needs_credentials_and_an_operator(grant_type):
    public = {"grant_types": [grant_type], "token_endpoint_auth_method": "none"}

    assert f"grant_types[0] {grant_type} is not for a client without credentials" == refusal(public)
    assert "is given by an operator only" in refusal({"grant_types": [grant_type]}, by_operator=False)
    assert {"grant_types": [grant_type]} == read({"grant_types": [grant_type]})


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"redirect_uris": ["http://shop.example/"]}, "redirect_uris[0] is http"),
        ({"redirect_uris": [CALLBACK, "https://a.example/#b"]}, "redirect_uris[1] holds a fragment"),
        ({"redirect_uris": ["com.example.app:/cb"]}, "redirect_uris[0] has a scheme"),
        ({"redirect_uris": CALLBACK}, "redirect_uris must be a list"),
        ({"redirect_uris": [5]}, "redirect_uris[0] must be an address"),
        ({"redirect_uris": [f"https://a.example/{n}" for n in range(51)]}, "redirect_uris must hold at most 50"),
        ({"post_logout_redirect_uris": ["x"]}, "post_logout_redirect_uris[0] has a scheme"),
        ({"grant_types": ["implicit"]}, "grant_types[0] must be authorization_code or"),
        ({"grant_types": ["autorization_code"]}, "did you mean 'authorization_code'?"),
        ({"grant_types": [5]}, "grant_types[0] must be"),
        ({"response_types": ["token"]}, "response_types[0] must be code or none"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "token_endpoint_auth_method must be none or client_secret"),
        ({"application_type": "desktop"}, "application_type must be web or native"),
        ({"subject_type": "secret"}, "subject_type must be public or pairwise"),
        ({"id_token_signed_response_alg": "none"}, "id_token_signed_response_alg may be none only where"),
        ({"id_token_signed_response_alg": "HS256"}, "id_token_signed_response_alg must be ES256 or"),
        (
            {"subject_type": "pairwise", "redirect_uris": ["https://a.example/cb", "https://b.example/cb"]},
            "sector_identifier_uri must say whose sector",
        ),
        ({"client_name": ""}, "client_name must be text"),
        ({"client_name": "x" * 1001}, "client_name must be text"),
        ({"client_name": "a\nb"}, "client_name must be text"),
        ({"client_name": "\ud800"}, "client_name must be text"),
        ({"client_name": 5}, "client_name must be text"),
        ({"client_uri": "http://shop.example"}, "client_uri is http"),
        ({"logo_uri": "javascript:alert(1)"}, "logo_uri has a scheme"),
        ({"logo_uri": "com.example.app:/logo"}, "logo_uri has a scheme"),
        ({"initiate_login_uri": "http://localhost/login"}, "initiate_login_uri must be an https address"),
        ({"sector_identifier_uri": "https://a.example/#x"}, "sector_identifier_uri must be an https address"),
        ({"default_max_age": -1}, "default_max_age must be a whole number"),
        ({"backchannel_logout_uri": "https://a.example/out#x"}, "backchannel_logout_uri must be an address without"),
        ({"default_max_age": True}, "default_max_age must be a whole number"),
        ({"default_max_age": "60"}, "default_max_age must be a whole number"),
        ({"default_max_age": 1 << 31}, "default_max_age must be a whole number"),
        ({"require_auth_time": "yes"}, "require_auth_time must be true or false"),
        ({"contacts": ["x"] * 101}, "contacts must hold at most 100"),
        ({"scope": ["openid"]}, "scope must be text"),
        ({"scope": 'a"b'}, "scope is refused"),
        ({"scope": "openid api:raed"}, "scope 'api:raed' belongs to no resource; did you mean 'api:read'?"),
        ({"jwks": []}, "jwks must be a JWK Set"),
        ({"jwks": {"keys": "x"}}, "jwks must be a JWK Set"),
        ({"jwks": {"keys": ["x"]}}, "jwks must be a JWK Set"),
        ({"jwks": {"keys": [{"kty": "EC", "d": "x"}]}}, "jwks.keys[0] must hold public keys only"),
        ({"jwks": {"keys": [{"kty": "XX", "kid": "\ud800"}]}}, "jwks holds"),
        ({"jwks": {"keys": []}, "jwks_uri": "https://a.example/jwks"}, "jwks cannot stand beside jwks_uri"),
        ({"jwks": {"keys": [{"kty": "XX", "x": "y" * 70_000}]}}, "the members are longer than"),
        ({"jwks": {"keys": [{"kty": "XX", "x": {"y": 1}}]}}, "jwks must be a JWK Set"),
        ({"jwks": {"keys": [{"kty": "XX", "iat": 1 << 60}]}}, "jwks must be a JWK Set"),
        ({"jwks": {"keys": [{"kty": "XX"}] * 51}}, "jwks must be a JWK Set"),
        ({"token_endpoint_auth_signing_alg": "HS256"}, "token_endpoint_auth_signing_alg must be ES256 or"),
        ({"id_token_encrypted_response_alg": "RSA1_5"}, "id_token_encrypted_response_alg must be RSA-OAEP-256 or"),
        ({"userinfo_encrypted_response_alg": "ECDH-ES"}, "userinfo_encrypted_response_alg needs the client's keys"),
        ({"introspection_encrypted_response_enc": "A128GCM"}, "introspection_encrypted_response_enc needs introspect"),
        ({"request_object_signing_alg": "HS256"}, "request_object_signing_alg must be ES256 or"),
        ({"software_statement": "a.b"}, "software_statement must be a signed JWT"),
        ({"dpop_bound_access_tokens": True}, "dpop_bound_access_tokens is not offered"),
        ({"request_object_encryption_alg": "ECDH-ES"}, "request_object_encryption_alg is not offered"),
    ],
)  # fmt: skip
def test_a_member_that_cannot_be_is_refused_by_its_path(members, sentence):
    assert refusal({**WEB, **members}).startswith(sentence) or sentence in refusal({**WEB, **members})


def test_a_pairwise_client_of_one_host_or_a_stated_sector_is_taken():
    two = ["https://a.example/cb", "https://b.example/cb"]
    one = read({**WEB, "subject_type": "pairwise"})
    several = read(
        {**WEB, "redirect_uris": two, "subject_type": "pairwise", "sector_identifier_uri": "https://a.example/x"}
    )

    assert ("pairwise", "pairwise") == (one["subject_type"], several["subject_type"])


def test_an_app_on_a_device_has_a_scheme_of_its_own():
    document = {"application_type": "native", "redirect_uris": ["com.example.app:/cb", "http://127.0.0.1/cb"]}

    assert document == read(document)


@pytest.mark.parametrize("alg", ALGS)
def test_every_algorithm_that_we_have_may_be_asked_for(alg):
    assert alg == read({**WEB, "id_token_signed_response_alg": alg})["id_token_signed_response_alg"]


def test_only_an_operator_gives_administrators_scopes():
    document = {**MACHINE, "scope": "admin:read"}

    assert document == read(document)
    assert "scope admin:read is given by an operator only" == refusal({**WEB, "scope": "admin:read"}, by_operator=False)


def test_what_is_encrypted_is_encrypted_to_keys_that_the_client_named():
    document = {
        **WEB,
        "jwks_uri": "https://shop.example/jwks",
        "id_token_encrypted_response_alg": "RSA-OAEP-256",
        "id_token_encrypted_response_enc": "A256GCM",
    }

    assert document == read(document)


def test_a_client_that_proves_itself_by_a_key_says_which():
    offered = Offered(("authorization_code",), ("private_key_jwt",))
    document = {**WEB, "token_endpoint_auth_method": "private_key_jwt"}

    def offering(document):
        return client_metadata.read("shop", document, catalogue=CATALOGUE, offered=offered, by_operator=True)

    with pytest.raises(MetadataRefused, match="token_endpoint_auth_method needs the client's keys"):
        offering(document)
    assert "jwks_uri" in offering({**document, "jwks_uri": "https://shop.example/jwks"})


def test_an_id_token_may_be_unsigned_where_the_settings_allow_it():
    offered = Offered(("authorization_code",), ("none",), unsigned=True)
    document = {**WEB, "id_token_signed_response_alg": "none"}

    assert document == client_metadata.read("a", document, catalogue=CATALOGUE, offered=offered, by_operator=False)


def test_pairwise_subjects_are_for_one_host_or_for_a_named_sector():
    here = {**WEB, "subject_type": "pairwise"}
    there = {**here, "redirect_uris": [CALLBACK, "https://b.example/"], "sector_identifier_uri": "https://c.example/s"}

    assert here == read(here)
    assert there == read(there)


@given(st.dictionaries(st.sampled_from(sorted(MEMBERS)), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)), st.booleans())  # fmt: skip
def test_whatever_is_sent_is_refused_or_can_be_stored(document, by_operator):
    try:
        found = read(document, by_operator=by_operator)
    except MetadataRefused:
        return

    assert found == json.loads(clients.written(found).encode())
    assert found == read(found, by_operator=by_operator)
