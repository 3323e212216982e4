import string

from hypothesis import given
from hypothesis import strategies as st

from mintmark import nearest

words = st.text(string.ascii_letters + "_", max_size=12)


def test_a_misspelt_name_finds_the_one_that_was_meant():
    assert "session_idle" == nearest.known("sesion_idle", ["not_after", "session_idle", "session_lifetime"])


def test_case_does_not_lead_away_from_the_name_that_was_meant():
    assert "issuer" == nearest.known("ISSUER", ["host", "issuer", "SSR"])


def test_where_nothing_is_known_nothing_is_near():
    assert nearest.known("anything", []) is None
    assert "" == nearest.hint("anything", [])


def test_a_hint_ends_a_sentence():
    assert "; did you mean 'scope'?" == nearest.hint("scopes", ["scope", "state"])


def test_a_name_of_a_megabyte_is_compared_by_its_beginning():
    assert "scope" == nearest.known("scope" + "x" * 1_000_000, ["scope"])


@given(words, st.lists(words, min_size=1))
def test_the_nearest_is_always_one_of_the_known_and_does_not_depend_on_their_order(name, names):
    assert nearest.known(name, names) in names
    assert nearest.known(name, names) == nearest.known(name, reversed(names))
