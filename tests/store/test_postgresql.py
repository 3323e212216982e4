"""What only PostgreSQL has: other writers at the same time, and a server that may be away."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import bindparam, select

from mintmark.store import connections
from mintmark.store.changes import Conflict, Unavailable
from mintmark.store.connections import Connections
from mintmark.store.executor import Read
from mintmark.store.postgresql_reads import for_any
from mintmark.store.schema import throttles
from tests.store import rows
from tests.store.rows import counted, stands, throttle


@pytest.fixture
def database(postgresql_database):
    return postgresql_database


@pytest.fixture
async def other(database):
    """Somebody else's connection."""
    connection = await asyncpg.connect(database.url)
    yield connection
    await connection.close()


@pytest.fixture
async def watch(database):
    """Sees what the others wait for. Not in a transaction, in which the statistics would stand still."""
    connection = await asyncpg.connect(database.url)
    yield connection
    await connection.close()


OURS = "FROM pg_stat_activity WHERE application_name = 'mintmark' AND datname = current_database()"


async def waiting(watch, number=1):
    """Until so many of ours wait for a lock: what the tests need instead of a sleep."""
    while number > await watch.fetchval(f"SELECT count(*) {OURS} AND wait_event_type = 'Lock'"):
        await asyncio.sleep(0)


async def kick(watch):
    """Ends our connections, and waits until they are gone."""
    while await watch.fetchval(f"SELECT count(pg_terminate_backend(pid)) {OURS}"):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "changes",
    [
        [stands("a", 0), throttle("b")],
        [counted("a", 0, 1), throttle("b")],
        [counted("a", 0, 1), counted("a", 1, 2), throttle("b")],
    ],
)
async def test_a_guard_is_compared_with_what_stands_after_a_lock_was_waited_for(store, other, watch, changes):
    await store.commit([throttle("a")])
    transaction = other.transaction()
    await transaction.start()
    await other.execute("UPDATE throttles SET failures = 9 WHERE id = 'a'")
    task = asyncio.ensure_future(store.commit(changes))
    await waiting(watch)
    await transaction.commit()

    with pytest.raises(Conflict):
        await task
    assert [("a", 9)] == await store.fetch(rows.COUNTED)


@pytest.mark.parametrize("changes", [[stands("a", 0), throttle("b")], [counted("a", 0, 1), throttle("b")]])
async def test_a_row_that_was_deleted_meanwhile_fails_the_guard(store, other, watch, changes):
    await store.commit([throttle("a")])
    transaction = other.transaction()
    await transaction.start()
    await other.execute("DELETE FROM throttles")
    task = asyncio.ensure_future(store.commit(changes))
    await waiting(watch)
    await transaction.commit()

    with pytest.raises(Conflict):
        await task
    assert [] == await store.fetch(rows.COUNTED)


async def test_a_change_that_does_not_touch_the_guard_only_delays(store, other, watch):
    await store.commit([throttle("a")])
    transaction = other.transaction()
    await transaction.start()
    await other.execute("UPDATE throttles SET first_at = 9 WHERE id = 'a'")
    task = asyncio.ensure_future(store.commit([counted("a", 0, 1)]))
    await waiting(watch)
    await transaction.commit()
    await task

    assert [("a", 1, 9, 2, 3)] == await store.fetch(rows.THROTTLE, id="a")


async def test_a_lock_that_is_held_for_too_long_is_no_fault_of_the_others(store, other):
    for name in "abc":
        await store.commit([throttle(name)])
    transaction = other.transaction()
    await transaction.start()
    await other.execute("SELECT 1 FROM throttles WHERE id = 'b' FOR UPDATE")
    outcomes = await asyncio.gather(*[store.commit([counted(name, 0, 1)]) for name in "abc"], return_exceptions=True)
    await transaction.rollback()

    assert [None, Unavailable, None] == [outcome and Unavailable for outcome in outcomes]
    assert isinstance(outcomes[1], Unavailable)
    assert [("a", 1), ("b", 0), ("c", 1)] == await store.fetch(rows.COUNTED)


async def test_a_lost_connection_is_made_again(store, watch):
    await store.commit([throttle("a")])
    for _ in range(3):
        await kick(watch)

        assert [("a", 0)] == await store.fetch(rows.COUNTED)


async def test_a_write_whose_answer_was_lost_is_never_called_written(store, other, watch):
    await store.commit([throttle("a")])
    transaction = other.transaction()
    await transaction.start()
    await other.execute("SELECT 1 FROM throttles FOR UPDATE")
    tasks = [
        asyncio.ensure_future(store.commit(one)) for one in ([counted("a", 0, 1)], [stands("a", 0), rows.code(b"d")])
    ]
    await waiting(watch, 2)
    await kick(watch)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    await transaction.rollback()

    assert [True, True] == [isinstance(outcome, Unavailable) for outcome in outcomes]
    assert [("a", 0)] == await store.fetch(rows.COUNTED)


async def test_deadlocks_are_tried_again(store, other, watch):
    """Somebody who locks in another order makes a deadlock; the server picks one, and ours tries again."""
    await other.execute("SET deadlock_timeout = '10s'")
    for name in "ab":
        await store.commit([throttle(name)])
    transaction = other.transaction()
    await transaction.start()
    await other.execute("UPDATE throttles SET first_at = 9 WHERE id = 'b'")
    task = asyncio.ensure_future(store.commit([counted("a", 0, 1), counted("b", 0, 1)]))
    await waiting(watch)
    await other.execute("UPDATE throttles SET first_at = 9 WHERE id = 'a'")
    await transaction.commit()
    await task

    assert [("a", 1), ("b", 1)] == await store.fetch(rows.COUNTED)


async def test_a_full_pool_makes_nobody_wait_for_long(database, other, watch, monkeypatch):
    monkeypatch.setattr(connections, "WAIT", 0.05)
    store = await database.connect(connections=1)
    await store.commit([throttle("a")])
    transaction = other.transaction()
    await transaction.start()
    await other.execute("SELECT 1 FROM throttles FOR UPDATE")
    task = asyncio.ensure_future(store.commit([counted("a", 0, 1)]))
    await waiting(watch)
    with pytest.raises(Unavailable):
        await store.fetch(rows.COUNTED)
    await transaction.commit()
    await task

    assert [("a", 1)] == await store.fetch(rows.COUNTED)
    await store.close()


class Server:
    """Makes connections, when it is up."""

    def __init__(self):
        self.up = True
        self.attempts = 0

    async def connect(self):
        self.attempts += 1
        await asyncio.sleep(0)
        if not self.up:
            raise Unavailable("down")
        return Lent()


class Lent:
    def __init__(self):
        self.closed = False

    def is_closed(self):
        return self.closed

    def terminate(self):
        self.closed = True

    async def close(self, timeout):  # as the driver has it
        self.closed = True


async def test_while_the_database_is_down_one_attempt_at_a_time_is_made(monkeypatch):
    monkeypatch.setattr(connections, "PAUSE", 0.0)
    server = Server()
    pool = Connections(server.connect, 4)
    server.up = False
    first = await asyncio.gather(*[pool.open_first() for _ in range(20)], return_exceptions=True)
    attempts = server.attempts
    second = await asyncio.gather(*[pool.open_first() for _ in range(20)], return_exceptions=True)

    assert {Unavailable} == {type(outcome) for outcome in [*first, *second]}
    assert attempts + 1 == server.attempts
    server.up = True
    await pool.open_first()
    assert {None} == set(await asyncio.gather(*[pool.open_first() for _ in range(20)]))


async def test_after_a_failed_attempt_nobody_tries_for_a_while():
    server = Server()
    pool = Connections(server.connect, 4)
    server.up = False
    for _ in range(20):
        with pytest.raises(Unavailable):
            await pool.open_first()

    assert 1 == server.attempts


async def test_a_connection_goes_to_whoever_waits_longest_and_no_more_are_made():
    server = Server()
    pool = Connections(server.connect, 2)
    taken = []

    async def use(number):
        async with pool.one():
            taken.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*[use(number) for number in range(10)])

    assert list(range(10)) == taken
    assert 2 == server.attempts


async def test_a_connection_that_was_handed_to_somebody_who_left_is_not_lost():
    server = Server()
    pool = Connections(server.connect, 1)
    async with pool.one():
        task = asyncio.ensure_future(pool.open_first())
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(1), pool.one():
        pass

    assert 1 == server.attempts


@pytest.mark.parametrize(
    "statement",
    [
        select(throttles).where(throttles.c.failures == bindparam("id")),
        select(throttles).where(throttles.c.id > bindparam("id")),
        select(throttles).where(throttles.c.id == bindparam("id")).limit(1),
        select(throttles.c.id).where(throttles.c.id == bindparam("id")).group_by(throttles.c.id),
        select(throttles).where((throttles.c.id == bindparam("id")) | (throttles.c.id == bindparam("id"))),
    ],
)
async def test_a_read_whose_rows_do_not_tell_whose_they_are_has_no_key(store, statement):
    with pytest.raises(ValueError, match="cannot be the key"):
        for_any(statement, "id")
    with pytest.raises(ValueError, match="cannot be the key"):
        await store.fetch(Read(statement, key="id"), id="a")
