"""What is asked at about the same time is asked together, and nothing waits long for it."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.store import coalesce
from mintmark.store.changes import Unavailable
from mintmark.store.coalesce import ABREAST, MOST, TICKS, Growth, Lane


class Database:
    """Answers each item with itself; while it is not `free`, a batch takes until it is."""

    def __init__(self):
        self.batches = []
        self.free = asyncio.Event()
        self.free.set()

    async def run(self, items):
        self.batches.append(list(items))
        await self.free.wait()
        return items


@pytest.fixture
async def database():
    return Database()


@pytest.fixture
async def lane(database):
    return Lane(database.run)


async def test_what_is_asked_in_one_tick_is_one_batch(lane, database):
    assert [1, 2, 3] == await asyncio.gather(*[lane.ask(one) for one in (1, 2, 3)])
    assert [[1, 2, 3]] == database.batches


async def test_what_comes_tick_after_tick_is_one_batch(lane, database):
    asked = []
    for one in range(TICKS):
        asked.append(lane.ask(one))
        await asyncio.sleep(0)
    await asyncio.gather(*asked)

    assert [list(range(TICKS))] == database.batches


async def test_a_stream_without_a_pause_is_held_back_for_a_few_ticks_only(lane, database):
    asked = []
    for one in range(10 * TICKS):
        asked.append(lane.ask(one))
        await asyncio.sleep(0)
    await asyncio.gather(*asked)

    assert max(map(len, database.batches)) <= TICKS + 1
    assert list(range(10 * TICKS)) == [one for batch in database.batches for one in batch]


async def test_what_comes_alone_waits_for_one_tick_more(lane, database):
    asked = lane.ask(1)
    ticks = 0
    while not database.batches:
        await asyncio.sleep(0)
        ticks += 1
    await asked

    assert ticks <= 3  # that in which it was asked, the one more, and the task that carries it


async def test_what_waits_behind_batches_goes_when_one_of_them_has_ended(lane, database):
    database.free.clear()
    under_way = []
    for one in range(ABREAST):
        under_way.append(lane.ask(one))
        for _ in range(TICKS + 2):
            await asyncio.sleep(0)
    behind = [lane.ask(one) for one in ("a", "b")]
    for _ in range(TICKS + 2):
        await asyncio.sleep(0)
    assert [[one] for one in range(ABREAST)] == database.batches
    database.free.set()

    assert ["a", "b"] == await asyncio.gather(*behind)
    assert ["a", "b"] == database.batches[-1]
    await asyncio.gather(*under_way)


async def test_no_batch_is_longer_than_the_longest(lane, database):
    await asyncio.gather(*[lane.ask(one) for one in range(2 * MOST + 1)])

    assert [MOST, MOST, 1] == [len(batch) for batch in database.batches]


async def test_too_many_that_wait_are_refused_at_once(lane, database, monkeypatch):
    monkeypatch.setattr(coalesce, "WAITING", 2)
    asked = [lane.ask(1), lane.ask(2)]
    with pytest.raises(Unavailable):
        lane.ask(3)

    assert [1, 2] == await asyncio.gather(*asked)


@given(st.lists(st.integers(0, 3), max_size=3 * TICKS))
def test_a_batch_grows_as_long_as_each_tick_brings_something_and_no_longer_than_the_ticks(brought):
    growth, waiting = Growth(), 1
    held = 0
    for more in brought:
        if not growth.goes_on(waiting):
            break
        held += 1
        waiting += more
        if not more:
            assert not growth.goes_on(waiting)
            break

    assert held <= TICKS


@given(st.integers(MOST, 3 * MOST))
def test_a_batch_that_is_full_waits_for_nothing(waiting):
    assert not Growth().goes_on(waiting)
