"""Claims by an operator's rules: where they are told, and when they are left out."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.expressions import LONGEST_TEXT
from mintmark.protocol import claim_rule, claim_rule_record, claims
from mintmark.protocol.authorization import Holder
from mintmark.protocol.claim_rule import NAMES, PLACES, ROOM, Asking
from mintmark.protocol.claim_rule_record import MEMBERS, References
from mintmark.protocol.person_record import RecordRefused
from tests.protocol.making import API, client

LANGUAGE = claim_rule.language()
ALICE = Holder(
    id="id-of-alice", username="alice", email="alice@example.org", email_verified=True, groups=("staff", "app:boss"),
    claims='{"name": "Alice", "address": {"country": "DE"}}', custom_claims='{"department": "R&D"}', disabled_at=None,
    ended_before=0, sessions_ended_before=0,
)  # fmt: skip
BARE = Holder("id-of-bob", "bob", None, False, (), "{}", "{}", None, 0, 0)
EVERYTHING = "[{}]".format(", ".join(name for name in NAMES if name.startswith("user.")))


def rule(expression="user.groups", name="a-rule", claim="made", **members):
    return claim_rule_record.read({"name": name, "claim": claim, "expression": expression, **members}, LANGUAGE)


def asking(holder=ALICE, scope=("openid",), audience=(API,), **members):
    return Asking(client(**members), holder, scope, audience)


def made(*rules, place="userinfo", **more):
    return claim_rule.make(rules, place, asking(**more))


def refused(**members):
    document = {"name": "a-rule", "claim": "made", "expression": "user.groups", **members}
    with pytest.raises(RecordRefused) as caught:
        claim_rule_record.read(document, LANGUAGE)
    return str(caught.value)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("user.username + '@' + client.client_id", "alice@shop"),
        ("user.groups", ["staff", "app:boss"]),
        ("user.address.country", "DE"),
        ("user.email_verified && !user.phone_number_verified", True),
        ("user.claims.department", "R&D"),
        ("client.metadata.grant_types.join(' ')", "authorization_code refresh_token"),
        ("[scope, audience]", [["openid"], [API]]),
        ("user.email.split('@')[1]", "example.org"),
    ],
)
def test_a_rule_makes_a_claim_of_what_is_known(expression, expected):
    assert {"made": expected} == made(rule(expression)).claims


def test_whatever_may_be_named_is_there():
    assert set(NAMES) == set(claim_rule.facts(asking()))
    assert {name for name in NAMES if not name.startswith("user.")} == set(claim_rule.facts(asking(None)))
    assert made(rule(EVERYTHING)).claims


def test_what_is_not_known_leaves_the_claim_out_and_is_no_failure():
    rules = [rule("user.email + 'x'"), rule("user.claims.department", "b"), rule("user.nickname", "c")]

    assert ({}, {}, []) == made(*rules, holder=BARE)
    assert ({}, {}, []) == made(*rules, holder=None)
    assert {"made": "shop"} == made(rule("client.client_id"), holder=None).claims
    assert {"made": False} == made(rule("user.email_verified"), holder=BARE).claims


def test_a_rule_that_fails_leaves_its_claim_out_and_the_others_stand():
    three = ALICE._replace(groups=("a", "b", "c"))
    rules = rule("1 / (size(user.groups) - 3)", "z", claim="z"), rule("user.username", "b", claim="b")
    found = made(*rules, holder=three)

    assert {"b": "alice"} == found.claims
    assert [("z", "divide by zero")] == found.failed


def test_the_first_rule_with_a_value_gives_the_claim():
    found = made(rule("user.nickname", "a"), rule("'second'", "b"), rule("'third'", "c"))

    assert ({"made": "second"}, {"made": "b"}) == (found.claims, found.by)


@pytest.mark.parametrize("place", PLACES)
def test_a_rule_is_told_in_its_places_alone(place):
    found = {one for one in PLACES if made(rule(places=[place]), place=one).claims}

    assert {place} == found


@pytest.mark.parametrize(
    ("members", "applies"),
    [
        ({"scopes": ["profile", "openid"]}, True),
        ({"scopes": ["profile"]}, False),
        ({"resources": [API]}, True),
        ({"resources": ["https://other.example"]}, False),
        ({"clients": ["shop"]}, True),
        ({"clients": ["another"]}, False),
        ({"scopes": ["openid"], "resources": [API], "clients": ["another"]}, False),
    ],
)
def test_a_rule_is_for_its_scopes_resources_and_clients(members, applies):
    assert applies == bool(made(rule(**members)).claims)


@pytest.mark.parametrize("place", PLACES)
def test_what_all_rules_add_has_a_bound(place):
    big = ALICE._replace(custom_claims=json.dumps({"x": "x" * 1900}))
    rules = [rule("user.claims.x", f"r{number}", f"c{number}", places=[place]) for number in range(60)]
    found = made(*rules, place=place, holder=big)

    assert 0 < len(json.dumps(found.claims)) - 8 * len(found.claims) <= ROOM[place]
    assert found.failed
    assert len(found.claims) + len(found.failed) == 60


@given(st.sets(st.sampled_from(PLACES)), st.sets(st.sampled_from(["openid", "profile"])))
def test_no_rule_ever_makes_a_claim_of_another_name(places, scopes):
    rules = [rule(places=sorted(places) or None, scopes=sorted(scopes)), rule("1", "b", claim="https://a.example/b")]

    for place in PLACES:
        assert {"made", "https://a.example/b"} >= made(*rules, place=place).claims.keys()


# ── as they are written down


def test_a_rule_is_read_again_as_itself():
    written = claim_rule_record.document(
        rule(places=["access_token"], scopes=["openid"], resources=[API], clients=["shop"])
    )
    kept = claim_rule_record.stored(written, LANGUAGE)

    assert MEMBERS == tuple(written)
    assert written == claim_rule_record.document(claim_rule_record.read(written, LANGUAGE))
    assert written == claim_rule_record.document(kept)
    assert {"made": list(ALICE.groups)} == made(kept, place="access_token").claims


def test_defaults_are_what_people_expect():
    assert (("id_token", "userinfo"), (), (), ()) == tuple(
        getattr(rule(places=None), member) for member in ("places", "scopes", "resources", "clients")
    )


@pytest.mark.parametrize("claim", sorted(claims.OWNED))
def test_a_name_that_protocols_own_is_refused(claim):
    assert "protocols own" in refused(claim=claim)


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"nam": "x"}, "nam is no member of a claim rule; did you mean 'name'?"),
        ({"name": None}, "name must be"),
        ({"name": "Up"}, "name must be"),
        ({"name": "a" * 65}, "name must be"),
        ({"claim": 5}, "claim must be"),
        ({"claim": "a b"}, "claim must be"),
        ({"claim": "a" * 256}, "claim must be"),
        ({"expression": None}, "expression must be a CEL expression"),
        ({"expression": "user.emial"}, "undeclared reference to 'user.emial'; did you mean 'user.email'?"),
        ({"expression": "1 +"}, "Syntax error"),
        ({"expression": "1 / (size(user.groups) - 2)"}, "expression fails for a sample person: divide by zero"),
        ({"places": ["token"]}, "places[0] must be id_token, userinfo, access_token"),
        ({"places": []}, "places must hold some of"),
        ({"places": "userinfo"}, "places must be a list"),
        ({"scopes": [5]}, "scopes must be a list"),
        ({"clients": ["x"] * 101}, "clients must be a list"),
    ],
)
def test_what_cannot_be_a_rule_is_refused_by_its_member(members, sentence):
    assert sentence in refused(**members)


def test_a_rule_names_only_what_there_is():
    known = References(scopes=("openid",), resources=(API,), clients=("shop",))
    claim_rule_record.check_references(rule(scopes=["openid"], resources=[API], clients=["shop"]), known)

    for members in ({"scopes": ["opened"]}, {"resources": ["https://api.exampl"]}, {"clients": ["shopp"]}):
        with pytest.raises(RecordRefused, match=r"\[0\] .* is no (scope|resource|client); did you mean"):
            claim_rule_record.check_references(rule(**members), known)


def test_the_sample_may_lack_what_only_some_people_have():
    assert rule("user.claims.department.lower()")
    assert LONGEST_TEXT > len("user.claims.department.lower()")
