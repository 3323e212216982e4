import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from mintmark.protocol.throttling import Count, Tick
from mintmark.store import throttles
from mintmark.store.changes import Conflict, Require
from mintmark.store.schema import people
from tests.store import rows

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


def tick(failures, below):
    return Tick(count(failures), below=below)


async def two(store, **more):
    """Two rows that were counted once each."""
    await store.commit([throttles.count(id, None, Tick(count(1, **more)), NOW) for id in ("a", "b")])


async def test_counts_that_move_together_are_one_statement_on_postgresql(store):
    await two(store)
    before = store.statements
    await store.commit([throttles.count(id, count(1), tick(2, below=5), NOW) for id in ("a", "b")])
    await store.commit([throttles.clear("a"), throttles.take_back("b", NOW)])
    sent = store.statements - before

    assert {"a": 0, "b": 1} == {id: one.failures for id, one in (await throttles.find(store, "a", "b")).items()}
    assert (2 if store.dialect == "postgresql" else 4) == sent


@pytest.mark.parametrize("full", ["a", "b"])
async def test_counts_move_together_or_not_at_all(store, full):
    await two(store)
    below = {"a": 5, "b": 5, full: 1}
    with pytest.raises(Conflict):
        await store.commit([throttles.count(id, count(1), tick(2, below=below[id]), NOW) for id in ("a", "b")])

    assert {"a": count(1), "b": count(1)} == await throttles.find(store, "a", "b")


@pytest.mark.parametrize("stands", [True, False])
async def test_a_count_moves_only_with_what_it_is_written_with(store, stands):
    await store.commit([rows.person()])
    await two(store)
    guard = Require(people, {"id": "p", "created_at": 1 if stands else 2})
    changes = [guard, throttles.clear("a"), throttles.take_back("b", NOW), rows.code(b"x")]
    if stands:
        await store.commit(changes)
    else:
        with pytest.raises(Conflict):
            await store.commit(changes)

    assert [0 if stands else 1] * 2 == [one.failures for one in (await throttles.find(store, "a", "b")).values()]
    assert ([(b"x", None)] if stands else []) == await store.fetch(rows.CODE, digest=b"x")


async def test_a_row_that_is_counted_twice_in_a_set_is_counted_twice(store):
    await put(store, count(1), count(4))
    await store.commit([throttles.take_back("a", NOW), throttles.take_back("a", NOW)])

    assert 2 == (await found(store)).failures


async def test_a_row_that_is_added_and_counted_in_a_set_is_counted(store):
    await store.commit([throttles.count("a", None, Tick(count(3)), NOW), throttles.take_back("a", NOW)])

    assert 2 == (await found(store)).failures


async def test_a_row_that_is_changed_and_counted_in_a_set_is_counted(store):
    await put(store, count(1))
    await store.commit([throttles.count("a", count(1), Tick(count(7)), NOW), throttles.take_back("a", NOW)])

    assert 6 == (await found(store)).failures


async def test_of_many_at_once_no_more_move_two_counts_than_there_is_room_for(store):
    await two(store)

    async def move():
        await store.commit([throttles.count(id, count(1), tick(2, below=9), NOW) for id in ("a", "b")])

    outcomes = await asyncio.gather(*(move() for _ in range(40)), return_exceptions=True)

    assert 8 == outcomes.count(None)
    assert 32 == sum(isinstance(one, Conflict) for one in outcomes)
    assert {"a": 9, "b": 9} == {id: one.failures for id, one in (await throttles.find(store, "a", "b")).items()}


async def test_attempts_and_successes_of_the_same_two_rows_end_all(store):
    """Whoever counts the same rows takes them in the same order: nobody waits for one who waits for them."""
    await two(store)

    async def attempt():
        with suppress(Conflict):
            await store.commit([throttles.count(id, count(1), tick(2, below=900), NOW) for id in ("a", "b")])
        await store.commit([throttles.clear("a"), throttles.take_back("b", NOW)])

    before = store.statements
    await asyncio.gather(*(attempt() for _ in range(100)))

    if store.dialect == "postgresql":  # what the server undoes for a deadlock is sent again
        assert 200 == store.statements - before
    assert {"a", "b"} == set(await throttles.find(store, "a", "b"))
