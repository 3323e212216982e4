import json

import pytest

from mintmark.keys import compact, unsigned

TYPES = ("JWT", None)


def token(claims='{"a": 1}', **header):
    first = json.dumps({"alg": "none", **header})
    return b".".join([compact.encode(first.encode()), compact.encode(claims.encode()), b""]).decode()


@pytest.mark.parametrize("header", [{}, {"typ": "JWT"}, {"typ": "jwt"}, {"typ": "application/JWT"}])
def test_what_nobody_signed_is_read_as_such(header):
    assert unsigned.is_unsigned(token(**header))
    assert {"a": 1} == unsigned.read(token(**header), typ=TYPES)


def test_a_type_may_be_demanded():
    assert unsigned.read(token(), typ=("JWT",)) is None
    assert {"a": 1} == unsigned.read(token(typ="JWT"), typ=("JWT",))


@pytest.mark.parametrize(
    "odd",
    [
        token(alg="NONE"), token(alg="RS256"), token(kid="k"), token(crit=["exp"]), token(typ="at+jwt"), token(typ=1),
        token('{"a": 1, "a": 2}'), token("[]"), token("{"), token() + "signature", token().rstrip("."), token() + ".",
        "." + token(), "", ".", "..", "é..", token("x" * 20_000), token().replace(".", "=.", 1),
    ],
)  # fmt: skip
def test_whatever_else_it_is_is_not_read(odd):
    assert unsigned.read(odd, typ=TYPES) is None


@pytest.mark.parametrize(
    ("text", "says_so"),
    [(token(alg="None"), True), (token(alg="RS256"), False), (token(alg=None), False), ("é", False), ("x.y.z", False)],
)
def test_whoever_says_none_in_any_case_is_held_to_it(text, says_so):
    assert says_so == unsigned.is_unsigned(text)
