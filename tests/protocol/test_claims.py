import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import claims, scope
from tests.protocol.making import holder

ALICE = holder(
    email="alice@example.org",
    email_verified=True,
    groups=("staff", "admins"),
    claims=json.dumps({"name": "Alice", "birthdate": None, "phone_number": "+49", "address": {"locality": "Bonn"}}),
    custom_claims=json.dumps({"department": "R&D", "badge": None}),
)


def of(*words, who=ALICE):
    return claims.of(who, words, 1700000000)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["openid"], {}),
        (["email"], {"email": "alice@example.org", "email_verified": True}),
        (["phone"], {"phone_number": "+49"}),
        (["address"], {"address": {"locality": "Bonn"}}),
        (["groups"], {"groups": ["staff", "admins"]}),
        (["offline_access", "api:read"], {}),
        (
            ["profile"],
            {"name": "Alice", "preferred_username": "Alice", "updated_at": 1700000000, "department": "R&D"},
        ),
    ],
)
def test_each_scope_tells_its_claims_and_what_is_not_known_is_left_out(words, told):
    assert told == of("openid", *words)


def test_who_has_neither_email_nor_groups_has_none_whatever_the_document_says():
    nobody = holder(claims=json.dumps({"email": "root@example.org", "email_verified": True, "groups": ["admins"]}))

    assert {} == of("openid", "email", "groups", who=nobody)


def test_an_address_that_is_not_verified_says_so():
    assert {"email": "a@example.org", "email_verified": False} == of("email", who=holder(email="a@example.org"))


def test_a_person_may_prefer_another_name_than_the_one_that_signs_in():
    assert "Al" == of("profile", who=holder(claims='{"preferred_username": "Al"}'))["preferred_username"]


@pytest.mark.parametrize("name", sorted(claims.OWNED))
def test_no_custom_claim_takes_a_name_that_a_protocol_owns(name):
    forged = holder(custom_claims=json.dumps({name: "forged"}))

    assert "forged" not in of("profile", who=forged).values()


JSON = st.dictionaries(
    st.sampled_from([*claims.STANDARD, *claims.OWNED, "department", "x"]), st.none() | st.booleans() | st.text()
)


@given(JSON, JSON, st.none() | st.text(), st.lists(st.sampled_from(scope.IDENTITY), unique=True))
def test_nothing_is_null_and_nothing_is_told_that_no_scope_tells(standard, custom, email, words):
    who = holder(email=email, claims=json.dumps(standard), custom_claims=json.dumps(custom))
    told = claims.of(who, words, 0)
    by_scope = {name for word in words for name in claims.BY_SCOPE.get(word, ())}

    assert None not in told.values()
    assert set(told) <= by_scope | (custom.keys() - claims.OWNED if "profile" in words else set())


def test_standard_claims_are_owned():
    assert set(claims.STANDARD) <= claims.OWNED
    assert {"iss", "sub", "aud", "exp", "scope", "client_id", "cnf", "active"} <= claims.OWNED


def test_all_that_is_known_of_a_person_can_be_asked_for_one_by_one():
    known = claims.known(ALICE, None)

    assert ("Alice", "alice@example.org", "R&D") == tuple(known[name] for name in ("name", "email", "department"))
    assert known["updated_at"] is None
    assert 7 == claims.known(ALICE, 7)["updated_at"]


@pytest.mark.parametrize("name", [*sorted(claims.OWNED), "sub#de"])
def test_nobody_is_known_by_a_custom_claim_whose_name_a_protocol_owns(name):
    forged = holder(custom_claims=json.dumps({name: "forged", "name#de": "Alicia"}))

    assert "forged" not in claims.known(forged, 0).values()
    assert "Alicia" == claims.known(forged, 0)["name#de"]
