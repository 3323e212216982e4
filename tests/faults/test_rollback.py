"""F-05: where not even a ROLLBACK is possible, another connection does it all again."""

import asyncio

import pytest

from tests.faults import trouble as troubles
from tests.store import rows
from tests.store.rows import throttle


@pytest.mark.parametrize("at", [2, 3])
async def test_a_rollback_that_fails_is_made_good_by_another_connection(sqlite_database, at):
    store = await sqlite_database.connect()
    trouble = troubles.let_into(store)
    trouble.spares_rollback = False
    trouble.begin(at, "before", lasting=True)
    async with asyncio.timeout(10):
        await asyncio.gather(*[store.commit([throttle(f"t{n}")]) for n in range(3)])
    trouble.end()

    assert [("t0", 0), ("t1", 0), ("t2", 0)] == sorted(await store.fetch(rows.COUNTED))
    await store.close()
