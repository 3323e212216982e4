"""F-02: the server has written, and its answer never arrives."""

import asyncio
import time

import pytest

from tests.faults.harness import full, tell
from tests.faults.proxy import Proxy, to_port
from tests.faults.talking import Caller


@pytest.mark.parametrize(("chains", "rounds"), [(50, 2), full(100, 10)])
async def test_whoever_lost_the_answer_gets_the_same_heir_again_and_goes_on(stand, chains, rounds):
    made = await stand(chains=chains)
    (node,) = await made.started()
    proxy = await Proxy(to_port(node.port)).start()
    proxy.mode = "drop answers"
    began = time.monotonic()

    async def go_on(chain):
        """The answer is lost; the retry, by another way, is answered; so is the use of what it brought."""
        lossy, direct = Caller(proxy.port), Caller(node.port)
        for _ in range(rounds):
            lost = await made.refresh(chain, lossy)
            assert "unknown" == lost.outcome
            assert "done" == (await made.refresh(chain, direct)).outcome
        direct.close()

    await asyncio.gather(*[go_on(chain) for chain in made.seeds.chains])
    seconds = time.monotonic() - began
    await made.last_words(node.port)
    await made.check()
    proxy.stop()

    assert chains * rounds == proxy.dropped == made.history.count("unknown")
    assert chains * (rounds + 1) == sum("done" == act.outcome for act in made.history.of("refresh"))
    tell(
        f"F-02 answers dropped on {made.database.dialect}",
        dropped=proxy.dropped,
        retries_that_worked=chains * rounds,
        refused=made.history.count("refused"),
        seconds=seconds,
    )
