"""What a person allowed a client, resource by resource (OIDC Core §3.1.2.4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import client as clients
from mintmark.protocol import consent
from mintmark.protocol.consent import Group
from mintmark.protocol.policy import Policy
from tests.protocol.making import API, CATALOGUE, FILES, ISSUER

PLACES = st.sampled_from([ISSUER, API, FILES])
WORDS = st.sampled_from(["openid", "email", "shared", "api:read", "files:read"])
ALLOWED = st.dictionaries(PLACES, st.lists(WORDS, unique=True, min_size=1).map(tuple))
ASKED = st.dictionaries(WORDS, st.lists(PLACES, unique=True, min_size=1).map(tuple))


@given(ALLOWED, ASKED, st.sets(WORDS))
def test_after_an_answer_exactly_what_was_granted_is_covered_of_what_was_asked(allowed, asked, granted):
    after = consent.after(allowed, asked, granted)

    assert {word for word in asked if word in granted} == set(consent.covered(after, asked))


@given(ALLOWED, ASKED, st.sets(WORDS))
def test_an_answer_changes_nothing_that_was_not_asked(allowed, asked, granted):
    after = consent.after(allowed, asked, granted)

    def untouched(found):
        return {(place, word) for place, words in found.items() for word in words if place not in asked.get(word, ())}

    assert untouched(allowed) == untouched(after)
    assert all(after.values())


@given(ALLOWED, ASKED)
def test_nothing_is_covered_that_was_not_allowed_at_every_resource_it_is_asked_for_at(allowed, asked):
    for word in consent.covered(allowed, asked):
        assert all(word in allowed[place] for place in asked[word])


def test_the_same_name_at_another_resource_is_asked_anew():
    allowed = {API: ("shared",)}

    assert ("shared",) == consent.covered(allowed, CATALOGUE.places(["shared"], [API]))
    assert () == consent.covered(allowed, CATALOGUE.places(["shared"], [FILES]))
    assert () == consent.covered(allowed, CATALOGUE.places(["shared"], [API, FILES]))


def test_what_tells_of_the_person_is_the_issuers_whatever_the_token_is_for():
    assert {"openid": (ISSUER,), "email": (ISSUER,), "shared": (API,)} == CATALOGUE.places(
        ["openid", "email", "shared"], [API]
    )


def test_a_scope_that_no_resource_of_the_request_has_is_never_covered():
    assert () == consent.covered({API: ("files:read",)}, CATALOGUE.places(["files:read"], [API]))


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ((API, ISSUER), {API: ("openid", "api:read"), ISSUER: ("openid", "api:read")}),
        ((API,), {API: ("openid", "api:read"), ISSUER: ("openid",)}),
    ],
)
def test_a_consent_of_before_holds_at_each_of_its_resources(resources, expected):
    assert expected == consent.of_before(ISSUER, ("openid", "api:read"), resources)


def test_declined_scopes_are_not_allowed_any_more_and_the_rest_stays():
    allowed = {ISSUER: ("openid", "email"), API: ("api:read",)}
    after = consent.after(allowed, {"openid": (ISSUER,), "email": (ISSUER,)}, {"openid"})

    assert {ISSUER: ("openid",), API: ("api:read",)} == after
    assert {API: ("api:read",)} == consent.after(allowed, {"openid": (ISSUER,), "email": (ISSUER,)}, set())


def test_a_page_lists_resource_by_resource_and_what_is_new_first():
    asked = CATALOGUE.places(["openid", "email", "shared", "api:read"], [API, FILES])

    assert [
        Group(False, (ISSUER,), ("email",)),
        Group(False, (API, FILES), ("shared",)),
        Group(True, (ISSUER,), ("openid",)),
        Group(True, (API,), ("api:read",)),
    ] == consent.groups(asked, {"openid", "api:read"})


@pytest.mark.parametrize(
    ("self_registered", "stated", "by_policy", "asks"),
    [
        (False, None, True, True),
        (False, None, False, False),
        (False, False, False, False),
        (True, None, True, True),
        (True, None, False, True),  # what is stated for everybody vouches for nobody
        (True, False, False, False),
    ],
)
def test_a_client_that_registered_itself_asks_unless_an_operator_vouches_for_it(
    self_registered, stated, by_policy, asks
):
    policy = Policy(require_consent=stated)
    found = clients.read("shop", {}, policy=policy, self_registered=self_registered)

    assert asks == consent.is_required(found, by_policy=by_policy)
