import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwe
from joserfc.jwk import ECKey, RSAKey

from mintmark.keys import algorithms, encryption, foreign
from mintmark.protocol import jose
from tests.keys.opening import agreed, decode, opened

TOKEN = b"a.signed.token"


@pytest.fixture(scope="module")
def privates():
    return {
        "RSA": rsa.generate_private_key(65537, 2048),
        "P-256": ec.generate_private_key(ec.SECP256R1()),
        "P-384": ec.generate_private_key(ec.SECP384R1()),
        "P-521": ec.generate_private_key(ec.SECP521R1()),
    }


def public(private, **said):
    [key] = foreign.read_keys({"keys": [{**algorithms.members(private.public_key()), **said}]})
    return key


def test_the_reader_of_these_tests_opens_the_example_of_rfc_7516(vectors):
    found = vectors["rfc7516_a128kw_cbc"]

    assert found["plaintext"].encode() == opened(found["token"], decode(found["key"]))[1]


def test_the_reader_of_these_tests_agrees_on_the_key_of_rfc_7518(vectors):
    found = vectors["rfc7518_ecdh_es"]
    private = ec.derive_private_key(int.from_bytes(decode(found["jwk"]["d"])), ec.SECP256R1())

    assert decode(found["derived"]) == agreed(found, private, found["enc"], 128)


CASES = [
    (alg, enc, kind)
    for alg in jose.KEY_ENCRYPTION
    for enc in jose.CONTENT_ENCRYPTION
    for kind in (["RSA"] if alg.startswith("RSA") else ["P-256", "P-384", "P-521"])
]


@pytest.mark.parametrize(("alg", "enc", "kind"), CASES)
def test_what_is_encrypted_the_holder_of_the_key_opens(privates, alg, enc, kind):
    """By hand, and with a library."""
    token = encryption.encrypt(TOKEN, public(privates[kind], kid="one"), alg=alg, enc=enc, nested=True)
    header, content = opened(token, privates[kind])
    key = (RSAKey if kind == "RSA" else ECKey).import_key(privates[kind])

    assert TOKEN == content
    assert TOKEN == jwe.decrypt_compact(token, key, algorithms=[alg, enc]).plaintext
    assert {"alg": alg, "enc": enc, "cty": "JWT", "kid": "one"}.items() <= header.items()
    assert header.keys() <= {"alg", "enc", "cty", "kid", "epk"}


def test_no_two_are_alike(privates):
    tokens = {
        encryption.encrypt(TOKEN, public(privates["P-256"]), alg="ECDH-ES", enc="A128GCM", nested=True)
        for _ in range(20)
    }

    assert 20 == len(tokens)
    assert 20 == len({json.dumps(opened(token, privates["P-256"])[0]["epk"]) for token in tokens})


def test_claims_that_nobody_signed_are_no_nested_token(privates):
    token = encryption.encrypt(b"{}", public(privates["RSA"]), alg="RSA-OAEP-256", enc="A256GCM", nested=False)

    assert ({"alg": "RSA-OAEP-256", "enc": "A256GCM"}, b"{}") == opened(token, privates["RSA"])


def test_the_key_that_says_enc_comes_first(privates):
    plain = public(privates["P-256"], kid="plain")
    sig, enc = (public(privates["P-256"], kid=use, use=use) for use in ("sig", "enc"))
    rsa_key = public(privates["RSA"], kid="rsa", use="enc")

    assert enc == encryption.choose([plain, sig, rsa_key, enc], "ECDH-ES")
    assert plain == encryption.choose([sig, rsa_key, plain], "ECDH-ES")
    assert rsa_key == encryption.choose([plain, rsa_key], "RSA-OAEP-256")
    assert None is encryption.choose([sig, rsa_key], "ECDH-ES+A128KW")
    assert None is encryption.choose([], "ECDH-ES")


def test_a_key_that_is_for_one_algorithm_is_for_no_other(privates):
    key = public(privates["P-256"], alg="ECDH-ES+A256KW", use="enc")

    assert None is encryption.choose([key], "ECDH-ES")
    assert key == encryption.choose([key], "ECDH-ES+A256KW")


def test_nothing_is_encrypted_to_a_key_that_only_signs():
    with pytest.raises(ValueError):
        encryption.encrypt(TOKEN, public(algorithms.generate("Ed25519")), alg="ECDH-ES", enc="A128GCM", nested=True)
