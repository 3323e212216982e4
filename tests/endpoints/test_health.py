"""Readiness means it: what is missing is named, and whoever asks is answered within two seconds, whatever hangs."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from mintmark.endpoints import health
from mintmark.store import driver, schema
from mintmark.store.changes import Unavailable
from mintmark.store.executor import Read
from tests.databases import run_sql
from tests.wire.asking import asked

CONFIGURATION = Read(select(schema.configuration))


@pytest.fixture
async def now(issuer):
    """The database's clock is the real one."""
    issuer.moment[0] = datetime.now(UTC)
    return issuer


async def missing(issuer):
    began = time.monotonic()
    answer = await issuer.http.get("/health/ready")
    assert time.monotonic() - began < 2
    if answer.status_code == 200:
        assert {"status": "ready"} == answer.json()
        return []
    assert (503, "1") == (answer.status_code, answer.headers["retry-after"])
    assert {"status", "missing"} == answer.json().keys()
    return answer.json()["missing"]


async def test_it_is_ready(now):
    assert [] == await missing(now)


async def test_readiness_changes_nothing(now):
    before = (await now.rows(), await now.server.store.fetch(CONFIGURATION))
    await missing(now)

    assert before == (await now.rows(), await now.server.store.fetch(CONFIGURATION))


@pytest.mark.parametrize(("off", "expected"), [(1.5, []), (-1.5, []), (3, ["clock"]), (-3, ["clock"])])
async def test_the_clock_is_within_two_seconds_of_the_databases(now, off, expected):
    now.moment[0] += timedelta(seconds=off)

    assert expected == await missing(now)


async def test_who_is_leaving_is_not_ready_and_lives(now):
    now.server.leaving.begun = True

    assert ["leaving"] == await missing(now)
    assert 200 == (await now.http.get("/health/live")).status_code
    assert 200 == (await now.token(grant_type="client_credentials", scope="api:read")).status_code


async def test_without_keys_it_is_not_ready(now, monkeypatch):
    monkeypatch.setattr(now.server.registry.ring, "keys", ())

    assert ["keys"] == await missing(now)


async def test_another_version_of_the_tables_is_named(now, monkeypatch):
    monkeypatch.setattr("mintmark.store.migrate.HEAD", "9999")

    assert ["migrations"] == await missing(now)


async def test_a_database_that_only_may_be_read_is_not_there(issuer, database):
    """A standby, or a file of somebody else's."""
    issuer.moment[0] = datetime.now(UTC)
    store = issuer.server.store
    name = urlsplit(database.url).path.strip("/")
    if database.dialect == "postgresql":
        await asyncio.to_thread(run_sql, database.url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        await drop_connections(store)
    else:
        store._transaction._connection.execute("PRAGMA query_only = on")
    found = await missing(issuer)
    if database.dialect == "postgresql":
        await asyncio.to_thread(
            run_sql, database.url, "SET default_transaction_read_only = off",
            f"ALTER DATABASE {name} RESET default_transaction_read_only",
        )  # fmt: skip
        await drop_connections(store)
    else:
        store._transaction._connection.execute("PRAGMA query_only = off")

    assert ["database"] == found
    assert [] == await missing(issuer)


async def drop_connections(store):
    pool = store._connections
    while pool._idle:
        pool._idle.pop().terminate()
        pool._open -= 1


async def test_a_lock_that_is_held_for_long_is_told_in_time(issuer, database):
    issuer.moment[0] = datetime.now(UTC)
    async with held(database):
        found = await missing(issuer)

    assert ["database"] == found


def held(database):
    return Postgresql(database) if database.dialect == "postgresql" else Sqlite(database)


class Sqlite:
    def __init__(self, database):
        self.path = database.url.removeprefix("sqlite:///")

    async def __aenter__(self):
        self.connection = driver.sqlite().connect(self.path, isolation_level=None, check_same_thread=False)
        self.connection.execute("BEGIN IMMEDIATE")

    async def __aexit__(self, *error):
        self.connection.execute("ROLLBACK")
        self.connection.close()


class Postgresql:
    def __init__(self, database):
        self.url = database.url

    async def __aenter__(self):
        import asyncpg

        self.connection = await asyncpg.connect(self.url)
        self.transaction = self.connection.transaction()
        await self.transaction.start()
        await self.connection.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")

    async def __aexit__(self, *error):
        await self.transaction.rollback()
        await self.connection.close()


async def test_a_database_that_hangs_is_asked_once_however_many_want_to_know(sqlite_issuer, monkeypatch):
    asked = []

    async def hang(server):
        asked.append(server)
        await asyncio.Event().wait()

    monkeypatch.setattr(health, "missing", hang)
    monkeypatch.setattr(health, "PATIENCE", 0.1)
    answers = [await missing(sqlite_issuer), *await asyncio.gather(*(missing(sqlite_issuer) for _ in range(20)))]

    assert [["database"]] * 21 == answers
    assert 1 == len(asked)


async def test_who_stops_waiting_does_not_stop_the_question(sqlite_issuer, monkeypatch):
    go_on = asyncio.Event()

    async def slow(server):
        await go_on.wait()
        return []

    monkeypatch.setattr(health, "missing", slow)
    door = health.Health(sqlite_issuer.server)
    first = asyncio.create_task(door.ready(asked()))
    await asyncio.sleep(0)
    second = asyncio.create_task(door.ready(asked()))
    await asyncio.sleep(0)
    first.cancel()
    go_on.set()

    assert 200 == (await second).status


async def test_a_database_that_does_not_answer_is_named(sqlite_issuer, monkeypatch):
    async def gone(store):
        raise Unavailable("gone")

    monkeypatch.setattr("mintmark.endpoints.health.writable.attempt", gone)

    assert ["database"] == await missing(sqlite_issuer)
