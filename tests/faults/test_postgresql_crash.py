"""F-06 and F-08: PostgreSQL crashes under load, refuses, and says nothing at all; it comes back, and so do we."""

import asyncio
import time

import pytest

from tests.faults.harness import Stand, full, tell
from tests.faults.postgres import Crashing, proxied


@pytest.fixture
def crashing():
    return Crashing()


@pytest.fixture
async def made(crashing, tmp_path):
    found = await Stand.make(crashing.database, tmp_path, chains=50)
    yield found, crashing
    found.close()


@pytest.mark.parametrize("crashes", [3, full(8)])
async def test_postgresql_that_crashes_under_load_costs_retries_and_nothing_else(made, crashes):
    found, crashing = made
    (node,) = await found.started()
    healed = []

    async def crash() -> None:
        for _ in range(crashes):
            await asyncio.sleep(0.7)
            await asyncio.to_thread(crashing.stop)
            await asyncio.sleep(0.7)
            await asyncio.to_thread(crashing.start)
            healed.append(await until_answered(found))

    await found.all_go_on([node.port], crash)
    await found.check()
    unknown = [act for act in found.history.acts if act.outcome == "unknown"]
    slowest = max(act.ended - act.began for act in unknown)

    assert {503} == {act.status for act in unknown}, "the server was never restarted: each heard 503"
    assert slowest < 3
    assert max(healed) < 5
    tell(
        "F-06 PostgreSQL restarted -m immediate",
        crashes=crashes,
        refreshed=found.history.count("done"),
        told_503=len(unknown),
        refused=found.history.count("refused"),
        slowest_503=slowest,
        healed_after_most=max(healed),
    )


async def until_answered(found):
    """Seconds from now until a refresh that began afterwards was answered."""
    began = time.monotonic()
    async with asyncio.timeout(20):
        while not any(act.outcome == "done" and act.began > began for act in found.history.acts[-200:]):
            await asyncio.sleep(0.02)
    return time.monotonic() - began


@pytest.mark.parametrize("seconds", [1, full(30)])
@pytest.mark.parametrize("mode", ["refuse", "swallow"])
async def test_postgresql_out_of_reach_is_a_503_with_retry_after_and_the_old_tokens_go_on(
    postgresql_database, tmp_path, mode, seconds
):
    """refuse: connections are reset. swallow: nothing comes back, which costs each a time-out of the driver."""
    found = await Stand.make(postgresql_database, tmp_path, chains=50, MINTMARK_REFRESH_GRACE="2m")
    proxy, url = await proxied(postgresql_database.url)
    node = found.node(url=url)
    await node.start()
    healed = []

    async def cut() -> None:
        await asyncio.sleep(0.5)
        proxy.mode = mode
        if mode == "refuse":
            proxy.cut()
        await asyncio.sleep(seconds + (8 if mode == "swallow" else 0))
        proxy.mode = "pass"
        healed.append(await until_answered(found))

    await found.all_go_on([node.port], cut)
    await found.check()
    found.close()
    proxy.stop()
    unknown = [act for act in found.history.acts if act.outcome == "unknown"]
    waits = sorted(act.ended - act.began for act in unknown)

    assert {503} == {act.status for act in unknown}
    assert waits[-1] < (9 if mode == "swallow" else 2)
    assert waits[len(waits) // 2] < 2
    tell(
        f"F-08 PostgreSQL out of reach ({mode})",
        told_503=len(unknown),
        median_wait=waits[len(waits) // 2],
        longest_wait=waits[-1],
        refused=found.history.count("refused"),
        healed_after=healed[0],
    )
