"""F-12: another process holds the write lock of the SQLite file, or writes beside the server."""

import asyncio
import subprocess
import sys

import pysqlite3
import pytest

from tests.faults.harness import Stand, full, inherited, tell
from tests.faults.talking import Caller

BUSY = 5.0  # seconds that a batch waits for another process


@pytest.fixture
async def made(sqlite_database, tmp_path):
    found = await Stand.make(sqlite_database, tmp_path, chains=50)
    yield found
    found.close()


def connection(made):
    return pysqlite3.connect(
        made.settings.database_url.get_secret_value().removeprefix("sqlite:///"), isolation_level=None
    )


async def test_a_lock_of_three_seconds_costs_latency_and_nothing_else(made):
    (node,) = await made.started()
    other = connection(made)

    async def lock() -> None:
        await asyncio.sleep(0.5)
        other.execute("BEGIN EXCLUSIVE")
        await asyncio.sleep(3)
        other.execute("COMMIT")
        await asyncio.sleep(0.5)

    await made.all_go_on([node.port], lock)
    await made.check()
    refreshes = made.history.of("refresh")
    longest = max(act.ended - act.began for act in refreshes)

    assert {"done"} == {act.outcome for act in refreshes}
    assert 2.5 < longest
    tell("F-12 locked for 3 s", refreshed=len(refreshes), unknown=0, longest_wait=longest)


async def test_a_lock_that_outlasts_the_patience_is_a_503_and_then_it_heals(made):
    (node,) = await made.started()
    other = connection(made)
    reads = []

    async def lock() -> None:
        await asyncio.sleep(0.5)
        other.execute("BEGIN EXCLUSIVE")
        caller = Caller(node.port)
        loop = asyncio.get_running_loop()
        began = loop.time()
        while loop.time() - began < 7:
            asked = loop.time()
            assert 200 == (await caller.get("/.well-known/jwks.json")).status
            assert (await caller.get("/health/ready")).status in (200, 503)  # it asks for a write, too
            reads.append(loop.time() - asked)
            await asyncio.sleep(0.1)
        other.execute("COMMIT")
        caller.close()

    await made.all_go_on([node.port], lock)
    await made.check()
    refreshes = made.history.of("refresh")
    busy = [act for act in refreshes if act.outcome == "unknown"]

    assert {503} == {act.status for act in busy}
    assert max(act.ended - act.began for act in refreshes) < BUSY + 3
    tell(
        "F-12 locked for 7 s",
        told_503=len(busy),
        longest_wait=max(act.ended - act.began for act in refreshes),
        longest_read=max(reads),
        refused=made.history.count("refused"),
    )


@pytest.mark.parametrize("count", [1_000, full(5_000)])
async def test_a_command_writes_a_thousand_times_beside_the_refreshing_server(made, count):
    (node,) = await made.started()
    told = []

    async def write() -> None:
        command = [sys.executable, "-m", "tests.faults.writing", str(count)]
        environment = {**inherited(), **made.environment}
        done = await asyncio.to_thread(
            subprocess.run, command, env=environment, cwd=made.folder, capture_output=True, text=True, check=False
        )
        assert 0 == done.returncode, done.stderr
        told.append(float(done.stdout))

    await made.all_go_on([node.port], write, pause=0.05)
    await made.check()
    other = connection(made)
    refreshes = made.history.of("refresh")

    assert {"done"} == {act.outcome for act in refreshes}
    assert [("ok",)] == other.execute("PRAGMA integrity_check").fetchall()
    assert [(count,)] == other.execute("SELECT count(*) FROM people WHERE id LIKE 'new-%'").fetchall()
    tell(
        "F-12 writes by a command",
        writes=count,
        longest_write=told[0],
        refreshed_meanwhile=len(refreshes),
        longest_refresh=max(act.ended - act.began for act in refreshes),
        unknown=made.history.count("unknown"),
    )
