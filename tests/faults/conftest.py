from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.databases import *  # noqa: F403
from tests.databases import Database
from tests.faults.harness import Stand

Made = Callable[..., Awaitable[Stand]]


@pytest.fixture
async def stand(database: Database, tmp_path) -> AsyncIterator[Made]:
    """Makes a stand on each database; its servers end with the test."""
    made: list[Stand] = []

    async def make(chains: int = 50, **environment: str) -> Stand:
        made.append(await Stand.make(database, tmp_path, chains=chains, **environment))
        return made[-1]

    yield make
    for one in made:
        one.close()
