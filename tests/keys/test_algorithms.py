import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from mintmark.keys import algorithms
from mintmark.keys.algorithms import ALGORITHMS, WrongKey

ALGS = list(ALGORITHMS)
PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


def octets(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_thumbprint_is_that_of_the_rfc(vectors):
    vector = vectors["rfc7638_rsa"]

    assert vector["thumbprint"] == algorithms.thumbprint(vector["jwk"])


def test_an_ed25519_key_and_its_signature_are_those_of_the_rfc(vectors):
    vector = vectors["rfc8037_ed25519"]
    private = ed25519.Ed25519PrivateKey.from_private_bytes(octets(vector["d"]))
    members = algorithms.members(private.public_key())
    sign = ALGORITHMS["EdDSA"].signer(private)

    assert {"crv": "Ed25519", "kty": "OKP", "x": vector["x"]} == members
    assert vector["thumbprint"] == algorithms.thumbprint(members)
    assert vector["signature"] == algorithms.base64url(sign(vector["signing_input"].encode()))


def test_the_es256_signature_of_the_rfc_verifies_and_no_other(vectors):
    vector = vectors["rfc7515_es256"]
    x, y = (int.from_bytes(octets(vector[name]), "big") for name in "xy")
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    verify = ALGORITHMS["ES256"].verifier(public)
    message, signature = vector["signing_input"].encode(), octets(vector["signature"])

    assert verify(message, signature)
    assert not verify(message + b"x", signature)
    assert not verify(message, bytes(64))  # r = s = 0, CVE-2022-21449
    assert not verify(message, signature + b"\0")
    assert not verify(message, signature[:-1])
    assert not verify(message, b"")


@pytest.mark.parametrize("alg", ALGS)
def test_what_a_key_signs_it_verifies(private_keys, alg):
    sign = ALGORITHMS[alg].signer(private_keys[alg])
    verify = ALGORITHMS[alg].verifier(private_keys[alg].public_key())
    signature = sign(b"message")

    assert verify(b"message", signature)
    assert not verify(b"massage", signature)
    assert not verify(b"message", bytes(len(signature)))


@pytest.mark.parametrize("alg", ALGS)
def test_a_key_comes_back_from_der(private_keys, alg):
    again = algorithms.from_der(alg, algorithms.to_der(private_keys[alg]))

    assert algorithms.kid(alg, private_keys[alg]) == algorithms.kid(alg, again)


@pytest.mark.parametrize("alg", ALGS)
def test_a_published_key_is_public_only_and_names_kid_alg_and_use(private_keys, alg):
    jwk = algorithms.public_jwk(alg, private_keys[alg])

    assert not PRIVATE_MEMBERS & jwk.keys()
    assert (alg, "sig", algorithms.kid(alg, private_keys[alg])) == (jwk["alg"], jwk["use"], jwk["kid"])


def test_coordinates_keep_their_leading_zeros():
    private = next(
        key
        for n in range(1, 5000)
        if (key := ec.derive_private_key(n, ec.SECP256R1())).public_key().public_numbers().x >> 248 == 0
    )

    assert 32 == len(octets(algorithms.members(private.public_key())["x"]))


def test_one_key_under_two_algorithms_has_two_names(private_keys):
    assert algorithms.kid("RS256", private_keys["RS256"]) != algorithms.kid("PS256", private_keys["RS256"])
    assert algorithms.kid("EdDSA", private_keys["EdDSA"]) != algorithms.kid("Ed25519", private_keys["EdDSA"])


@pytest.mark.parametrize(
    ("alg", "other"), [("ES256", "ES384"), ("ES256", "RS256"), ("RS256", "ES256"), ("EdDSA", "ES256")]
)
def test_a_key_of_another_kind_is_refused(private_keys, alg, other):
    with pytest.raises(WrongKey):
        algorithms.from_der(alg, algorithms.to_der(private_keys[other]))
    with pytest.raises(WrongKey):
        ALGORITHMS[alg].verifier(private_keys[other].public_key())


def test_a_short_rsa_key_is_refused():
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)

    with pytest.raises(WrongKey, match="2048"):
        ALGORITHMS["RS256"].signer(short)
