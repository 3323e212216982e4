import itertools
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import recovery_code, totp

seeds = st.binary(min_size=15, max_size=15)
code = st.builds(lambda seed: recovery_code.made(lambda n: seed)[0], seeds)
letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def test_ten_different_ones_are_made_at_once():
    assert 10 == len(set(recovery_code.made(os.urandom)))


@given(seeds, seeds)
def test_every_random_bit_is_in_the_code(one, other):
    assert 112 <= 8 * recovery_code.BYTES
    assert (one == other) == (recovery_code.made(lambda n: one) == recovery_code.made(lambda n: other))


@given(code)
def test_it_is_read_as_it_is_shown(code):
    shown = recovery_code.shown(code)

    assert [4] * 6 == [len(group) for group in shown.split("-")]
    assert code == recovery_code.read(shown) == recovery_code.read(code)


@given(code, st.data())
def test_it_is_read_with_every_slip_of_the_hand(code, data):
    slips = {"0": "0Oo", "1": "1IiLl"}
    typed = "".join(data.draw(st.sampled_from(slips.get(one, one + one.lower()))) for one in code)
    marks = st.text(" -\u2013\u00a0\u200b\t", max_size=1)
    typed = "".join(itertools.chain.from_iterable((one, data.draw(marks)) for one in typed))

    assert code == recovery_code.read(typed)


@pytest.mark.parametrize(
    "typed", ["", "123456", "U" * 24, "A" * 23, "A" * 25, "A" * 24 + "!", "Ä" * 24, "A" * 5000, "\ud800" * 24]
)
def test_anything_else_is_no_code(typed):
    assert recovery_code.read(typed) is None


@given(st.text(max_size=100))
def test_whatever_is_typed_is_a_whole_code_or_nothing(typed):
    found = recovery_code.read(typed)

    assert found is None or (24 == len(found) and set(found) <= set(letters))


@given(code, st.text("0123456789", min_size=6, max_size=6))
def test_nothing_is_both_a_recovery_code_and_an_app_s(code, digits):
    assert totp.read(recovery_code.shown(code)) is None
    assert recovery_code.read(digits) is None


def test_the_same_code_of_another_person_is_another():
    assert recovery_code.message("a", "X" * 24) != recovery_code.message("b", "X" * 24)


def test_three_are_few():
    assert [True, True, False] == [recovery_code.are_few(left) for left in (0, 3, 4)]
