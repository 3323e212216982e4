from urllib.parse import urlsplit

import pytest

from mintmark.protocol import jose, metadata, scope
from mintmark.protocol.metadata import Offer
from tests.protocol.making import ISSUER

METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")


def document(**members):
    plain = {
        "issuer": ISSUER,
        "grant_types": ("authorization_code", "refresh_token", "client_credentials"),
        "auth_methods": METHODS,
        "scopes": {"api:write", "api:read", "openid"},
        "id_token_algs": ("RS256", "ES256"),
        "answer_algs": ("RS256",),
        "assertion_algs": ("ES256", "PS256"),
    }
    return metadata.document(Offer(**plain | members))


@pytest.mark.parametrize("issuer", [ISSUER, "https://h/p"])
def test_every_address_is_under_the_issuer_which_stands_there_unchanged(issuer):
    found = document(issuer=issuer)
    addresses = {name: value for name, value in found.items() if name.endswith(("_endpoint", "_uri"))}

    assert issuer == found["issuer"]
    assert 7 == len(addresses)
    assert all(address.startswith(issuer + "/") for address in addresses.values())
    assert all(not urlsplit(address).query for address in addresses.values())


def test_nothing_is_null_and_no_list_is_empty():
    assert all(value is not None and value not in ([], "", ()) for value in document().values())


def test_what_is_absent_would_mean_more_than_we_do_and_so_it_is_said():
    found = document()

    assert ["code", "none"] == found["response_types_supported"]
    assert ["authorization_code", "refresh_token", "client_credentials"] == found["grant_types_supported"]
    assert ["S256"] == found["code_challenge_methods_supported"]
    assert ["public", "pairwise"] == found["subject_types_supported"]
    assert ["RS256", "ES256"] == found["id_token_signing_alg_values_supported"]
    assert found["authorization_response_iss_parameter_supported"] is True
    assert found["require_request_uri_registration"] is True  # absent: false (OIDC Discovery §3)


def test_ways_to_authenticate_are_exactly_those_that_are_taken():
    found = document()

    assert list(METHODS) == found["token_endpoint_auth_methods_supported"]
    assert list(METHODS) == found["revocation_endpoint_auth_methods_supported"]
    assert list(METHODS[:3]) == found["introspection_endpoint_auth_methods_supported"]
    for door in ("token", "revocation", "introspection"):
        assert ["ES256", "PS256"] == found[f"{door}_endpoint_auth_signing_alg_values_supported"]


def test_scopes_are_those_of_the_issuer_and_then_those_of_the_resources():
    assert [*scope.IDENTITY, "api:read", "api:write"] == document()["scopes_supported"]


def test_claims_are_named_once():
    named = document()["claims_supported"]

    assert len(named) == len(set(named))
    assert {"sub", "iss", "auth_time", "acr", "sid", "email", "name", "groups"} <= set(named)


def test_what_may_be_signed_and_encrypted_for_a_client_is_said():
    found = document(id_token_algs=("RS256", "none"))

    assert ["RS256", "none"] == found["id_token_signing_alg_values_supported"]
    for what in ("userinfo", "introspection"):
        assert ["RS256"] == found[f"{what}_signing_alg_values_supported"]
    for what in ("id_token", "userinfo", "introspection"):
        assert list(jose.KEY_ENCRYPTION) == found[f"{what}_encryption_alg_values_supported"]
        assert list(jose.CONTENT_ENCRYPTION) == found[f"{what}_encryption_enc_values_supported"]


def test_pages_for_people_and_claims_of_rules_are_named_where_there_are_some():
    found = document(documentation="https://docs.example", tos_uri="https://id.example/terms", more_claims=("b", "a"))

    assert ("https://docs.example", "https://id.example/terms") == (found["service_documentation"], found["op_tos_uri"])
    assert "op_policy_uri" not in found
    assert ["a", "b"] == found["claims_supported"][-2:]
