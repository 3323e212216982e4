import json
from datetime import timedelta

import pytest

from mintmark.protocol import client as clients
from mintmark.protocol import scope
from mintmark.protocol.client import Secret
from mintmark.protocol.errors import UnauthorizedClient
from mintmark.protocol.policy import Policy
from tests.protocol.making import NOW


def read(**document):
    return clients.read("shop", document, policy=Policy(), self_registered=False)


def test_what_was_not_registered_has_the_defaults_of_the_specification():
    plain = read()

    assert "shop" == plain.name
    assert ("authorization_code",) == plain.grant_types
    assert ("code",) == plain.response_types
    assert "client_secret_basic" == plain.auth_method
    assert "RS256" == plain.id_token_alg
    assert () == plain.redirect_uris
    assert () == plain.post_logout_redirect_uris
    assert None is plain.default_max_age
    assert None is plain.logo_uri
    assert None is plain.disabled_at
    assert 0 == plain.ended_before
    assert not plain.is_public


def test_what_was_registered_is_read():
    document = {
        "client_name": "Shop",
        "redirect_uris": ["https://shop.example/cb"],
        "post_logout_redirect_uris": ["https://shop.example/bye"],
        "grant_types": [],
        "response_types": [],
        "token_endpoint_auth_method": "none",
        "scope": "openid api:read openid",
        "id_token_signed_response_alg": "ES256",
        "default_max_age": 60,
        "client_uri": "https://shop.example",
        "policy_uri": "https://shop.example/policy",
        "tos_uri": "https://shop.example/tos",
        "logo_uri": "https://shop.example/logo.png",
        "contacts": ["a@shop.example"],
    }
    secret = Secret("1", "apply", b"digest", NOW, NOW + timedelta(days=1))
    found = clients.read(
        "shop", document, policy=Policy(), self_registered=True, secrets=(secret,), disabled_at=NOW, ended_before=5
    )

    assert "Shop" == found.name
    assert ("https://shop.example/cb",) == found.redirect_uris
    assert ("https://shop.example/bye",) == found.post_logout_redirect_uris
    assert () == found.grant_types
    assert () == found.response_types
    assert found.is_public
    assert ("openid", "api:read") == found.scope == found.may_use
    assert "ES256" == found.id_token_alg
    assert 60 == found.default_max_age
    assert "https://shop.example/logo.png" == found.logo_uri
    assert found.self_registered
    assert (secret,) == found.secrets
    assert (NOW, 5) == (found.disabled_at, found.ended_before)
    assert document == found.document


def test_without_a_stored_scope_a_client_has_the_oidc_scopes_only():
    assert scope.IDENTITY == read().may_use
    assert scope.IDENTITY == read(scope=None).may_use
    assert () == read(scope="").may_use


@pytest.mark.parametrize("member", ["client_name", "logo_uri", "token_endpoint_auth_method"])
def test_a_text_that_is_none_is_not_there(member):
    plain, odd = read(), read(**{member: 7})

    assert (plain.name, plain.logo_uri, plain.auth_method) == (odd.name, odd.logo_uri, odd.auth_method)


@pytest.mark.parametrize("value", [True, "60", 1.5, None])
def test_a_number_that_is_none_is_not_there(value):
    assert None is read(default_max_age=value).default_max_age


def test_a_grant_that_was_not_registered_is_not_allowed():
    found = read(grant_types=["authorization_code", "refresh_token"])
    found.must_allow("refresh_token")

    with pytest.raises(UnauthorizedClient, match="client_credentials") as refused:
        found.must_allow("client_credentials")
    assert "authorization_code refresh_token" == refused.value.expected


def test_equal_documents_are_written_alike():
    one, other = {"a": 1, "b": ["é", {"d": 1, "c": 2}]}, {"b": ["é", {"c": 2, "d": 1}], "a": 1}

    assert clients.written(one) == clients.written(other)
    assert one == json.loads(clients.written(one))


def test_request_objects_are_as_it_registered():
    """OIDC Registration §2, RFC 9101 §10.5."""
    address = "https://shop.example/request.jwt"
    plain, signing = read(), read(request_object_signing_alg="ES256", request_uris=[address])

    assert (None, ()) == (plain.request_object_alg, plain.request_uris)
    assert ("ES256", (address,)) == (signing.request_object_alg, signing.request_uris)


def test_a_client_proves_itself_by_a_secret_a_key_or_nothing():
    ways = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")

    assert [True, True, False, False] == [read(token_endpoint_auth_method=way).has_secrets for way in ways]
