"""Who comes in one tick of the loop is told from who comes in the next."""

import asyncio

from mintmark.ticks import Tick


async def test_one_who_comes_alone_is_alone():
    tick = Tick()
    numbers = []
    for _ in range(3):
        numbers.append(tick.come())

        assert not tick.is_busy

        await asyncio.sleep(0)

    assert [0, 1, 2] == numbers


async def test_several_of_one_tick_have_its_number_and_the_next_is_taken_to_be_like_it():
    tick = Tick()
    numbers, busy = [], []
    for count in (2, 1, 1):
        for _ in range(count):
            numbers.append(tick.come())
            busy.append(tick.is_busy)
        await asyncio.sleep(0)

    assert [0, 0, 1, 2] == numbers
    assert [False, True, True, False] == busy


async def test_a_tick_in_which_nobody_came_is_none():
    tick = Tick()
    tick.come()
    tick.come()
    for _ in range(3):
        await asyncio.sleep(0)

    assert (1, True) == (tick.number, tick.is_busy)


async def test_its_end_is_told_once_and_before_anybody_of_the_next():
    told = []
    tick = Tick(lambda: told.append("ended"))
    for _ in range(2):
        for _ in range(3):
            tick.come()
            told.append("came")
        await asyncio.sleep(0)

    assert [*["came"] * 3, "ended"] * 2 == told
