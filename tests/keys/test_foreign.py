import base64
import hashlib
import hmac
import json
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwk as joserfc_jwk
from joserfc import jws as joserfc_jws

from mintmark.keys import algorithms, foreign
from mintmark.keys.foreign import PublicKey, Unreadable, WrongKeys

CLAIMS = {"iss": "client", "sub": "client", "jti": "1"}
TYP = (None, "JWT")
KTY: dict[str, Any] = {"ES": "EC", "RS": "RSA", "PS": "RSA", "Ed": "OKP"}


def encode(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def forge(alg, private, header=None, claims=CLAIMS, **more):
    """Signed rightly, with whatever header and claims."""
    header = {"alg": alg, **more} if header is None else header
    parts = [encode(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in (header, claims)]
    signed = ".".join(parts)
    return f"{signed}.{encode(algorithms.ALGORITHMS[alg].signer(private)(signed.encode()))}"


def jwk(private, **more):
    return {**algorithms.members(private.public_key()), **more}


def keys(*jwks):
    return foreign.read_keys({"keys": list(jwks)})


@pytest.fixture(scope="module")
def private(private_keys):
    return private_keys["ES256"]


@pytest.fixture(scope="module")
def small_rsa():
    return rsa.generate_private_key(65537, 1024)


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # RFC 9864 says so; clients still use it
@pytest.mark.parametrize("alg", foreign.ALGS)
def test_what_another_library_signed_is_read(private_keys, alg):
    """joserfc signs, and writes the public half as it does."""
    key = joserfc_jwk.import_key(algorithms.to_der(private_keys[alg]), KTY[alg[:2]])
    token = joserfc_jws.serialize_compact({"alg": alg, "kid": "one"}, json.dumps(CLAIMS), key, algorithms=[alg])
    public = keys({**key.as_dict(private=False), "kid": "one"})

    assert CLAIMS == foreign.verify(token, public, algs=[alg], typ=TYP)
    assert None is foreign.verify(token, public, algs=[other for other in foreign.ALGS if other != alg], typ=TYP)


def test_the_example_of_rfc_7515_is_read(vectors):
    found = vectors["rfc7515_es256"]
    public = keys({"kty": "EC", "crv": "P-256", "x": found["x"], "y": found["y"]})
    token = f"{found['signing_input']}.{found['signature']}"

    assert {"iss": "joe", "exp": 1300819380, "http://example.com/is_root": True} == foreign.verify(
        token, public, algs=["ES256"], typ=TYP
    )
    assert None is foreign.verify(token, public, algs=["ES256"], typ=("JWT",)), "it says no typ"


def test_the_key_of_rfc_7638_is_one_of_2048_bits(vectors):
    [key] = keys(vectors["rfc7638_rsa"]["jwk"])

    assert 2048 == key.public.key_size
    assert vectors["rfc7638_rsa"]["thumbprint"] == algorithms.thumbprint(algorithms.members(key.public))


@pytest.mark.parametrize(
    "header", [{"alg": "none"}, {"alg": "None"}, {"alg": ""}, {}, {"alg": None}, {"alg": ["ES256"]}]
)
def test_an_unsigned_token_is_never_read(private, header):
    payload = encode(json.dumps(CLAIMS).encode())
    for signature in ("", "AA"):
        token = f"{encode(json.dumps(header).encode())}.{payload}.{signature}"
        assert None is foreign.verify(token, keys(jwk(private)), algs=["none", "ES256", ""], typ=TYP)


def test_a_public_key_is_no_secret_of_hmac(private):
    """The old confusion: HS256 with the public key's text as the secret."""
    signed = f"{encode(json.dumps({'alg': 'HS256'}).encode())}.{encode(json.dumps(CLAIMS).encode())}"
    for secret in (json.dumps(jwk(private)).encode(), b""):
        token = f"{signed}.{encode(hmac.digest(secret, signed.encode(), hashlib.sha256))}"
        assert None is foreign.verify(token, keys(jwk(private)), algs=["HS256", "ES256"], typ=TYP)


@pytest.mark.parametrize(
    "change",
    [
        {"jwk": {}}, {"jku": "https://evil.example"}, {"x5u": "https://evil.example"}, {"crit": ["exp"]}, {"crit": []},
        {"b64": False}, {"b64": True}, {"zip": "DEF"}, {"enc": "A128GCM"}, {"kid": None}, {"kid": 1},
        {"kid": "k" * 1001}, {"typ": None}, {"typ": 1}, {"typ": "at+jwt"}, {"typ": "text/jwt"},
        {"alg": "es256"}, {"alg": "ES384"},
    ],
)  # fmt: skip
def test_a_header_that_changes_what_is_signed_or_by_whom_is_refused(private, change):
    token = forge("ES256", private, {"alg": "ES256", **change})

    assert None is foreign.verify(token, keys(jwk(private)), algs=["ES256"], typ=TYP)


@pytest.mark.parametrize(
    "more", [{}, {"typ": "jwt"}, {"typ": "application/JWT"}, {"x5t": "a"}, {"x5c": []}, {"kid": ""}]
)
def test_a_header_may_hold_what_changes_nothing(private, more):
    assert CLAIMS == foreign.verify(forge("ES256", private, **more), keys(jwk(private)), algs=["ES256"], typ=TYP)


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        (b'{"alg":"ES256","alg":"ES256"}', CLAIMS),
        ({"alg": "ES256"}, b'{"sub":"a","sub":"b"}'),
        ({"alg": "ES256"}, b'{"a":{"b":1,"b":1}}'),
        ({"alg": "ES256"}, b"[]"),
        ({"alg": "ES256"}, b'"text"'),
        ({"alg": "ES256"}, b'{"exp":NaN}'),
        ({"alg": "ES256"}, b"\xff"),
        ({"alg": "ES256"}, b"[" * 9000),
        ({"alg": "ES256"}, b'{"exp":' + b"9" * 5000 + b"}"),
        (b"[]", CLAIMS),
    ],
)
def test_json_that_two_readers_could_take_differently_is_refused(private, header, claims):
    token = forge("ES256", private, header, claims)

    assert None is foreign.verify(token, keys(jwk(private)), algs=["ES256"], typ=TYP)


@pytest.mark.parametrize("change", [lambda t: t + "=", lambda t: t + ".", lambda t: t + "\n", lambda t: " " + t,
                                    lambda t: t.replace(".", ".é", 1), lambda t: t[: t.rindex(".") + 1],
                                    lambda t: "", lambda t: t + "A" * 20_000])  # fmt: skip
def test_another_spelling_of_a_token_is_none(private, change):
    token = change(forge("ES256", private))

    assert None is foreign.verify(token, keys(jwk(private)), algs=["ES256"], typ=TYP)


def test_loose_bits_at_the_end_of_a_signature_make_no_second_token(private):
    token = forge("ES256", private)
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".index(token[-1])
    twin = token[:-1] + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last ^ 1]

    assert None is foreign.verify(twin, keys(jwk(private)), algs=["ES256"], typ=TYP)


@given(st.text() | st.text(alphabet="ey.JhbGciOi-_") | st.binary().map(lambda octets: octets.decode("latin-1")))
def test_whatever_else_was_sent_is_no_token_and_no_error(text):
    with pytest.raises(Unreadable):
        foreign.read(text, algs=foreign.ALGS, typ=TYP)


def test_the_kid_selects_and_without_one_every_key_that_fits_is_tried(private_keys):
    old, new = private_keys["ES256"], algorithms.generate("ES256")
    both = keys(jwk(old, kid="old"), jwk(private_keys["RS256"], kid="rsa"), jwk(new, kid="new"))
    verify = partial(foreign.verify, algs=["ES256"], typ=TYP)

    assert CLAIMS == verify(forge("ES256", new, kid="new"), both)
    assert None is verify(forge("ES256", new, kid="old"), both)
    assert None is verify(forge("ES256", new, kid="gone"), both)
    assert CLAIMS == verify(forge("ES256", new), both)
    assert CLAIMS == verify(forge("ES256", new, kid="x"), keys(jwk(new))), "a set without key ids"


def test_so_many_signatures_are_tried_and_no_more(private_keys):
    crowd = [jwk(algorithms.generate("ES256")) for _ in range(foreign.MOST_TRIES)]
    mine = jwk(private_keys["ES256"])
    token = forge("ES256", private_keys["ES256"])

    assert CLAIMS == foreign.verify(token, keys(*crowd[1:], mine), algs=["ES256"], typ=TYP)
    assert None is foreign.verify(token, keys(*crowd, mine), algs=["ES256"], typ=TYP)


@pytest.mark.parametrize(
    ("said", "good"),
    [
        ({"use": "sig"}, True), ({"alg": "ES256"}, True), ({"key_ops": ["verify"]}, True),
        ({"key_ops": ["sign", "verify"]}, True), ({"use": "enc"}, False), ({"use": "other"}, False),
        ({"alg": "ES384"}, False), ({"alg": "ECDH-ES"}, False), ({"key_ops": ["encrypt"]}, False),
        ({"key_ops": []}, False), ({"use": "sig", "key_ops": ["deriveKey"]}, False),
    ],
)  # fmt: skip
def test_a_key_is_taken_for_what_it_was_published_for(private, said, good):
    found = foreign.verify(forge("ES256", private), keys(jwk(private, **said)), algs=["ES256"], typ=TYP)

    assert (CLAIMS if good else None) == found


@pytest.mark.parametrize(
    ("said", "good"),
    [
        ({}, True), ({"use": "enc"}, True), ({"alg": "ECDH-ES"}, True), ({"key_ops": ["deriveKey"]}, True),
        ({"key_ops": ["deriveBits"]}, True), ({"use": "sig"}, False), ({"alg": "ES256"}, False),
        ({"key_ops": ["verify"]}, False),
    ],
)  # fmt: skip
def test_a_key_encrypts_where_its_owner_lets_it(private, said, good):
    assert good == keys(jwk(private, **said))[0].is_for_encryption("ECDH-ES")


def number(value, size=None):
    return encode(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


BAD = {
    "no object": "key",
    "no kty": {},
    "kty is no text": {"kty": 1},
    "symmetric": {"kty": "oct", "k": "c2VjcmV0"},
    "private": lambda one: {**one, "d": "AQ"},
    "private, of an unknown kind": {"kty": "AKP", "priv": "AQ"},
    "kid is no text": lambda one: {**one, "kid": 1},
    "kid is null": lambda one: {**one, "kid": None},
    "kid is long": lambda one: {**one, "kid": "k" * 1001},
    "use is no text": lambda one: {**one, "use": ["sig"]},
    "alg is no text": lambda one: {**one, "alg": {}},
    "key_ops is no list": lambda one: {**one, "key_ops": "verify"},
    "key_ops names one twice": lambda one: {**one, "key_ops": ["verify", "verify"]},
    "key_ops holds a number": lambda one: {**one, "key_ops": [1]},
    "no y": lambda one: {name: value for name, value in one.items() if name != "y"},
    "x is padded": lambda one: {**one, "x": one["x"] + "="},
    "x is short": lambda one: {**one, "x": one["x"][:20]},
    "x is a number": lambda one: {**one, "x": 1},
    "x is not ASCII": lambda one: {**one, "x": "é"},
    "off the curve": lambda one: {**one, "y": one["x"]},
    "the point at infinity": lambda one: {**one, "x": number(0, 32), "y": number(0, 32)},
    "a coordinate beyond the field": lambda one: {**one, "x": "_" * 42 + "8"},
    "RSA with e = 1": {"kty": "RSA", "n": number((1 << 2047) + 1), "e": "AQ"},
    "RSA with an even e": {"kty": "RSA", "n": number((1 << 2047) + 1), "e": "BA"},
    "RSA with e = 0": {"kty": "RSA", "n": number((1 << 2047) + 1), "e": "AA"},
    "RSA with a huge e": {"kty": "RSA", "n": number((1 << 2047) + 1), "e": number((1 << 70) + 1)},
    "RSA with a huge n": {"kty": "RSA", "n": number((1 << 8200) + 1), "e": "AQAB"},
    "RSA with an endless n": {"kty": "RSA", "n": "A" * 200_000, "e": "AQAB"},
    "RSA without n": {"kty": "RSA", "e": "AQAB"},
    "Ed25519 that is short": {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_key_is_refused_where_somebody_can_be_told_and_passed_over_elsewhere(private, name):
    bad = BAD[name]
    bad = bad(jwk(private)) if callable(bad) else bad
    good = jwk(private, kid="good")
    with pytest.raises(WrongKeys, match=r"keys\[1\]"):
        foreign.read_keys({"keys": [good, bad]})

    assert ["good"] == [key.kid for key in foreign.usable_keys({"keys": [bad, good]})]


def test_an_rsa_key_of_1024_bits_is_refused(small_rsa):
    with pytest.raises(WrongKeys, match="2048"):
        keys(jwk(small_rsa))


@pytest.mark.parametrize("unknown", [{"kty": "AKP", "pub": "AQ", "alg": "ML-DSA-44"}, {"kty": "new"},
                                     {"kty": "EC", "crv": "secp256k1", "x": "AQ", "y": "AQ"},
                                     {"kty": "EC", "x": "AQ", "y": "AQ"},
                                     {"kty": "OKP", "crv": "X25519", "x": "AQ"}])  # fmt: skip
def test_a_kind_that_nobody_here_knows_is_passed_over(private, unknown):
    assert 1 == len(keys(unknown, jwk(private)))


@pytest.mark.parametrize("document", [None, [], "keys", {}, {"keys": {}}, {"keys": None}, {"keys": [{}] * 51}])
def test_what_is_no_set_of_keys_is_refused(document):
    for read in (foreign.read_keys, foreign.usable_keys):
        with pytest.raises(WrongKeys):
            read(document)


@pytest.mark.parametrize("octets", [b"", b"<html>", b'{"keys":[],"keys":[]}', b"\xff", b"[" * 100_000])
def test_what_was_fetched_and_is_no_set_of_keys_is_refused(octets):
    with pytest.raises(WrongKeys):
        foreign.parse_keys(octets)


def test_a_key_shows_no_number_of_itself(private):
    [key] = keys(jwk(private, kid="one"))

    assert "PublicKey(kid='one', alg=None, use=None, ops=None)" == repr(key)
    assert isinstance(key, PublicKey)


def test_a_signature_by_a_key_on_another_curve_is_none(private_keys):
    token = forge("ES256", private_keys["ES256"])

    assert None is foreign.verify(token, keys(jwk(ec.generate_private_key(ec.SECP384R1()))), algs=["ES256"], typ=TYP)
