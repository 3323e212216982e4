import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import request_object
from mintmark.protocol.errors import InvalidRequestObject
from mintmark.protocol.request_object import AHEAD
from tests.protocol.making import ASKED, CALLBACK, ISSUER, NOW, asked, client, params

AT = int(NOW.timestamp())
SIGNED = {"require_signed_request_object": True}


def joined(claims, outer=None, asker=None):
    outer = params(client_id="shop", response_type="code") if outer is None else outer
    return request_object.joined(claims, outer, asker or client(), ISSUER, NOW)


def refused(claims, outer=None, asker=None):
    with pytest.raises(InvalidRequestObject) as refusal:
        joined(claims, outer, asker)
    return refusal.value.check


def test_what_stands_inside_wins_and_what_stands_beside_completes():
    found = joined({"state": "inside", "scope": "openid", "max_age": 60}, asked(state="outside", nonce="beside"))

    assert ("inside", "openid", "60", "beside") == tuple(
        found.get(name) for name in ("state", "scope", "max_age", "nonce")
    )
    assert CALLBACK == found.get("redirect_uri")
    assert "shop" == found.get("client_id")


def test_an_empty_value_inside_is_an_absent_one_and_so_is_null():
    found = joined({"state": "", "nonce": None}, asked(state="outside", nonce="beside"))

    assert found.get("state") is None
    assert found.get("nonce") is None  # it stands inside, and says that there is none


@pytest.mark.parametrize(
    ("outer", "asker"),
    [
        (asked(state="outside"), client(**SIGNED)),
        (params(client_id="shop", state="outside", redirect_uri=CALLBACK), client()),
    ],
)
def test_where_only_the_object_counts_nothing_beside_it_does(outer, asker):
    found = joined({"client_id": "shop", "response_type": "code", "nonce": "inside"}, outer, asker)

    assert {"client_id", "response_type", "nonce"} == {name for name, _ in found}
    assert "request object names" == refused({"response_type": "code"}, outer, asker)


def test_what_a_token_says_of_itself_is_no_parameter_and_what_nobody_knows_is_passed_over():
    odd = {"jti": "x", "iat": AT, "new": {"a": 1}, "ne\u00fc": "x", "other": "kept", "claims_of": [1]}

    assert {"client_id", "other", "response_type"} == {name for name, _ in joined(odd)}


def test_objects_become_the_text_that_a_parameter_holds():
    wanted = {"userinfo": {"name": None}}
    found = joined({"claims": wanted, "resource": ["https://a.example", "https://b.example"]})

    assert wanted == json.loads(found.require("claims"))
    assert ("https://a.example", "https://b.example") == found.all("resource")
    assert "{}" == joined({"claims": "{}"}).get("claims")
    assert ("https://a.example",) == joined({"resource": "https://a.example"}).all("resource")


@pytest.mark.parametrize(
    "claims",
    [
        {"state": {"a": 1}}, {"nonce": ["a"]}, {"scope": ["openid"]}, {"max_age": 1.5}, {"prompt": True},
        {"nonce": "a\0b"}, {"state": "\ud800"}, {"max_age": 10**400}, {"resource": ["https://a.example", 1.5]},
        {"resource": {}}, {"claims": True}, {"redirect_uri": [CALLBACK]},
    ],
)  # fmt: skip
def test_a_parameter_that_no_parameter_could_be_is_refused(claims):
    assert "request object member" == refused(claims)


@pytest.mark.parametrize("claims", [{"request": "e.y.J"}, {"request_uri": "https://x.example"}, {"request": None}])
def test_a_request_object_holds_no_other(claims):
    assert "nested request" == refused(claims)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "other"}, {"iss": None}, {"iss": ISSUER}, {"aud": "https://other.example"}, {"aud": []}, {"aud": None},
        {"aud": ["https://other.example"]}, {"aud": {"a": ISSUER}}, {"client_id": "other"}, {"client_id": None},
        {"client_id": ["shop"]}, {"sub": "shop"}, {"iss": ISSUER, "aud": "shop", "sub": "alice"},
    ],
)  # fmt: skip
def test_what_another_made_or_was_made_for_another_or_for_something_else_is_refused(claims):
    assert "request object names" == refused(claims)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "shop", "aud": ISSUER, "client_id": "shop"}, {"aud": ["https://other.example", ISSUER]},
        {"sub": "alice"}, {"exp": AT + 1}, {"exp": AT + 0.5}, {"nbf": AT + AHEAD}, {"iat": AT + AHEAD, "nbf": None},
        {"iat": 0},
    ],
)  # fmt: skip
def test_what_names_the_right_ones_and_holds_now_is_taken(claims):
    assert "code" == joined(claims).get("response_type")


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": AT}, {"exp": 0}, {"exp": -1}, {"exp": str(AT + 60)}, {"exp": True}, {"exp": [AT + 60]},
        {"nbf": AT + AHEAD + 1}, {"iat": AT + AHEAD + 1}, {"iat": "now"}, {"nbf": float("inf")},
    ],
)  # fmt: skip
def test_what_does_not_hold_now_is_refused(claims):
    assert "request object time" == refused(claims)


@pytest.mark.parametrize(("inside", "fine"), [("code", True), ("none", False), (["code"], False), ("code none", False)])
def test_the_response_type_is_the_same_in_both_places(inside, fine):
    if fine:
        assert "code" == joined({"response_type": inside}).get("response_type")
    else:
        assert "request object response_type" == refused({"response_type": inside})


NAMES = st.sampled_from(
    [*ASKED, "prompt", "resource", "claims", "iss", "aud", "exp", "sub", "request", "new", "max_age"]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(
    LEAVES | st.sampled_from(["shop", ISSUER, CALLBACK, AT + 9]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


@given(st.dictionaries(NAMES | st.text(max_size=5), VALUES, max_size=6), st.sampled_from([{}, SIGNED]))
def test_every_object_is_refused_or_comes_to_plain_parameters_of_its_own_client(claims, members):
    outer = asked(state="outside")
    try:
        found = request_object.joined(claims, outer, client(**members), ISSUER, NOW)
    except InvalidRequestObject:
        return

    assert "shop" == found.get("client_id")
    assert not found.sent("request")
    assert not found.sent("request_uri")
    for name, value in found:
        assert "\0" not in value
        value.encode()  # no half of a surrogate pair
        assert name in claims or name == "client_id" or (not members and (name, value) in list(outer))
