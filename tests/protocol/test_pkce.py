import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import pkce
from mintmark.protocol.errors import InvalidGrant, InvalidRequest
from tests.protocol.making import params

VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "pkce.json").read_text())["rfc7636"]
VERIFIERS = st.text(st.sampled_from("ABCXYZabcxyz0189-._~"), min_size=43, max_size=128)


def challenge_of(verifier):
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def test_the_example_of_the_specification_holds():
    sent = params(code_challenge=VECTOR["code_challenge"], code_challenge_method="S256")

    assert VECTOR["code_challenge"] == pkce.read_challenge(sent, required=True)
    pkce.check(VECTOR["code_verifier"], VECTOR["code_challenge"])


@given(VERIFIERS)
def test_every_verifier_answers_its_own_challenge(verifier):
    pkce.check(verifier, challenge_of(verifier))


@given(VERIFIERS, VERIFIERS)
def test_no_verifier_answers_the_challenge_of_another(one, other):
    if one != other:
        with pytest.raises(InvalidGrant):
            pkce.check(one, challenge_of(other))


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("method", [None, "", "plain", "s256", "S512", "S256 "])
def test_a_challenge_needs_the_method_s256(method, required):
    with pytest.raises(InvalidRequest, match="S256"):
        pkce.read_challenge(params(code_challenge="a" * 43, code_challenge_method=method), required=required)


@pytest.mark.parametrize("challenge", ["a" * 42, "a" * 129, "a" * 42 + "=", "a" * 42 + "+", "a" * 43 + "\n", "é" * 43])
def test_a_challenge_has_43_to_128_unreserved_characters(challenge):
    with pytest.raises(InvalidRequest, match=r"RFC 7636 §4\.2"):
        pkce.read_challenge(params(code_challenge=challenge, code_challenge_method="S256"), required=False)


@pytest.mark.parametrize("length", [43, 128])
def test_the_lengths_at_the_ends_are_fine(length):
    sent = params(code_challenge="a" * length, code_challenge_method="S256")

    assert "a" * length == pkce.read_challenge(sent, required=True)
    pkce.check("a" * length, challenge_of("a" * length))


def test_a_missing_challenge_is_refused_where_it_is_required():
    with pytest.raises(InvalidRequest, match="code_challenge is missing"):
        pkce.read_challenge(params(), required=True)
    assert None is pkce.read_challenge(params(code_challenge=""), required=False)


def test_a_method_without_a_challenge_is_refused():
    with pytest.raises(InvalidRequest):
        pkce.read_challenge(params(code_challenge_method="S256"), required=False)


def test_without_a_challenge_there_is_no_verifier():
    pkce.check(None, None)
    with pytest.raises(InvalidGrant, match="no code_challenge"):
        pkce.check("a" * 43, None)


@pytest.mark.parametrize(
    "verifier", [None, "a" * 42, "a" * 129, VECTOR["code_challenge"], VECTOR["code_verifier"] + "\n", "\ud800" * 43]
)
def test_a_verifier_that_is_missing_malformed_or_the_challenge_itself_is_refused(verifier):
    with pytest.raises(InvalidGrant, match="code_verifier"):
        pkce.check(verifier, VECTOR["code_challenge"])
