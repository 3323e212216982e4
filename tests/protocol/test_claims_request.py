import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import claims, claims_request
from mintmark.protocol.claims_request import NOTHING, ClaimsRequest, Wanted
from mintmark.protocol.errors import InvalidRequest

# OIDC Core §5.5, as it stands there
EXAMPLE = """{
 "userinfo": {"given_name": {"essential": true}, "nickname": null, "email": {"essential": true},
   "email_verified": {"essential": true}, "picture": null, "http://example.info/claims/groups": null},
 "id_token": {"auth_time": {"essential": true}, "acr": {"values": ["urn:mace:incommon:iap:silver"]}}
}"""


def test_the_example_of_the_specification_is_read():
    found = claims_request.read(EXAMPLE)

    assert Wanted(essential=True) == found.userinfo["given_name"]
    assert Wanted() == found.userinfo["nickname"]
    assert Wanted(values=("urn:mace:incommon:iap:silver",)) == found.id_token["acr"]
    assert ("profile", "email") == found.scopes
    assert ("urn:mace:incommon:iap:silver",) == found.should_be_proved_by
    assert () == found.must_be_proved_by
    assert found.subjects is None


@pytest.mark.parametrize(
    "text",
    [
        "{", "", "[]", "null", "1", '"userinfo"', "{}x", "{'userinfo': {}}", "[" * 100_000, '{"a":' * 5_000,
        '{"userinfo": []}', '{"id_token": "acr"}', '{"userinfo": {"name": 1}}', '{"userinfo": {"name": true}}',
        '{"userinfo": {"name": {"essential": "true"}}}', '{"userinfo": {"a": {"essential": null}}}',
        '{"userinfo": {"a": {"values": "b"}}}', '{"userinfo": {"a": {"values": []}}}',
        '{"userinfo": {"a": {"value": 1, "values": [1]}}}', '{"userinfo": {"a": {"value": NaN}}}',
        '{"userinfo": {"name": null, "name": null}}', '{"userinfo": {}, "userinfo": {}}',
    ],
)  # fmt: skip
def test_what_is_no_request_for_claims_is_refused(text):
    with pytest.raises(InvalidRequest):
        claims_request.read(text)


@pytest.mark.parametrize(
    "text",
    ["{}", '{"userinfo": null}', '{"new": [1], "id_token": {}}', '{"userinfo": {}, "id_token": {}}'],
)
def test_what_asks_for_nothing_is_fine_and_what_nobody_knows_is_passed_over(text):
    assert NOTHING == claims_request.read(text)
    assert Wanted() == claims_request.read('{"userinfo": {"name": {"purpose": "why"}}}').userinfo["name"]


def test_without_the_parameter_nothing_is_asked_for_but_perhaps_languages():
    assert NOTHING == claims_request.read(None)
    assert NOTHING == claims_request.read(None, "  ")
    assert ("de", "fr") == claims_request.read(None, "de  fr de").locales
    assert claims_request.MOST_LOCALES == len(claims_request.read("{}", " ".join(map(str, range(1000)))).locales)


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("name", "profile"), ("name#de-CH", "profile"), ("email_verified", "email"), ("address", "address"),
        ("phone_number", "phone"), ("groups", "groups"), ("department", "profile"), ("sub", None), ("acr", None),
        ("aud", None), ("sid", None), ("sub#de", None), ("", "profile"),
    ],
)  # fmt: skip
def test_each_claim_belongs_to_a_scope_but_those_that_the_protocols_own(name, owner):
    assert owner == claims.owner(name)


def test_who_may_sign_in_is_whom_both_parts_name():
    def subjects(userinfo, id_token):
        return claims_request.read(json.dumps({"userinfo": {"sub": userinfo}, "id_token": {"sub": id_token}})).subjects

    assert None is subjects(None, {"essential": True})
    assert {"alice"} == subjects(None, {"value": "alice"})
    assert {"alice"} == subjects({"values": ["alice", "bob"]}, {"value": "alice"})
    assert set() == subjects({"value": "bob"}, {"value": "alice"})
    assert set() == subjects({"value": 7}, None)
    assert set() == subjects({"value": "\ud800"}, None)


@pytest.mark.parametrize(
    ("wish", "required"),
    [
        (None, ()),
        ({"essential": True}, ()),
        ({"value": "b"}, ()),
        ({"essential": True, "value": "b"}, ("b",)),
        ({"essential": True, "values": ["b", "a", 1]}, ("a", "b")),
        ({"essential": True, "value": 1}, ("",)),
    ],
)
def test_an_authentication_is_demanded_only_where_it_is_essential_and_named(wish, required):
    assert required == claims_request.read(json.dumps({"id_token": {"acr": wish}})).must_be_proved_by
    assert () == claims_request.read(json.dumps({"userinfo": {"acr": wish}})).must_be_proved_by


@pytest.mark.parametrize(("value", "fits"), [(1, True), (True, False), ("1", False), ([1], True), (None, False)])
def test_of_several_values_one_will_do_and_true_is_not_one(value, fits):
    assert fits == Wanted(values=(1, [1])).will_do(value)
    assert Wanted().will_do(value)


KNOWN = {"name": "Alice", "name#de": "Alicia", "email": None, "badge": 7, "sub": "forged", "locale": "en"}


def test_what_is_asked_for_and_known_is_told_and_nothing_else():
    wanted = claims_request.read(
        '{"userinfo": {"name": null, "email": {"essential": true}, "sub": null, "phone_number": null,'
        '"badge": {"value": 8}, "locale": {"values": ["de", "en"]}}}'
    )

    assert {"name": "Alice", "locale": "en"} == claims_request.chosen(KNOWN, wanted.userinfo)


@pytest.mark.parametrize(
    ("told", "locales", "found"),
    [
        (["name"], ["de"], {"name#de": "Alicia"}),
        (["name"], ["fr", "DE"], {"name#de": "Alicia"}),
        (["badge"], ["de"], {}),
        (["name"], [], {}),
    ],
)
def test_what_is_told_is_told_in_the_languages_that_are_known(told, locales, found):
    assert found == claims_request.in_languages(KNOWN, told, locales)
    assert {} == claims_request.in_languages({"name": "Alice"}, told, locales)
    assert {} == claims_request.in_languages({"name#de": None}, told, locales)


NAMES = st.sampled_from(["name", "email", "name#de", "sub", "acr", "department", "aud"]) | st.text(max_size=5)
JSON = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
WISHES = st.none() | st.fixed_dictionaries(
    {}, optional={"essential": st.booleans(), "values": st.lists(JSON, min_size=1, max_size=3)}
)
PARTS = st.dictionaries(NAMES, WISHES, max_size=4)
REQUESTS = st.fixed_dictionaries({}, optional={"userinfo": PARTS, "id_token": PARTS})


@given(REQUESTS, st.lists(st.sampled_from(["de", "fr"])), st.sets(st.sampled_from(["profile", "email"])))
def test_every_request_that_is_stored_asks_for_the_same_again_and_for_nothing_outside_the_scope(sent, locales, scope):
    found = claims_request.read(json.dumps(sent), " ".join(locales)).within(scope)
    again = claims_request.stored(claims_request.written(found))

    assert set(found.scopes) <= scope
    assert found.scopes == again.scopes
    assert found.locales == again.locales
    for before, after in ((found.userinfo, again.userinfo), (found.id_token, again.id_token)):
        assert {name: wish.values for name, wish in before.items() if claims.owner(name)} == {
            name: wish.values for name, wish in after.items()
        }
    assert (claims_request.written(found) is None) == (not again.scopes and not again.locales)


@given(st.text())
def test_no_text_whatever_breaks_the_reader(text):
    try:
        found = claims_request.read(text, text)
    except InvalidRequest:
        return
    assert isinstance(found, ClaimsRequest)


@given(st.dictionaries(NAMES, JSON), REQUESTS)
def test_nothing_is_ever_told_that_was_not_asked_for_or_that_protocols_own(known, sent):
    asked = claims_request.read(json.dumps(sent)).userinfo
    told = claims_request.chosen(known, asked)

    assert set(told) <= set(asked) & set(known)
    assert not set(told) & {"sub", "acr", "aud"}
    assert None not in told.values()
