from base64 import urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from mintmark.protocol import public_jwk
from mintmark.protocol.public_jwk import CURVES

NAMED = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
MODULUS = (1 << 2047) | 1


def written(number, size):
    return urlsafe_b64encode(number.to_bytes(size)).rstrip(b"=").decode()


def rsa(n=MODULUS, e=65537):
    return {"kty": "RSA", "n": written(n, (n.bit_length() + 7) // 8), "e": written(e, (e.bit_length() + 7) // 8 or 1)}


def point(crv, x, y):
    size = CURVES[crv].size
    return {"kty": "EC", "crv": crv, "x": written(x, size), "y": written(y, size)}


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sorted(CURVES)), st.integers(1, 1 << 250))
def test_every_point_of_a_curve_is_a_key_and_no_point_beside_it(crv, secret):
    numbers = ec.derive_private_key(secret, NAMED[crv]).public_key().public_numbers()

    assert public_jwk.refused(point(crv, numbers.x, numbers.y)) is None
    assert "is no point of its curve" == public_jwk.refused(point(crv, numbers.x, numbers.y ^ 1))


def test_a_coordinate_is_less_than_the_prime():
    p256 = CURVES["P-256"]

    assert not p256.holds(p256.p, 1)
    assert not p256.holds(1, p256.p)


@pytest.mark.parametrize(
    "key",
    [
        rsa(),
        rsa(e=3),
        {"kty": "OKP", "crv": "Ed25519", "x": written(1, 32)},
        {"kty": "OKP", "crv": "unheard"},
        {"kty": "EC", "crv": "secp256k1"},
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"},
    ],
)
def test_what_may_be_relied_on_or_is_not_known_is_taken(key):
    assert public_jwk.refused(key) is None


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ({}, "must have a kty"),
        ({"kty": 5}, "must have a kty"),
        ({"kty": "oct", "k": "AA"}, "must hold public keys only"),
        (rsa() | {"d": "AA"}, "must hold public keys only"),
        (rsa((1 << 2046) | 1), "must have an odd modulus of 2048 to 8192 bits"),
        (rsa((1 << 8192) | 1), "must have an odd modulus of 2048 to 8192 bits"),
        (rsa(1 << 2047), "must have an odd modulus of 2048 to 8192 bits"),
        (rsa(e=1), "must have an odd public exponent of 3 or more, below 2³²"),
        (rsa(e=0), "must have an odd public exponent of 3 or more, below 2³²"),
        (rsa(e=65536), "must have an odd public exponent of 3 or more, below 2³²"),
        (rsa(e=(1 << 32) | 1), "must have an odd public exponent of 3 or more, below 2³²"),
        ({"kty": "RSA", "n": "A=", "e": "AQAB"}, "must have n and e in base64url"),
        ({"kty": "RSA", "n": "AAAAA", "e": "AQAB"}, "must have n and e in base64url"),
        ({"kty": "RSA", "n": "AAAA"}, "must have n and e in base64url"),
        ({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, "must have x and y of 32 bytes each, in base64url"),
        ({"kty": "EC", "crv": "P-256"}, "must have x and y of 32 bytes each, in base64url"),
        ({"kty": "OKP", "crv": "X25519", "x": "AA"}, "must have x of 32 bytes, in base64url"),
        ({"kty": "OKP", "crv": "X25519", "x": 5}, "must have x of 32 bytes, in base64url"),
    ],
)  # fmt: skip
def test_a_key_that_nobody_should_rely_on_is_refused(key, sentence):
    assert sentence == public_jwk.refused(key)
