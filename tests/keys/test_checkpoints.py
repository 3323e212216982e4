"""Signatures read with nothing but public keys: what one of them made as that `typ`, and nothing else."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.keys import algorithms, checkpoints, jwt, rotation
from mintmark.keys.checkpoints import PublicKeys
from mintmark.keys.ring import SigningKey

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
CLAIMS = {"number": 1, "head": "00"}


def a_key(alg="ES256"):
    private = algorithms.generate(alg)
    return SigningKey.of(rotation.KeyFacts(algorithms.kid(alg, private), alg, NOW, NOW), private)


KEY, OTHER, RSA = a_key(), a_key(), a_key("RS256")
KEYS = PublicKeys([dict(KEY.public_jwk), dict(RSA.public_jwk)])
TOKEN = jwt.sign(KEY, "seal", CLAIMS)


def test_what_a_known_key_has_signed_is_read():
    assert CLAIMS == KEYS.claims(TOKEN, "seal")
    assert (True, False, 1) == (KEY.kid in KEYS, OTHER.kid in KEYS, len(KEYS))


def test_another_key_another_typ_and_another_algorithm_are_nothing():
    assert None is KEYS.claims(jwt.sign(OTHER, "seal", CLAIMS), "seal")
    assert None is KEYS.claims(TOKEN, "at+jwt")
    assert None is KEYS.claims(jwt.sign(RSA, "seal", CLAIMS), "seal")


@given(st.integers(0, len(TOKEN) - 1), st.characters(codec="ascii"))
def test_any_other_character_makes_it_nothing(place, character):
    changed = TOKEN[:place] + character + TOKEN[place + 1 :]

    assert (changed == TOKEN) == (KEYS.claims(changed, "seal") is not None)


@given(st.text(max_size=40))
def test_garbage_is_nothing(text):
    assert None is KEYS.claims(text, "seal")
    assert None is KEYS.claims(f"{text}.{text}.{text}", "seal")


@pytest.mark.parametrize("token", ["", "a.b", ".".join(["W10"] * 3), "x" * 5000, TOKEN + ".", f"{TOKEN}\n"])
def test_what_is_no_jws_is_nothing(token):
    assert None is KEYS.claims(token, "seal")


def test_a_key_under_the_name_of_another_is_passed_over():
    posing = {**OTHER.public_jwk, "kid": KEY.kid}

    assert None is PublicKeys([posing]).claims(jwt.sign(OTHER, "seal", CLAIMS), "seal")


@pytest.mark.parametrize(
    "jwk",
    [
        {"alg": "ES256"},
        {"alg": "ES256", "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"alg": "ES256", "kty": "oct", "k": "AA"},
        {**a_key("ES384").public_jwk, "alg": "ES256"},
        {**RSA.public_jwk, "alg": "ES256"},
    ],
)
def test_what_is_no_key_of_ours_is_passed_over(jwk):
    assert 0 == len(PublicKeys([jwk]))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys": 3}', '{"keys": [3]}', '{"keys": []}', "[" * 100_000])
def test_what_is_no_jwks_is_refused(text):
    with pytest.raises(ValueError):
        checkpoints.read_jwks(text)


def test_a_jwks_is_read():
    text = json.dumps({"keys": [dict(KEY.public_jwk), dict(RSA.public_jwk)]})

    assert CLAIMS == checkpoints.read_jwks(text).claims(TOKEN, "seal")
