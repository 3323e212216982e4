from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol.budget import Budget

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def test_so_many_failures_and_then_a_wait_until_the_window_ends():
    budget = Budget(2, MINUTE)
    budget.fail("key", NOW)
    budget.fail("key", NOW + 30 * SECOND)

    assert 30 == budget.allow("key", NOW + 30 * SECOND)
    assert 1 == budget.allow("key", NOW + timedelta(seconds=59.5))
    assert None is budget.allow("key", NOW + MINUTE)


def test_one_key_is_not_charged_for_another():
    budget = Budget(1, MINUTE)
    budget.fail("key", NOW)

    assert None is budget.allow("other", NOW)
    assert 60 == budget.allow("key", NOW)


def test_a_new_window_begins_with_the_next_failure():
    budget = Budget(2, MINUTE)
    budget.fail("key", NOW)
    budget.fail("key", NOW)
    budget.fail("key", NOW + MINUTE)

    assert None is budget.allow("key", NOW + MINUTE)


def test_windows_that_ended_are_let_go():
    budget = Budget(1, MINUTE)
    for number in range(4):
        budget.fail(number, NOW)
    for number in range(4, 8):
        budget.fail(number, NOW + MINUTE)

    assert 4 == len(budget)


def test_when_the_room_is_used_up_the_oldest_window_is_given_up():
    budget = Budget(1, MINUTE, keys=3)
    for number in range(10):
        budget.fail(number, NOW)

    assert 3 >= len(budget)
    assert None is budget.allow(0, NOW)
    assert 60 == budget.allow(9, NOW)


@given(st.integers(1, 5), st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), max_size=80))
def test_no_key_ever_fails_more_than_its_share_in_one_window(most, tries):
    budget, now = Budget(most, MINUTE), NOW
    failed: dict[int, list[datetime]] = {}
    for key, gap in tries:
        now += gap * SECOND
        if budget.allow(key, now) is None:
            budget.fail(key, now)
            failed.setdefault(key, []).append(now)

    for times in failed.values():
        window, count = None, 0
        for at in times:
            window, count = (at, 1) if window is None or at >= window + MINUTE else (window, count + 1)
            assert count <= most
