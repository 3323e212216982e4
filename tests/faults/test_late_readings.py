"""F-22, in one process: what was read of the configuration is not used once it may have been overtaken."""

import asyncio
from typing import Any

import pytest

from mintmark import app
from mintmark.registry import LEASE, Registry
from mintmark.server import Server
from mintmark.settings import Settings
from mintmark.store import clients
from mintmark.store.changes import Unavailable
from tests.faults import seeds
from tests.faults.harness import settings_for


@pytest.fixture
async def server(database):
    found = await app.open_server(Settings.load(settings_for(database)))
    await seeds.clients(found)
    yield found
    await found.store.close()


class Late:
    """A store whose reads are answered, and then held back while something happens."""

    def __init__(self, store):
        self._store, self.meanwhile, self.reads = store, [], 0

    async def fetch(self, read, **parameters):
        self.reads += 1
        rows = await self._store.fetch(read, **parameters)
        if self.meanwhile:
            await self.meanwhile.pop(0)()
        return rows


def registry_on(store: Any, server: Server, moment: list[float]) -> Registry:
    return Registry(store, server.sealer, server.issuer, lambda: moment[0])


async def test_a_client_that_was_disabled_while_it_was_read_is_read_again(server):
    moment = [0.0]
    late = Late(server.store)
    registry = registry_on(late, server, moment)
    await registry.current()

    async def disabled():
        await server.store.commit(clients.disable("web", server.clock()))
        moment[0] += LEASE

    late.meanwhile = [disabled]
    found = await registry.client("web")

    assert found is not None
    assert found.disabled_at is not None


async def test_fifty_that_want_the_same_client_read_it_once(server):
    """A reading each would fill the connections, and then none of them would be in time."""
    late = Late(server.store)
    registry = registry_on(late, server, [0.0])
    await registry.current()
    late.reads = 0
    found = await asyncio.gather(*[registry.client("web") for _ in range(50)])

    assert 1 == len({id(one) for one in found})
    assert 2 == late.reads, "the client, and its secrets"


async def test_what_was_being_read_when_something_changed_here_is_read_again(server):
    late = Late(server.store)
    registry = registry_on(late, server, [0.0])

    async def changed():
        await server.store.commit(clients.add("new", "{}", "{}", server.clock()))
        registry.forget()

    late.meanwhile = [changed]
    await registry.current()
    version = registry.version
    await registry.renew()

    assert version == registry.version


async def test_a_database_too_slow_for_the_lease_is_a_503(server):
    moment = [0.0]
    late = Late(server.store)
    registry = registry_on(late, server, moment)
    await registry.current()

    async def slow():
        moment[0] += LEASE

    late.meanwhile = [slow] * 100

    with pytest.raises(Unavailable):
        await registry.client("web")
    with pytest.raises(Unavailable):
        await registry.current()
    late.meanwhile = []

    again = await registry.client("web")
    assert again is not None
    assert "web" == again.id
