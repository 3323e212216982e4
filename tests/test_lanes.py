"""Lanes: one at a time for each thing, in order, and nobody waits for ever."""

import asyncio

import pytest

from mintmark.lanes import Lanes
from mintmark.protocol.errors import Overloaded


async def test_those_who_want_the_same_take_turns_in_the_order_they_came():
    lanes, done, inside = Lanes(), [], []

    async def take(number):
        async with lanes.turn("a"):
            inside.append(number)
            await asyncio.sleep(0)
            assert [number] == inside
            inside.remove(number)
            done.append(number)

    await asyncio.gather(*(take(number) for number in range(20)))

    assert list(range(20)) == done


async def test_another_thing_is_another_lane():
    lanes = Lanes(patience=0.01)
    async with lanes.turn("a"), lanes.turn("b"):
        with pytest.raises(Overloaded):
            async with lanes.turn("a"):
                pass


async def test_who_waits_too_long_or_comes_as_one_too_many_is_sent_away_and_leaves_nothing_behind():
    lanes = Lanes(patience=0.01, most=2)

    async def take():
        async with lanes.turn("a"):
            pass

    async with lanes.turn("a"):
        told = await asyncio.gather(take(), take(), return_exceptions=True)
    await take()

    assert [Overloaded, Overloaded] == [type(one) for one in told]
    assert {} == lanes._lanes


async def test_who_gives_up_or_fails_lets_the_next_one_in():
    lanes = Lanes()

    async def take(error=None):
        async with lanes.turn("a"):
            await asyncio.sleep(0)
            if error is not None:
                raise error

    tasks = [asyncio.create_task(take(error)) for error in (ValueError(), None, None)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    told = await asyncio.gather(*tasks, return_exceptions=True)

    assert [ValueError, asyncio.CancelledError, type(None)] == [type(one) for one in told]
    assert {} == lanes._lanes
