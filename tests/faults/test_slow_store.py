"""F-22 and F-23: PostgreSQL answers late, or every connection to it is busy."""

import asyncio
import time

import asyncpg
import pytest

from tests.faults.harness import Stand, full, tell
from tests.faults.postgres import proxied
from tests.faults.talking import Caller

WAIT = 2.0  # seconds that a request waits for a connection; a lock is waited for as long


@pytest.fixture
async def made(postgresql_database, tmp_path):
    found = await Stand.make(postgresql_database, tmp_path, chains=50, MINTMARK_REFRESH_GRACE="2m")
    yield found
    found.close()


@pytest.mark.parametrize(("delay", "seconds"), [(0.05, 2), (0.2, 3), (1.0, 4), full(0.2, 30), full(1.0, 30)])
async def test_a_slow_database_makes_slow_answers_and_never_wrong_ones(made, delay, seconds):
    proxy, url = await proxied(made.database.url)
    node = made.node(url=url)
    await node.start()

    async def slow() -> None:
        proxy.mode, proxy.delay = "late", delay
        await asyncio.sleep(seconds)
        proxy.mode = "pass"
        await asyncio.sleep(0.5)

    await made.all_go_on([node.port], slow)
    await made.check()
    proxy.stop()
    refreshes = made.history.of("refresh")
    unknown = [act for act in refreshes if act.outcome == "unknown"]
    longest = max(act.ended - act.began for act in refreshes)

    assert {503} >= {act.status for act in unknown}
    assert longest < 10
    if delay <= 0.2:
        assert not unknown
    tell(
        f"F-22 PostgreSQL {delay} s late",
        refreshed=len(refreshes) - len(unknown),
        told_503=len(unknown),
        refused=made.history.count("refused"),
        longest_wait=longest,
    )


@pytest.mark.parametrize(("seconds", "requests"), [(6, 500), full(20, 500)])
async def test_when_every_connection_is_busy_the_wait_is_bounded_and_nothing_hangs(made, seconds, requests):
    """A long transaction of somebody else holds the rows that every refresh relies on."""
    (node,) = await made.started()
    somebody = await asyncpg.connect(made.database.url)
    transaction = somebody.transaction()
    await transaction.start()
    await somebody.execute("SELECT 1 FROM authorizations FOR UPDATE")
    probes, released, callers = [], [], [Caller(node.port) for _ in range(requests)]

    async def probe() -> None:
        loop, caller = asyncio.get_running_loop(), Caller(node.port)
        for _ in range(int(seconds * 5)):
            began = loop.time()
            live = await caller.get("/health/live")
            keys = await caller.get("/.well-known/jwks.json")
            assert (200, 200) == (live.status, keys.status)
            probes.append(loop.time() - began)
            await asyncio.sleep(0.2)
        released.append(time.monotonic())
        await transaction.rollback()

    asked = [made.refresh(chain, caller) for chain, caller in zip(made.seeds.chains * (requests // 50), callers)]  # noqa: B905
    acts, _ = await asyncio.gather(asyncio.gather(*asked), probe())
    waits = [act.ended - act.began for act in acts]
    began = asyncio.get_running_loop().time()
    await made.last_words(node.port)
    healed = asyncio.get_running_loop().time() - began
    await made.check()
    await somebody.close()

    assert {503} >= {act.status for act in acts if act.ended < released[0]}
    assert {200, 503} >= {act.status for act in acts}
    assert max(waits) < 3 * WAIT + 3
    tell(
        "F-23 every connection busy",
        at_once=requests,
        held_for=seconds,
        told_503=sum(act.status == 503 for act in acts),
        refused=made.history.count("refused"),
        longest_wait=max(waits),
        longest_health=max(probes),
        all_fifty_went_on_after=healed,
    )
