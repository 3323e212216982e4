"""F-03, with a real kill -9: the process ends at the n-th statement of a refresh."""

import asyncio
import signal

import pytest

from mintmark.protocol import refresh_token
from tests.faults.dying import ARMED
from tests.faults.harness import full, stored, tell
from tests.faults.talking import Caller

# SQLite: read, BEGIN, guards, update, heir, audit, COMMIT. PostgreSQL: read, write. One more where the lease ran out.
FEW = {
    "sqlite": [(4, "before"), (7, "after")],
    "postgresql": [(2, "before"), (2, "after")],
}
ALL = {
    "sqlite": [(n, when) for n in range(1, 9) for when in ("before", "after")],
    "postgresql": [(n, when) for n in range(1, 4) for when in ("before", "after")],
}


@pytest.mark.parametrize("places", [FEW, full(ALL)], ids=["few", "all"])
async def test_a_process_that_dies_at_a_statement_leaves_the_old_or_the_new(stand, places):
    made = await stand(chains=10)
    outcomes = []
    for number, (at, when) in enumerate(places[made.database.dialect]):
        node = made.node("-m", "tests.faults.dying", str(at), when)
        await node.start()
        chain, caller = made.seeds.chains[number % 10], Caller(node.port)
        assert "done" == (await made.refresh(chain, caller)).outcome  # what is compiled once is compiled
        node.signal(signal.SIGUSR1)
        while ARMED not in node.tail():
            await asyncio.sleep(0.01)
        before = chain.token
        lost = await made.refresh(chain, caller)
        if lost.outcome == "done":  # it has fewer statements than that
            node.kill()
            continue
        assert (-9, 0) == (await node.ended(), lost.status)
        outcomes.append(await heirs(made.database, before))
    (node,) = await made.started()
    await made.last_words(node.port)
    await made.check()
    node.kill()

    assert set(outcomes) <= {0, 1}
    assert outcomes
    if places is ALL:
        assert {0, 1} == set(outcomes)
    tell(
        f"F-03 kill -9 at a statement on {made.database.dialect}",
        killed=len(outcomes),
        old=outcomes.count(0),
        new=outcomes.count(1),
    )


async def heirs(database, token):
    """0: the token is unspent, 1: it has its heir."""
    store = await database.connect()
    rows = await stored(store)
    await store.close()
    row = rows[refresh_token.digest(token)]
    assert row.is_spent == (row.heir is not None) == (row.heir in rows)
    return int(row.is_spent)
