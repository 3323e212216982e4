"""What an operator configured, kept in memory for a lease: what changes anywhere holds everywhere once it ran out."""

from datetime import UTC, datetime

import pytest

from mintmark.keys.sealing import Sealer
from mintmark.registry import LEASE, MOST_CLIENTS, NoSecret, Registry
from mintmark.store import clients, resources, secrets
from tests.databases import *  # noqa: F403
from tests.issuer import *  # noqa: F403
from tests.issuer import API, SECRET

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Clock:
    """Seconds that only a test moves."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


async def another(issuer, clock):
    """A second process on the same database, which reads nothing until its lease has run out."""
    found = Registry(issuer.server.store, Sealer(issuer.settings.sealing_key_bytes), issuer.url, clock)
    await found.renew()
    return found


async def test_a_change_made_elsewhere_holds_when_the_lease_has_run_out(issuer):
    clock = Clock()
    registry = await another(issuer, clock)
    before = await registry.client("web")
    await issuer.disable_client("web")
    clock.now += LEASE / 2
    within = await registry.client("web")
    clock.now += LEASE / 2
    after = await registry.client("web")

    assert before.disabled_at is None
    assert before is within
    assert after.disabled_at is not None


@pytest.mark.usefixtures("without_upkeep")
async def test_within_the_lease_nothing_is_read(issuer):
    clock = Clock()
    registry = await another(issuer, clock)
    await registry.client("web")
    before = issuer.server.store.statements
    found = [await registry.client("web") for _ in range(10)]
    await registry.current()

    assert 1 == len({id(client) for client in found})
    assert issuer.server.store.statements - before <= 1


async def test_whoever_changed_something_here_reads_it_anew_at_once(issuer):
    clock = Clock()
    registry = await another(issuer, clock)
    await registry.client("web")
    await issuer.server.store.commit(clients.disable("web", NOW))
    registry.forget()

    assert (await registry.client("web")).disabled_at is not None


async def test_resources_policies_keys_and_secrets_follow_too(issuer):
    clock = Clock()
    registry = await another(issuer, clock)
    await issuer.add_resource("https://new.example", ["new:read"])
    await issuer.set_policy({"access_token_lifetime": "1m", "access_token_alg": "EdDSA"})
    await issuer.set_policy({"max_sessions": 1}, at="group", name="staff")
    await issuer.token(grant_type="client_credentials", scope="api:read")
    clock.now += LEASE
    web = await registry.client("web")

    assert "https://new.example" in registry.catalogue.resources
    assert 60 == registry.limits(web, (API,), (), NOW, offline=False).access_token_lifetime.total_seconds()
    assert 1 == registry.session_limits(("staff",), NOW).max_sessions
    assert registry.session_limits((), NOW).max_sessions is None
    assert "EdDSA" in registry.ring.algs
    assert registry.offers_password


async def test_an_unknown_client_is_none_and_is_found_as_soon_as_it_is_there(issuer):
    registry = await another(issuer, Clock())
    before = await registry.client("new")
    await issuer.server.store.commit(clients.add("new", "{}", "{}", NOW))

    assert before is None
    assert "new" == (await registry.client("new")).id


async def test_two_processes_agree_on_every_secret(issuer):
    one, other = issuer.server.registry, await another(issuer, Clock())

    for purpose in secrets.PURPOSES:
        assert one.secret(purpose) == other.secret(purpose)
        assert one.mac(purpose, b"message") == other.mac(purpose, b"message")
        assert other.is_mac(purpose, b"message", one.mac(purpose, b"message"))
        assert not other.is_mac(purpose, b"another", one.mac(purpose, b"message"))
        assert other.older_secret(purpose, one.secret(purpose)[0]) == one.secret(purpose)[1]
    with pytest.raises(NoSecret):
        one.secret("nothing")
    assert one.older_secret("heir", "gone") is None


async def test_what_a_resource_that_is_gone_stated_takes_no_part(sqlite_issuer):
    await sqlite_issuer.set_policy({"access_token_lifetime": "1m"}, at="resource", name=API)
    await sqlite_issuer.server.store.commit(resources.delete_(API))
    await sqlite_issuer.server.registry.renew()
    registry = sqlite_issuer.server.registry
    web = await registry.client("web")

    assert 600 == registry.limits(web, (API,), (), NOW, offline=False).access_token_lifetime.total_seconds()


async def test_the_memory_of_clients_is_bounded(sqlite_issuer, monkeypatch):
    monkeypatch.setattr("mintmark.registry.MOST_CLIENTS", 2)
    registry = await another(sqlite_issuer, Clock())
    for name in ("web", "spa", "other", "web", "api-server", "operator"):
        assert name == (await registry.client(name)).id

    assert MOST_CLIENTS > 2
    assert len(registry._clients) <= 2


async def test_a_secret_that_was_rolled_on_another_node_holds_when_the_lease_has_run_out(issuer):
    clock = Clock()
    registry = await another(issuer, clock)
    await registry.client("web")
    digest = registry.mac("client_secret", SECRET.encode())
    await issuer.server.store.commit(clients.end_secret("web", "apply", NOW))
    clock.now += LEASE

    assert digest not in [secret.digest for secret in (await registry.client("web")).secrets]


async def test_the_password_grant_is_offered_where_a_client_has_it_and_not_where_one_is_only_called_so(issuer):
    registry = issuer.server.registry
    await issuer.change_client("web", grant_types=["client_credentials"], client_name="password")
    named = registry.offers_password
    await issuer.change_client("other", grant_types=["password"])
    has = registry.offers_password
    await issuer.disable_client("other")

    assert [False, True, False] == [named, has, registry.offers_password]
