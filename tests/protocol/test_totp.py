import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mintmark.protocol import totp

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TICK = timedelta(milliseconds=1)

moments = st.integers(10**6, 7 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
codes = st.text(string.digits, min_size=6, max_size=6)


# RFC 6238 appendix B.
@pytest.mark.parametrize(
    ("seconds", "step"),
    [(59, 0x1), (1111111109, 0x23523EC), (1111111111, 0x23523ED), (1234567890, 0x273EF07), (20000000000, 0x27BC86AA)],
)
def test_the_step_is_the_one_of_the_specification(seconds, step):
    assert step == totp.step(datetime.fromtimestamp(seconds, UTC))


def test_a_step_lasts_thirty_seconds_to_the_millisecond():
    start = totp.step(NOON)

    assert [start - 1, start, start, start + 1] == [
        totp.step(NOON - TICK), totp.step(NOON), totp.step(NOON + 30 * SECOND - TICK), totp.step(NOON + 30 * SECOND)
    ]  # fmt: skip


@given(moments)
def test_the_codes_of_this_step_and_of_one_before_and_behind_are_good(now):
    here = totp.step(now)

    assert (here - 1, here, here + 1) == totp.good_steps(now, totp.NEVER)


@given(moments, st.integers(-3, 3), st.timedeltas(-timedelta(days=400), timedelta(days=400)))
def test_no_step_is_good_twice_however_the_clock_is_set(now, ahead, shift):
    used = totp.step(now) + ahead
    assume(datetime(1970, 1, 2, tzinfo=UTC) < now + shift)

    assert all(step > used for step in totp.good_steps(now + shift, used))


@given(codes, st.lists(st.sampled_from([" ", "-", "\u2009", "\u2013", "\u200f", "\u2212"]), min_size=7, max_size=7))
def test_a_code_is_read_whatever_stands_between_its_digits(code, between):
    typed = "".join(letter + mark for letter, mark in zip(code, between, strict=False)) + between[6]

    assert code == totp.read(typed)


@given(
    codes,
    st.sampled_from(
        [
            "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669",
            "\u0966\u0967\u0968\u0969\u096a\u096b\u096c\u096d\u096e\u096f",
            "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19",
        ]
    ),
)
def test_a_code_is_read_in_digits_of_other_scripts(code, digits):
    assert code == totp.read(code.translate(str.maketrans(string.digits, digits)))


@pytest.mark.parametrize(
    "typed",
    ["", "12345", "1234567", "12345a", "\u00bd23456", "\uff11\uff12\uff1345", "1" * 300, "\u00b223456", "\ud800" * 6],
)
def test_what_is_no_six_digits_is_no_code(typed):
    assert totp.read(typed) is None


@given(st.text())
def test_whatever_is_typed_is_six_ascii_digits_or_nothing(typed):
    code = totp.read(typed)

    assert code is None or (len(code) == 6 and code.isascii() and code.isdigit())


@given(st.dictionaries(st.integers(0, 2**40), codes, max_size=5), codes)
def test_a_code_is_matched_with_the_latest_step_that_has_it(by_step, code):
    having = [step for step, one in by_step.items() if one == code]

    assert (max(having) if having else None) == totp.matched(code, by_step)


def test_a_name_is_put_on_one_line():
    assert "My phone (2)" == totp.read_name("  My\n phone\t(2) ")


@pytest.mark.parametrize("name", ["", " \n ", "x" * 65, "bell\a", "\ud800"])
def test_a_name_that_cannot_be_shown_is_refused(name):
    with pytest.raises(ValueError, match="must"):
        totp.read_name(name)
