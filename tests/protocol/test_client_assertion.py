import math
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import client_assertion
from mintmark.protocol.errors import InvalidClient
from tests.protocol.making import ISSUER, NOW

SECOND = int(NOW.timestamp())
GOOD = {"iss": "shop", "sub": "shop", "aud": ISSUER, "exp": SECOND + 60, "jti": "one"}


def read(audiences=(ISSUER,), **changed):
    claims = {name: value for name, value in {**GOOD, **changed}.items() if value is not ...}
    return client_assertion.read(claims, audiences, NOW)


def test_what_is_left_of_a_good_one_is_its_jti_until_its_end():
    found = read(iat=SECOND, nbf=SECOND)

    assert ("one", NOW + timedelta(seconds=60)) == (found.jti, found.expires_at)


def test_iss_and_sub_say_who_it_is():
    assert "shop" == client_assertion.client_id(GOOD)


@pytest.mark.parametrize("changed", [{"iss": "other"}, {"sub": "other"}, {"iss": "", "sub": ""}, {"iss": 1, "sub": 1},
                                     {"iss": ["shop"], "sub": ["shop"]}, {"sub": None}])  # fmt: skip
def test_who_it_is_must_stand_there_twice_alike(changed):
    with pytest.raises(InvalidClient):
        client_assertion.client_id({**GOOD, **changed})
    with pytest.raises(InvalidClient):
        client_assertion.client_id({name: value for name, value in GOOD.items() if name not in changed})


@pytest.mark.parametrize("aud", [ISSUER, [ISSUER]])
def test_the_issuer_is_its_audience_alone(aud):
    assert "one" == read(aud=aud).jti


@pytest.mark.parametrize("aud", [..., None, "", [], {}, 1, ISSUER + "/", ISSUER + "/token", ISSUER.upper(),
                                 [ISSUER, "https://other.example"], [ISSUER, ISSUER], [[ISSUER]], [1], {"aud": ISSUER},
                                 f" {ISSUER}"])  # fmt: skip
def test_any_other_audience_is_refused(aud):
    with pytest.raises(InvalidClient) as refused:
        read(aud=aud)

    assert "assertion audience" == refused.value.check


def test_the_address_of_a_door_is_an_audience_where_it_is_allowed():
    assert "one" == read((ISSUER, ISSUER + "/token"), aud=ISSUER + "/token").jti


@pytest.mark.parametrize("exp", [..., None, True, "1", [], SECOND, SECOND - 300, -1, SECOND + 3611, SECOND + 10**7,
                                 math.inf, -math.inf, math.nan, 10**30, 1e300, {}])  # fmt: skip
def test_its_end_lies_ahead_an_hour_at_most(exp):
    with pytest.raises(InvalidClient) as refused:
        read(exp=exp)

    assert "assertion expiry" == refused.value.check


@pytest.mark.parametrize("exp", [SECOND + 1, SECOND + 0.5, SECOND + 3600, SECOND + 3610])
def test_a_moment_and_an_hour_are_good(exp):
    assert "one" == read(exp=exp).jti


@pytest.mark.parametrize("name", ["iat", "nbf"])
def test_a_clients_clock_may_be_ten_seconds_ahead_and_no_more(name):
    assert "one" == read(**{name: SECOND + 8}).jti
    assert "one" == read(**{name: SECOND + 10}).jti
    for bad in (SECOND + 11, SECOND + 61, "now", None, True, math.nan):
        with pytest.raises(InvalidClient) as refused:
            read(**{name: bad})
        assert "assertion begin" == refused.value.check


@pytest.mark.parametrize("jti", [..., None, "", 1, ["one"], "j" * 1001])
def test_a_jti_is_text(jti):
    with pytest.raises(InvalidClient) as refused:
        read(jti=jti)

    assert "assertion jti" == refused.value.check


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text(), max_size=2)


@given(st.dictionaries(st.sampled_from(["iss", "sub", "aud", "exp", "iat", "nbf", "jti"]), values))
def test_whatever_it_says_it_is_good_or_refused(claims):
    for read in (client_assertion.client_id, lambda one: client_assertion.read(one, (ISSUER,), NOW)):
        with suppress(InvalidClient):
            read(claims)


@given(st.integers(min_value=-(10**6), max_value=10**6))
def test_whatever_is_good_is_remembered_for_no_longer_than_an_hour(offset):
    try:
        found = read(exp=SECOND + offset)
    except InvalidClient:
        assert not 0 < offset <= 3600
    else:
        assert NOW < found.expires_at <= NOW + timedelta(hours=1, seconds=10)
