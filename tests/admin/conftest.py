import pytest

from tests.admin import operating
from tests.databases import *  # noqa: F403
from tests.issuer import *  # noqa: F403


@pytest.fixture
async def shared(sqlite_issuer):
    return await operating.operator(sqlite_issuer)


@pytest.fixture
def waits(issuer):
    """What an operation waits for until every node follows; the tests do not."""
    found = []

    async def wait(seconds):
        found.append(seconds)

    object.__setattr__(issuer.server, "wait", wait)
    return found
