"""F-01: the server is killed again and again while its clients refresh."""

import asyncio
import statistics

import pysqlite3
import pytest

from tests.faults.harness import full, tell


@pytest.mark.parametrize("kills", [3, full(40)])
async def test_killed_again_and_again_the_server_loses_no_token_and_signs_nobody_out(stand, kills):
    made = await stand(chains=50)
    (node,) = await made.started()
    restarts = []

    async def kill() -> None:
        for _ in range(kills):
            await asyncio.sleep(1.0)
            node.kill()
            restarts.append(await node.start())
        await asyncio.sleep(0.3)

    await made.all_go_on([node.port], kill)
    await made.check()
    node.kill()

    assert 50 * kills < made.history.count("done")
    if made.database.dialect == "sqlite":
        assert [("ok",)] == pysqlite3.connect(made.database.url.removeprefix("sqlite:///")).execute(
            "PRAGMA integrity_check"
        ).fetchall()
    tell(
        f"F-01 kill -9 on {made.database.dialect}",
        kills=kills,
        refreshed=made.history.count("done"),
        unknown_and_tried_again=made.history.count("unknown"),
        refused=made.history.count("refused"),
        ready_after_median=statistics.median(restarts),
        ready_after_most=max(restarts),
    )
