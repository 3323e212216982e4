from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import not_after

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"]
seconds = st.integers(946_684_800, 2_114_380_800)  # of the years 2000 to 2036
instants = seconds.map(lambda second: datetime.fromtimestamp(second, UTC))
clocks = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))


def utc(year, month, day, hour=0, minute=0, second=0, microsecond=0):
    return datetime(year, month, day, hour, minute, second, microsecond, tzinfo=UTC)


def ends(text, *, now):
    return not_after.parse(text).instant(now)


def test_a_time_of_day_is_the_next_one_in_utc():
    assert utc(2026, 3, 1, 18) == ends("18:00", now=utc(2026, 3, 1, 17, 59, 59))
    assert utc(2026, 3, 2, 18) == ends("18:00", now=utc(2026, 3, 1, 18, 0, 1))


def test_at_the_very_moment_the_next_one_is_tomorrow():
    assert utc(2026, 3, 2, 18) == ends("18:00", now=utc(2026, 3, 1, 18))


def test_a_zone_shifts_the_time_by_its_offset_of_that_day():
    assert utc(2026, 1, 10, 17) == ends("18:00 Europe/Berlin", now=utc(2026, 1, 10))
    assert utc(2026, 7, 10, 16) == ends("18:00 Europe/Berlin", now=utc(2026, 7, 10))


def test_the_next_occurrence_lies_beyond_a_change_of_the_clocks():
    # The night to 29 March 2026 lacks an hour in Berlin: from 18:00 to 18:00 it is 23 hours.
    assert utc(2026, 3, 29, 16) == ends("18:00 Europe/Berlin", now=utc(2026, 3, 28, 17))


def test_the_zones_own_date_counts_and_not_the_date_in_utc():
    assert utc(2026, 3, 1, 4, 30) == ends("23:30 America/New_York", now=utc(2026, 3, 1, 2))


def test_a_time_that_the_spring_leaves_out_is_an_hour_later_on_that_clock():
    moment = ends("02:30 Europe/Berlin", now=utc(2026, 3, 28, 23))

    assert utc(2026, 3, 29, 1, 30) == moment
    assert time(3, 30) == moment.astimezone(ZoneInfo("Europe/Berlin")).time()


def test_an_hour_that_autumn_repeats_occurs_twice():
    assert utc(2026, 10, 25, 0, 30) == ends("02:30 Europe/Berlin", now=utc(2026, 10, 24, 23))
    assert utc(2026, 10, 25, 1, 30) == ends("02:30 Europe/Berlin", now=utc(2026, 10, 25, 0, 30))
    assert utc(2026, 10, 26, 1, 30) == ends("02:30 Europe/Berlin", now=utc(2026, 10, 25, 1, 30))


def test_a_zone_that_skips_a_whole_day_still_has_a_next_time():
    # Apia had no 30 December 2011.
    assert utc(2011, 12, 30, 22) == ends("12:00 Pacific/Apia", now=utc(2011, 12, 29, 23))


def test_a_day_ends_where_the_next_begins_in_utc():
    assert utc(2027, 1, 1) == ends("2026-12-31", now=utc(2030, 1, 1))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-31T18:00:00Z", utc(2026, 12, 31, 18)),
        ("2026-12-31t18:00:00z", utc(2026, 12, 31, 18)),
        ("2026-12-31T18:00:00+02:00", utc(2026, 12, 31, 16)),
        ("2026-12-31T18:00:00.25-05:30", utc(2026, 12, 31, 23, 30, 0, 250_000)),
    ],
)
def test_a_time_as_rfc_3339_writes_it_is_that_instant(text, moment):
    assert moment == ends(text, now=utc(2026, 1, 1))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "24:00",
        "18:60",
        "8:00",
        "18:00:00",
        " 18:00",
        "18:00 ",
        "18:00  Europe/Berlin",
        "18:00 +02:00",
        "18:00 ../../etc/passwd",
        "18:00 localtime",
        "tomorrow",
        "2026-12",
        "2026-02-30",
        "2026-12-31 18:00:00Z",
        "2026-12-31T18:00:00",
        "2026-12-31T18:00Z",
        "2026-12-31T25:00:00Z",
        "2026-12-31T23:59:60Z",
        "2026-W53-4",
        "20261231",
        "9999-12-31",
        "0001-01-01T00:00:00+23:59",
        "2026-12-31T18:00:00Z\n",
        1_800_000_000,
        True,
        None,
    ],
)
def test_what_is_no_time_is_refused_with_the_forms(text):
    with pytest.raises(ValueError, match="must be a time of day"):
        not_after.parse(text)


@pytest.mark.parametrize("zone", ["Europe/Berln", "Europe", "Mars/Olympus"])
def test_an_unknown_zone_is_refused_with_the_nearest(zone):
    with pytest.raises(ValueError, match=r"unknown time zone; did you mean '\w+(/\w+)*'"):
        not_after.parse(f"18:00 {zone}")


@pytest.mark.parametrize("text", ["18:00", "09:05 Europe/Berlin", "2026-12-31", "2026-12-31T18:00:00+02:00"])
def test_it_is_echoed_as_it_was_written(text):
    assert text == not_after.parse(text).written()


@given(clocks, st.sampled_from(ZONES), instants)
def test_the_next_occurrence_is_always_ahead_and_what_the_zones_clock_shows(clock, zone, now):
    moment = not_after.Daily(clock, zone).instant(now)
    shown = moment.astimezone(ZoneInfo(zone))

    assert now < moment <= now + timedelta(hours=49)
    assert shown.time() == clock or shown.utcoffset() != (shown - timedelta(days=1)).utcoffset()


@given(clocks, st.sampled_from(ZONES), instants, st.integers(0, 3600))
def test_the_next_occurrence_stays_the_same_until_it_is_there(clock, zone, now, earlier):
    daily = not_after.Daily(clock, zone)
    moment = daily.instant(now)

    assert moment == daily.instant(max(now, moment - timedelta(seconds=earlier + 1)))
