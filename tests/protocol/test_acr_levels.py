from datetime import timedelta

import pytest

from mintmark.protocol import acr_levels
from mintmark.protocol.acr import LEVELS, ONE, RESISTANT, TWO, Level

HOUR = timedelta(hours=1)


def test_without_a_word_of_the_operator_the_built_in_levels_hold():
    assert LEVELS == acr_levels.read(None) == acr_levels.read({})


def test_an_operators_level_takes_the_place_of_its_namesake_or_is_stronger_than_all_before_it():
    found = acr_levels.read({TWO: {"kinds": 2, "fresh": "1h"}, "urn:gold": {"phishing_resistant": True, "kinds": 3}})

    assert [ONE, TWO, RESISTANT, "urn:gold"] == [level.name for level in found]
    assert Level(TWO, kinds=2, fresh=HOUR) == found[1]
    assert Level("urn:gold", kinds=3, resists_phishing=True) == found[3]
    assert frozenset({"totp"}) == acr_levels.read({"gold": {"factors": ["totp"]}})[-1].only


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"two words": {}}, "cannot be a level's name"),
        ({"": {}}, "cannot be a level's name"),
        ({"gold": 2}, "gold must be an object"),
        ({"gold": {"kind": 2}}, "gold: kind is no member of a level; did you mean 'kinds'?"),
        ({"gold": {"kinds": 4}}, "kinds must be 1, 2 or 3"),
        ({"gold": {"kinds": True}}, "kinds must be 1, 2 or 3"),
        ({"gold": {"phishing_resistant": 1}}, "must be true or false"),
        ({"gold": {"factors": []}}, "factors must be a list of some of password"),
        ({"gold": {"factors": "totp"}}, "factors must be a list"),
        ({"gold": {"factors": ["ring"]}}, "factors must be a list"),
        ({"gold": {"fresh": "soon"}}, "gold: fresh must be a duration"),
    ],
)
def test_nonsense_is_refused_with_the_name_of_the_level(document, message):
    with pytest.raises(ValueError) as refused:
        acr_levels.read(document)

    assert message in str(refused.value)


def test_what_a_policy_demands_is_a_level_without_a_name():
    assert acr_levels.demanded(()) is None
    assert Level("", kinds=2) == acr_levels.demanded(["second_factor"])
    both = acr_levels.demanded(["phishing_resistant", "totp"])
    assert Level("", resists_phishing=True, each=frozenset({"totp"})) == both


@pytest.mark.parametrize(
    ("words", "acr", "amr", "expected"),
    [
        ([], ONE, ["pwd"], []),
        (["second_factor"], ONE, ["pwd"], ["second_factor"]),
        (["second_factor"], TWO, ["pwd"], []),
        (["second_factor"], ONE, ["pwd", "otp", "mfa"], []),
        (["phishing_resistant"], TWO, ["pwd", "otp", "mfa"], ["phishing_resistant"]),
        (["phishing_resistant"], RESISTANT, ["hwk", "user", "mfa"], []),
        (["password", "totp", "passkey"], TWO, ["pwd", "otp"], ["passkey"]),
        (["external"], ONE, ["pwd"], []),
        (["second_factor"], "urn:forgotten", ["pwd"], ["second_factor"]),
    ],
)
def test_an_authorization_tells_by_acr_and_amr_what_it_lacks(words, acr, amr, expected):
    assert expected == acr_levels.unmet(words, acr, amr, LEVELS)


def test_a_level_that_is_to_be_fresh_is_worth_nothing_once_it_is_old():
    levels = acr_levels.read({TWO: {"kinds": 2, "fresh": "1h"}})

    assert [] == acr_levels.unmet(["second_factor"], TWO, ["mfa"], levels, HOUR)
    assert ["second_factor"] == acr_levels.unmet(["second_factor"], TWO, ["mfa"], levels, 2 * HOUR)


def test_the_levels_that_serve_are_named_for_the_client():
    def names(*words):
        return [level.name for level in acr_levels.serving(words, LEVELS)]

    assert [ONE, TWO, RESISTANT] == names()
    assert [TWO, RESISTANT] == names("second_factor")
    assert [RESISTANT] == names("phishing_resistant")
