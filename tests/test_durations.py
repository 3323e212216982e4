from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark import durations

spans = st.integers(1, int(durations.LONGEST.total_seconds())).map(lambda seconds: timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("10m", 600),
        ("8h", 28_800),
        ("30d", 2_592_000),
        ("2w", 1_209_600),
        ("1h30m", 5_400),
        ("1w2d3h4m5s", 788_645),
        ("90m", 5_400),
        ("600", 600),
        (600, 600),
        ("3650d", 315_360_000),
    ],
)
def test_each_form_of_a_duration_is_read(text, seconds):
    assert timedelta(seconds=seconds) == durations.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        *["", "s", "10x", "1.5h", "30m1h", "1h1h", " 10m", "10m ", "10 m", "-10m", "+10m", "٣m", "²", "1H", "9" * 5000],
        *[None, 1.5, 600.0, ["10m"], timedelta(seconds=1)],
    ],
)
def test_what_is_no_duration_is_refused_with_its_forms(text):
    with pytest.raises(ValueError, match="must be a duration such as"):
        durations.parse(text)


@pytest.mark.parametrize("text", [True, False])
def test_true_and_false_are_no_durations_although_python_counts_with_them(text):
    with pytest.raises(ValueError, match="must be a duration"):
        durations.parse(text)


@pytest.mark.parametrize("text", [0, "0", "0s", "0h0m", -1, "-0"])
def test_a_duration_is_longer_than_zero(text):
    with pytest.raises(ValueError, match=r"longer than zero|must be a duration"):
        durations.parse(text)


@pytest.mark.parametrize("text", ["3651d", "315360001", 10**30, "522w"])
def test_a_duration_is_at_most_ten_years(text):
    with pytest.raises(ValueError, match="ten years"):
        durations.parse(text)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (30, "30s"),
        (60, "1m"),
        (90, "1m30s"),
        (5_400, "1h30m"),
        (86_400, "1d"),
        (604_800, "1w"),
        (1_209_600, "2w"),
        (2_592_000, "30d"),
        (7_776_000, "90d"),
        (3_601, "1h1s"),
    ],
)
def test_a_duration_is_echoed_in_its_shortest_form(seconds, written):
    assert written == durations.shortest(timedelta(seconds=seconds))


@pytest.mark.parametrize("span", [timedelta(0), timedelta(seconds=-1), timedelta(milliseconds=1500)])
def test_only_positive_whole_seconds_are_written(span):
    with pytest.raises(ValueError, match="positive whole number of seconds"):
        durations.shortest(span)


@given(spans)
def test_every_duration_that_is_written_is_read_as_the_same(span):
    assert span == durations.parse(durations.shortest(span))


@given(st.text(max_size=80) | st.integers() | st.floats() | st.none())
def test_whatever_is_read_is_a_span_or_a_value_error(text):
    try:
        span = durations.parse(text)
    except ValueError:
        return
    assert timedelta(0) < span <= durations.LONGEST
