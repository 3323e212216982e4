import base64
import json
import math

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwk as joserfc_jwk
from joserfc import jwt as joserfc_jwt

from mintmark.keys import algorithms, jwt
from mintmark.keys.ring import Ring

ISSUER = "https://id.example"
ALGS = list(algorithms.ALGORITHMS)


@pytest.fixture
def claims(now):
    seconds = int(now.timestamp())
    return {"iss": ISSUER, "sub": "a\u00e9\ud800", "aud": "https://api.example", "iat": seconds, "exp": seconds + 600}


@pytest.fixture
def key(ring, now):
    return ring.signer("ES256", now)


@pytest.fixture
def read(ring, now):
    def read(token, **changes):
        return jwt.verify(ring, token, **{"typ": {"at+jwt"}, "issuer": ISSUER, "now": now, **changes})

    return read


def encode(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def forge(key, header, claims):
    """Signed by our key, but with whatever header and claims."""
    signed = ".".join(
        encode(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in (header, claims)
    )
    return f"{signed}.{encode(key.sign(signed.encode()))}"


@pytest.mark.parametrize("alg", ALGS)
def test_what_we_sign_we_read(ring, read, claims, now, alg):
    assert claims == read(jwt.sign(ring.signer(alg, now), "at+jwt", claims))


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # RFC 9864 says so; clients still ask for it
@pytest.mark.parametrize("alg", ALGS)
def test_joserfc_verifies_our_tokens_against_our_jwks(ring, claims, now, alg):
    token = jwt.sign(ring.signer(alg, now), "at+jwt", claims)
    keys = joserfc_jwk.KeySet.import_key_set(json.loads(ring.jwks_body))
    decoded = joserfc_jwt.decode(token, keys, algorithms=[alg])

    assert claims == decoded.claims
    assert {"alg": alg, "kid": ring.signer(alg, now).kid, "typ": "at+jwt"} == decoded.header


@pytest.mark.parametrize("alg", [alg for alg in ALGS if alg in pyjwt.algorithms.get_default_algorithms()])
def test_pyjwt_verifies_our_tokens_against_our_jwks(ring, claims, now, alg):
    token = jwt.sign(ring.signer(alg, now), "at+jwt", claims)
    keys = pyjwt.PyJWKSet.from_dict(json.loads(ring.jwks_body))
    public = keys[pyjwt.get_unverified_header(token)["kid"]]

    assert claims == pyjwt.decode(
        token, public, algorithms=[alg], audience=claims["aud"], options={"verify_exp": False, "verify_iat": False}
    )


def test_rsa_and_the_large_curves_are_slow_and_what_signs_by_default_is_not(ring, now):
    assert {"ES256", "EdDSA", "Ed25519"} == {alg for alg in ALGS if not jwt.is_slow(ring.signer(alg, now))}


def test_claims_that_json_cannot_hold_are_not_signed(key):
    with pytest.raises(ValueError):
        jwt.sign(key, "at+jwt", {"x": math.nan})


def test_a_token_ends_at_the_instant_of_its_exp(read, key, claims, now):
    second = int(now.timestamp())

    assert None is read(jwt.sign(key, "at+jwt", {**claims, "exp": second}))
    assert None is not read(jwt.sign(key, "at+jwt", {**claims, "exp": second + 1}))


def test_an_expired_id_token_still_says_who_is_meant(ring, read, key, claims, now):
    expired = {**claims, "exp": 1, "iat": 0}
    hint = jwt.sign(key, "JWT", expired)

    assert expired == jwt.verify_hint(ring, hint, issuer=ISSUER, now=now)
    assert None is read(hint, typ={"JWT"})
    assert None is jwt.verify_hint(ring, jwt.sign(key, "at+jwt", expired), issuer=ISSUER, now=now)
    assert None is jwt.verify_hint(ring, hint, issuer="https://other.example", now=now)
    assert None is jwt.verify_hint(ring, hint[:-4] + "AAAA", issuer=ISSUER, now=now)


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"])
def test_the_typ_is_a_media_type(read, key, claims, typ):
    assert claims == read(forge(key, {"alg": "ES256", "kid": key.kid, "typ": typ}, claims))
    assert None is read(forge(key, {"alg": "ES256", "kid": key.kid, "typ": typ}, claims), typ={"JWT", "logout+jwt"})


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "es256"},
        {"alg": "ES384"},
        {"alg": None},
        {"kid": "unknown"},
        {"kid": None},
        {"kid": ["a"]},
        {"kid": {}},
        {"typ": "JWT"},
        {"typ": "text/at+jwt"},
        {"typ": None},
        {"crit": []},
        {"crit": ["exp"]},
        {"b64": False},
        {"b64": True},
        {"zip": "DEF"},
        {"jwk": {"kty": "EC"}},
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example/cert"},
        {"x5c": []},
    ],
)
def test_a_header_that_we_cannot_have_written_is_refused(read, key, claims, change):
    header = {"alg": "ES256", "kid": key.kid, "typ": "at+jwt", **change}

    assert None is read(forge(key, header, claims))


@pytest.mark.parametrize("missing", ["alg", "kid", "typ"])
def test_a_header_that_lacks_a_member_is_refused(read, key, claims, missing):
    header = {"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}
    del header[missing]

    assert None is read(forge(key, header, claims))


@pytest.mark.parametrize("value", [None, True, "9999999999", 9999999999.0, [], {}, -1, 0])
def test_an_exp_that_is_no_whole_number_to_come_is_refused(read, key, claims, value):
    assert None is read(jwt.sign(key, "at+jwt", {**claims, "exp": value}))


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"9" * 5000])
def test_a_number_that_is_none_is_refused(read, key, claims, number):
    payload = json.dumps({**claims, "exp": "@"}).encode().replace(b'"@"', number)

    assert None is read(forge(key, {"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}, payload))


def test_a_token_without_exp_is_refused_even_as_a_hint(ring, key, claims, now):
    del claims["exp"]

    assert None is jwt.verify_hint(ring, jwt.sign(key, "JWT", claims), issuer=ISSUER, now=now)


@pytest.mark.parametrize("name", ["iat", "nbf"])
def test_a_token_of_a_clock_more_than_a_minute_ahead_is_refused(read, key, claims, now, name):
    second = int(now.timestamp())

    assert None is not read(jwt.sign(key, "at+jwt", {**claims, name: second + 60}))
    assert None is read(jwt.sign(key, "at+jwt", {**claims, name: second + 61}))
    assert None is read(jwt.sign(key, "at+jwt", {**claims, name: True}))
    assert None is read(jwt.sign(key, "at+jwt", {**claims, name: "0"}))


@pytest.mark.parametrize("issuer", [None, "", ISSUER + "/", ISSUER[:-1], ISSUER.upper(), [ISSUER], {}])
def test_another_issuer_is_refused(read, key, claims, issuer):
    assert None is read(jwt.sign(key, "at+jwt", {**claims, "iss": issuer}))


def test_a_member_that_stands_twice_is_refused(read, key, claims):
    header = {"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}
    twice = json.dumps(claims).encode()[:-1] + b', "sub": "b"}'
    deep = json.dumps(claims).encode()[:-1] + b', "act": {"sub": "b", "sub": "c"}}'
    header_twice = json.dumps(header).encode()[:-1] + b', "alg": "ES256"}'

    assert None is read(forge(key, header, twice))
    assert None is read(forge(key, header, deep))
    assert None is read(forge(key, header_twice, claims))


@pytest.mark.parametrize("number", [2**63, 2**70, -(2**70), 0.1, 1e300, 5e-324])
def test_a_number_is_read_as_it_was_signed(read, key, claims, number):
    header = {"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}

    assert number == read(forge(key, header, {**claims, "n": number}))["n"]


@pytest.mark.parametrize("payload", [b"", b"[]", b"1", b"null", b"\xff\xfe", b"{", b"[" * 11000, "{}".encode("utf-16")])
def test_a_payload_that_is_no_json_object_is_refused(read, key, payload):
    assert None is read(forge(key, {"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}, payload))
    assert None is read(forge(key, payload, {}))


def test_a_token_has_three_parts_and_one_spelling(read, key, claims):
    token = jwt.sign(key, "at+jwt", claims)
    header, payload, signature = token.split(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    loose = token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]  # 64 bytes leave four loose bits

    assert None is not read(token)
    for other in (
        "",
        "..",
        f"{header}.{payload}",
        f"{header}.{payload}.",
        f"{token}.",
        f"{token}.{signature}",
        f"{token}\n",
        f" {token}",
        f"{token}=",
        f"{header}.{payload}.{signature[:-1]}",
        f"{header}.{payload}.{signature[:40]}!{signature[40:]}",
        loose,
    ):
        assert None is read(other), other


def test_a_token_longer_than_any_of_ours_is_refused_unread(read, key, claims):
    short = jwt.sign(key, "at+jwt", {**claims, "x": "a" * 11_000})
    long = jwt.sign(key, "at+jwt", {**claims, "x": "a" * 13_000})

    assert None is not read(short)
    assert None is read(long)


def test_an_ecdsa_signature_in_der_is_refused(read, key, claims):
    signed, _, _ = jwt.sign(key, "at+jwt", claims).rpartition(".")
    der = key.private.sign(signed.encode(), ec.ECDSA(hashes.SHA256()))

    assert None is read(f"{signed}.{encode(der)}")


def test_a_key_of_ours_does_not_verify_under_another_name(ring, read, claims, now):
    """Signed as RS256, said to be PS256 of the PS256 key, and as EdDSA, said to be Ed25519."""
    for signed_as, said in (("RS256", "PS256"), ("EdDSA", "Ed25519")):
        header = {"alg": said, "kid": ring.signer(said, now).kid, "typ": "at+jwt"}

        assert None is read(forge(ring.signer(signed_as, now), header, claims))


def test_a_key_that_left_verifies_nothing(ring, key, claims, now):
    token = jwt.sign(key, "at+jwt", claims)
    without = Ring([other for other in ring.keys if other != key])

    assert None is jwt.verify(without, token, typ={"at+jwt"}, issuer=ISSUER, now=now)


@given(st.one_of(st.text(), st.binary().map(lambda octets: octets.decode("latin-1"))))
def test_anything_at_all_is_survived(ring, now, token):
    assert None is jwt.verify(ring, token, typ={"at+jwt"}, issuer=ISSUER, now=now)
    assert None is jwt.verify_hint(ring, token, issuer=ISSUER, now=now)


@given(header=st.binary(max_size=60), payload=st.binary(max_size=60), signature=st.binary(max_size=80))
def test_any_three_parts_are_survived(ring, now, header, payload, signature):
    token = ".".join(map(encode, (header, payload, signature)))

    assert None is jwt.verify(ring, token, typ={"at+jwt"}, issuer=ISSUER, now=now)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    header=st.fixed_dictionaries({}, optional={"alg": JSON | st.just("ES256"), "kid": JSON, "typ": JSON, "crit": JSON}),
    claims=st.fixed_dictionaries({}, optional={"iss": JSON | st.just(ISSUER), "exp": JSON, "iat": JSON, "nbf": JSON}),
)
def test_any_claims_signed_by_us_are_survived_and_without_exp_refused(ring, now, header, claims):
    key = ring.signer("ES256", now)
    ours = forge(key, {"alg": "ES256", "kid": key.kid, "typ": "JWT"}, claims)
    read = jwt.verify(ring, ours, typ={"jwt"}, issuer=ISSUER, now=now)

    assert None is jwt.verify(ring, forge(key, header, claims), typ={"jwt"}, issuer=ISSUER, now=now)
    assert read is None or (ISSUER == read["iss"] and type(read["exp"]) is int)


@given(place=st.integers(min_value=0), letter=st.sampled_from("AQgw_-09.= \u00e9"))
def test_a_token_changed_in_any_letter_is_refused(ring, now, place, letter):
    seconds = int(now.timestamp())
    token = jwt.sign(ring.signer("EdDSA", now), "at+jwt", {"iss": ISSUER, "exp": seconds + 9, "iat": seconds})
    place %= len(token)
    changed = token[:place] + letter + token[place + 1 :]

    assert (changed == token) == (None is not jwt.verify(ring, changed, typ={"at+jwt"}, issuer=ISSUER, now=now))


def test_at_hash_and_c_hash_are_those_of_openid_connect(vectors):
    vector = vectors["oidc_half_hash"]

    assert vector["at_hash"] == jwt.at_hash(vector["alg"], vector["access_token"])
    assert vector["c_hash"] == jwt.at_hash(vector["alg"], vector["code"])


@pytest.mark.parametrize(
    ("alg", "length"),
    [
        ("ES256", 16),
        ("RS256", 16),
        ("PS256", 16),
        ("ES384", 24),
        ("RS384", 24),
        ("ES512", 32),
        ("RS512", 32),
        ("EdDSA", 32),
        ("Ed25519", 32),
    ],
)
def test_at_hash_is_half_of_the_hash_of_its_algorithm(alg, length):
    assert math.ceil(length * 4 / 3) == len(jwt.at_hash(alg, "token"))
