"""F-27: SIGTERM under load finishes what is in flight, and lets nobody new in."""

import asyncio
import signal
import time

import asyncpg
import pysqlite3
import pytest

from tests.faults.harness import full, tell
from tests.faults.talking import Caller, Lost


class Held:
    """Holds every refresh back for a while, so that many are in flight."""

    def __init__(self, database):
        self._database = database

    async def __aenter__(self):
        if self._database.dialect == "sqlite":
            path = self._database.url.removeprefix("sqlite:///")
            self._connection = pysqlite3.connect(path, isolation_level=None)
            self._connection.execute("BEGIN IMMEDIATE")
        else:
            self._connection = await asyncpg.connect(self._database.url)
            await self._connection.execute("BEGIN; SELECT 1 FROM authorizations FOR UPDATE")

    async def __aexit__(self, *error):
        if self._database.dialect == "sqlite":
            self._connection.execute("ROLLBACK")
            self._connection.close()
        else:
            await self._connection.close()


async def test_what_is_in_flight_at_sigterm_is_answered_and_nobody_new_is_let_in(stand):
    made = await stand(chains=50)
    (node,) = await made.started()
    callers = [Caller(node.port) for _ in made.seeds.chains]
    for caller in callers:
        await caller.get("/health/live")
    async with Held(made.database):
        waiting = [
            asyncio.create_task(made.refresh(chain, caller))
            for chain, caller in zip(made.seeds.chains, callers, strict=True)
        ]
        await asyncio.sleep(0.5)
        assert not any(task.done() for task in waiting)
        node.signal(signal.SIGTERM)
        began = time.monotonic()
        shut = await shut_after(node)
        await asyncio.sleep(0.5)
    acts = await asyncio.gather(*waiting)
    code = await node.ended()
    seconds = time.monotonic() - began

    assert {200} == {act.status for act in acts}
    assert 0 == code, node.tail()
    assert shut < 1
    await node.start()
    await made.last_words(node.port)
    await made.check()
    node.kill()
    tell(
        f"F-27 SIGTERM on {made.database.dialect}",
        in_flight=len(acts),
        answered=sum(act.status == 200 for act in acts),
        closed_to_new_ones_after=shut,
        ended_after=seconds,
        exit=code,
    )


async def shut_after(node):
    """Seconds until a new connection gets nothing: readiness, as a load balancer sees it."""
    began = time.monotonic()
    while time.monotonic() - began < 5:
        try:
            if 200 != (await Caller(node.port, patience=1).get("/health/ready")).status:
                break
        except Lost:
            break
        await asyncio.sleep(0.01)
    return time.monotonic() - began


@pytest.mark.parametrize("stops", [1, full(12)])
async def test_stopped_and_started_under_load_the_server_drops_no_request_that_it_had(stand, stops):
    """Whoever wrote its request well before the signal was answered; who came later tries again."""
    made = await stand(chains=50)
    (node,) = await made.started()
    stopped, ended, codes = [], [], []

    async def stop() -> None:
        for _ in range(stops):
            await asyncio.sleep(0.7)
            stopped.append(time.monotonic())
            node.signal(signal.SIGTERM)
            codes.append(await node.ended())
            ended.append(time.monotonic() - stopped[-1])
            await node.start()
        await asyncio.sleep(0.3)

    await made.all_go_on([node.port], stop, pause=0.02)
    await made.check()
    node.kill()
    lost = [act for act in made.history.acts if act.outcome == "unknown"]
    # Well before: by more than any answer takes on this machine today.
    usual = max(act.ended - act.began for act in made.history.acts if act.outcome == "done")
    before = min(max(0.05, usual), 1.0)
    dropped = [act for act in lost if any(act.began < at - before and at < act.ended < at + 1 for at in stopped)]

    assert not dropped, [str(act) for act in dropped]
    assert {0} == set(codes)
    tell(
        f"F-27 stopped under load on {made.database.dialect}",
        stops=stops,
        answered=made.history.count("done"),
        dropped=len(dropped),
        refused=made.history.count("refused"),
        ended_after_most=max(ended),
    )
