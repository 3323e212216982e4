"""F-16: the sealing key is wrong, or the first start is cut short, or twenty nodes start at once."""

import asyncio

import pytest
from sqlalchemy import delete, select

from mintmark import app, keyring
from mintmark.keys import sealing
from mintmark.keys.sealing import WrongSealingKey
from mintmark.settings import Settings
from mintmark.store import connect, schema, secrets
from mintmark.store.changes import Run, Unavailable
from mintmark.store.executor import Read
from tests.faults import trouble as troubles
from tests.faults.harness import Node, full, inherited, settings_for, tell
from tests.faults.talking import Caller

KEYS = Read(select(schema.signing_keys.c.kid, schema.signing_keys.c.alg, schema.signing_keys.c.private))
SECRETS = Read(select(schema.secrets.c.id, schema.secrets.c.purpose, schema.secrets.c.value))


async def sealed(database):
    store = await database.connect()
    found = sorted(await store.fetch(KEYS)), sorted(await store.fetch(SECRETS))
    await store.close()
    return found


async def test_a_wrong_sealing_key_refuses_to_start_and_makes_nothing(stand):
    made = await stand(chains=1)
    before = await sealed(made.database)
    wrong = made.node()
    wrong.launch(MINTMARK_SEALING_KEYS=sealing.generate())

    assert 1 == await wrong.ended()
    assert "MINTMARK_SEALING_KEYS" in wrong.tail()
    assert before == await sealed(made.database)
    right = made.node()
    await right.start()
    assert "done" == (await made.refresh(made.seeds.chains[0], Caller(right.port))).outcome
    right.kill()


async def test_the_right_key_behind_a_new_one_still_opens(database):
    environment = settings_for(database)
    first = await app.open_server(Settings.load(environment))
    await first.store.close()
    before = await sealed(database)
    environment["MINTMARK_SEALING_KEYS"] = f"{sealing.generate()},{environment['MINTMARK_SEALING_KEYS']}"
    second = await app.open_server(Settings.load(environment))
    await second.store.close()

    assert before == await sealed(database)
    with pytest.raises(WrongSealingKey):
        await app.open_server(Settings.load(settings_for(database)))
    assert before == await sealed(database)


async def test_a_first_start_that_is_cut_short_anywhere_is_finished_by_the_next(database, monkeypatch):
    """One set of keys and secrets, wherever the first start was lost."""
    monkeypatch.setattr(keyring, "AT_FIRST", ("EdDSA", "ES256"))  # an RSA key takes a second to make
    settings = Settings.load(settings_for(database))
    opened = connect.connect
    at, cuts = 0, 0
    while True:
        at += 1
        await emptied(database)

        async def troubled(*given, at=at, **named):
            store = await opened(*given, **named)
            troubles.let_into(store).begin(at, "before", lasting=True)
            return store

        monkeypatch.setattr(connect, "connect", troubled)
        try:
            server = await app.open_server(settings)
            await server.store.close()
            break
        except Unavailable:
            cuts += 1
        monkeypatch.setattr(connect, "connect", opened)
        server = await app.open_server(settings)
        await server.store.close()
        keys, kept = await sealed(database)
        assert ["ES256", "EdDSA"] == sorted(alg for _, alg, _ in keys)
        assert sorted(secrets.PURPOSES) == sorted(purpose for _, purpose, _ in kept)
    tell(f"F-16 first start on {database.dialect}", cut_short=cuts)


async def emptied(database):
    store = await database.connect()
    await store.commit([Run(delete(schema.signing_keys), {}), Run(delete(schema.secrets), {})])
    await store.close()


async def test_twenty_nodes_that_start_together_make_one_set(postgresql_database):
    settings = Settings.load(settings_for(postgresql_database))
    servers = await asyncio.gather(*[app.open_server(settings) for _ in range(20)])
    keys, kept = await sealed(postgresql_database)
    rings = {server.registry.ring.jwks_body for server in servers}
    known = {tuple(server.registry.secret(purpose) for purpose in secrets.PURPOSES) for server in servers}
    for server in servers:
        await server.store.close()

    assert ["ES256", "RS256"] == sorted(alg for _, alg, _ in keys)
    assert sorted(secrets.PURPOSES) == sorted(purpose for _, purpose, _ in kept)
    assert (1, 1) == (len(rings), len(known))
    tell("F-16 twenty nodes in one process", keys=len(keys), secrets=len(kept), rings=len(rings))


@pytest.mark.parametrize("count", [full(20)])
async def test_twenty_processes_that_start_together_make_one_set(postgresql_database, tmp_path, count):
    environment = {**inherited(), **settings_for(postgresql_database)}
    nodes = [Node(environment, tmp_path, ("-m", "mintmark", "serve")) for _ in range(count)]
    try:
        for node in nodes:
            node.launch()
        await asyncio.gather(*[node.ready() for node in nodes])
        rings = {(await Caller(node.port).get("/.well-known/jwks.json")).body for node in nodes}
        keys, kept = await sealed(postgresql_database)
    finally:
        for node in nodes:
            node.kill()

    assert (1, 2, len(secrets.PURPOSES)) == (len(rings), len(keys), len(kept))
    tell("F-16 twenty processes", keys=len(keys), secrets=len(kept), rings=len(rings))
