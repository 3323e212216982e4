from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import throttling
from mintmark.protocol.throttling import Count, Tick, Wait

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def passed(found):
    assert isinstance(found, Tick)
    return found


def attempts(times, *, free=10):
    """What became of attempts at these times, each on the count that the one before left."""
    count, found = None, []
    for now in times:
        tick = throttling.at_account(count, now, free=free)
        found.append(tick)
        count = tick.count if isinstance(tick, Tick) else count
    return found


def after(failures, now=NOW, *, free=10):
    """The count that so many failures leave, each made as soon as it may be."""
    count = None
    for _ in range(failures):
        while isinstance(tick := throttling.at_account(count, now, free=free), Wait):
            now += tick.seconds * SECOND
        count = tick.count
    return count, now


def test_the_first_failures_cost_no_wait():
    found = attempts([NOW] * 10)

    assert [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] == [passed(tick).count.failures for tick in found]


@pytest.mark.parametrize(
    ("failures", "seconds"), [(10, 1), (11, 2), (12, 4), (13, 8), (19, 512), (20, 900), (21, 900), (200, 900)]
)
def test_after_ten_failures_the_wait_doubles_up_to_a_quarter_of_an_hour(failures, seconds):
    count, now = after(failures)

    assert Wait(seconds) == throttling.at_account(count, now, free=10)


def test_a_wait_is_told_in_whole_seconds_after_which_one_may_try():
    count, now = after(10)
    early = now + timedelta(milliseconds=1)

    assert Wait(1) == throttling.at_account(count, early, free=10)
    assert isinstance(throttling.at_account(count, early + SECOND, free=10), Tick)


def test_a_count_is_forgotten_a_day_after_the_last_failure():
    count, now = after(20)

    assert 21 == passed(throttling.at_account(count, now + 23 * HOUR, free=10)).count.failures
    assert 1 == passed(throttling.at_account(count, now + 24 * HOUR, free=10)).count.failures


def test_a_span_of_its_own_ends_a_count_sooner_and_its_waits_with_it():
    count = Count(50, NOW, NOW + timedelta(minutes=15), NOW + timedelta(minutes=1))
    minute = timedelta(minutes=1)

    assert Wait(900) == throttling.at_account(count, NOW, free=10, forgotten_after=minute)
    assert 1 == passed(throttling.at_account(count, NOW + minute, free=10, forgotten_after=minute)).count.failures


def test_a_decision_says_for_which_other_counts_it_would_be_the_same():
    assert None is attempts([NOW])[0].below  # the row is not there
    assert 9 == attempts([NOW] * 2)[-1].below  # without a wait, up to the ninth
    assert None is attempts([NOW] * 10)[-1].below  # it begins a wait


@given(st.integers(1, 40), st.lists(st.integers(0, 1_000_000), max_size=60))
def test_nobody_is_ever_locked_out_for_longer_than_a_quarter_of_an_hour(free, gaps):
    now, times = NOW, []
    for gap in gaps:
        now += timedelta(milliseconds=gap)
        times.append(now)

    for found, at in zip(attempts(times, free=free), times, strict=True):
        if isinstance(found, Wait):
            assert 1 <= found.seconds <= 900
        else:
            assert found.count.waits_until <= at + throttling.LONGEST_WAIT


@given(st.integers(1, 40), st.lists(st.integers(0, 600), min_size=1, max_size=60))
def test_no_more_attempts_ever_pass_than_the_budget_and_one_a_wait(free, gaps):
    now, times = NOW, []
    for gap in gaps:
        now += gap * SECOND
        times.append(now)
    allowed = [at for found, at in zip(attempts(times, free=free), times, strict=True) if isinstance(found, Tick)]

    for number, at in enumerate(allowed):
        if number >= free:
            assert at - allowed[number - 1] >= min(SECOND * 2 ** (number - free), throttling.LONGEST_WAIT)


@given(st.integers(1, 30), st.integers(0, 29), st.integers(0, 29))
def test_a_decision_that_holds_below_a_number_holds_for_every_count_below_it(free, read, stands):
    """What the store relies on when it adds to a count that others have moved on."""
    row = [Count(failures, NOW, NOW, NOW + HOUR) for failures in (read, stands)]
    decided = throttling.at_account(row[0], NOW, free=free)

    if isinstance(decided, Tick) and decided.below is not None and stands < decided.below:
        again = throttling.at_account(row[1], NOW, free=free)
        assert passed(again).count == Count(
            stands + 1, decided.count.first_at, decided.count.waits_until, decided.count.expires_at
        )


def test_an_address_has_so_many_in_an_hour_and_then_none_until_it_ends():
    count = None
    for minute in range(3):
        count = passed(throttling.from_address(count, NOW + timedelta(minutes=minute), most=3, per=HOUR)).count

    assert Wait(1800) == throttling.from_address(count, NOW + HOUR / 2, most=3, per=HOUR)
    assert Tick(Count(1, NOW + HOUR, NOW + HOUR, NOW + 2 * HOUR)) == throttling.from_address(
        count, NOW + HOUR, most=3, per=HOUR
    )


def test_an_address_count_may_be_added_to_below_its_most():
    first = passed(throttling.from_address(None, NOW, most=3, per=HOUR))

    assert None is first.below
    assert 3 == passed(throttling.from_address(first.count, NOW, most=3, per=HOUR)).below


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8::1", "2001:db8::ffff:1:2:3"),
        ("2001:DB8:0:0::1", "2001:db8::2"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::2"),
        ("", ""),
    ],
)
def test_addresses_of_one_holder_share_a_count(one, other):
    assert throttling.address_key(one) == throttling.address_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("192.0.2.1", "192.0.2.2"),
        ("2001:db8:0:1::1", "2001:db8:0:2::1"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2"),
        ("unix", ""),
    ],
)
def test_addresses_of_two_holders_do_not(one, other):
    assert throttling.address_key(one) != throttling.address_key(other)


def test_every_way_to_write_a_name_has_one_count():
    """CVE-2026-47203."""
    assert 1 == len({throttling.account_key(name) for name in ("john", "JOHN", " John ", "ｊｏｈｎ")})  # noqa: RUF001


def test_a_name_that_is_no_text_has_a_count_too():
    assert throttling.account_key("\ud800") != throttling.account_key("\ud801")


def test_kinds_of_counts_never_meet():
    account = throttling.account_key("192.0.2.1")
    keys = {account, throttling.address_key("192.0.2.1"), throttling.device_key(account, b"a")}

    keys |= {throttling.device_key(account, b"b"), throttling.device_key(throttling.account_key("bob"), b"a")}

    assert 5 == len(keys)
