from datetime import UTC, datetime, timedelta

import pytest

from mintmark.protocol.throttling import Count, Tick
from mintmark.store import throttles
from mintmark.store.changes import Conflict

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def count(failures, *, waits_until=NOW, expires_at=NOW + DAY):
    return Count(failures, NOW, waits_until, expires_at)


async def found(store, id="a"):
    return (await throttles.find(store, id, "other")).get(id)


async def put(store, *counts):
    """Writes them one after another, each decided on the row as it was."""
    before = None
    for one in counts:
        await store.commit([throttles.count("a", before, Tick(one), NOW)])
        before = one


async def test_what_was_never_counted_is_not_found(store):
    assert {} == await throttles.find(store, "a", "b")


async def test_two_counts_are_found_with_one_statement(store):
    await store.commit(
        [throttles.count("a", None, Tick(count(1)), NOW), throttles.count("b", None, Tick(count(2)), NOW)]
    )
    before = store.statements

    assert {"a": count(1), "b": count(2)} == await throttles.find(store, "a", "b")
    assert 1 == store.statements - before


async def test_a_first_count_loses_against_one_that_was_quicker(store):
    await put(store, count(1))

    with pytest.raises(Conflict):
        await store.commit([throttles.count("a", None, Tick(count(1)), NOW)])
    assert count(1) == await found(store)


async def test_a_decision_on_the_very_row_loses_when_the_row_moved_on(store):
    await put(store, count(1), count(2))

    with pytest.raises(Conflict):
        await store.commit([throttles.count("a", count(1), Tick(count(2, waits_until=NOW + SECOND)), NOW)])
    assert count(2) == await found(store)


async def test_a_decision_that_holds_below_a_number_adds_to_what_others_made_of_the_row(store):
    await put(store, count(1), count(5))
    later = NOW + DAY + SECOND
    await store.commit([throttles.count("a", count(1), Tick(count(2, expires_at=later), 9), NOW)])

    assert count(6, expires_at=later) == await found(store)


@pytest.mark.parametrize(
    "stands",
    [
        count(9),
        count(2, waits_until=NOW + SECOND),
        count(2, expires_at=NOW),
        Count(2, NOW - SECOND, NOW, NOW + DAY),
    ],
    ids=["the number is reached", "somebody waits", "it has expired", "it is another window"],
)
async def test_a_decision_that_would_be_another_one_by_now_adds_nothing(store, stands):
    await put(store, stands)

    with pytest.raises(Conflict):
        await store.commit([throttles.count("a", count(1), Tick(count(2), 9), NOW)])
    assert stands == await found(store)


async def test_an_attempt_is_taken_back_but_no_count_falls_below_nothing(store):
    await put(store, count(1))
    for expected in (0, 0):
        await store.commit([throttles.take_back("a", NOW)])
        assert expected == (await found(store)).failures

    await store.commit([throttles.take_back("unknown", NOW)])


async def test_an_expired_count_is_left_alone(store):
    await put(store, count(3, expires_at=NOW))
    await store.commit([throttles.take_back("a", NOW)])

    assert 3 == (await found(store)).failures


async def test_a_cleared_count_is_nothing_and_keeps_nobody_waiting(store):
    await put(store, count(30, waits_until=NOW + SECOND))
    await store.commit([throttles.clear("a"), throttles.clear("unknown")])

    assert count(0) == await found(store)
    assert {} == await throttles.find(store, "unknown", "unknown")
