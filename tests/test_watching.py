"""The watch over the event loop sees what it is there for, and nothing else."""

import asyncio
import time

from tests.watching import COMPUTES, WAITS, Watch


async def test_a_call_that_blocks_is_named():
    async with Watch() as watch:
        await asyncio.sleep(0.01)
        time.sleep(WAITS + 0.5)
        await asyncio.sleep(0.01)

    assert 1 == len(watch.stalls)
    assert "test_a_call_that_blocks_is_named" in watch.stalls[0]


async def test_a_long_computation_is_noticed():
    async with Watch() as watch:
        await asyncio.sleep(0.01)
        until = time.thread_time() + COMPUTES + 0.1
        while time.thread_time() < until:
            pass
        await asyncio.sleep(0.01)

    assert ["it computed for"] == [stall[:15] for stall in watch.stalls]


async def test_waiting_by_the_loop_is_no_stall():
    async with Watch() as watch:
        await asyncio.gather(*(asyncio.sleep(WAITS + 0.2) for _ in range(100)))

    assert [] == watch.stalls
