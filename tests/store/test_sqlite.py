"""What only SQLite has: one writer at a time, other processes beside it, and a file."""

import asyncio
import shutil
import stat
import threading
from pathlib import Path

import pytest
from sqlalchemy import bindparam, delete

from mintmark.store import sqlite_transaction
from mintmark.store.changes import Conflict, Run, Unavailable
from mintmark.store.connect import connect, sqlite_path
from mintmark.store.driver import sqlite
from mintmark.store.migrate import Unmigrated
from mintmark.store.schema import throttles
from tests.store import rows
from tests.store.rows import counted, throttle


@pytest.fixture
def database(sqlite_database):
    return sqlite_database


@pytest.fixture
def path(database):
    return sqlite_path(database.url)


@pytest.fixture
def beside(path):
    """Another process's connection."""
    connection = sqlite().connect(path, isolation_level=None, timeout=30, check_same_thread=False)
    yield connection
    connection.close()


async def test_many_at_once_share_a_commit(store, beside):
    (before,) = beside.execute("PRAGMA data_version").fetchone()
    await asyncio.gather(*[store.commit([throttle(f"t{n}")]) for n in range(100)])
    (after,) = beside.execute("PRAGMA data_version").fetchone()

    assert 1 == after - before


async def test_what_comes_tick_after_tick_shares_a_commit(store, beside):
    (before,) = beside.execute("PRAGMA data_version").fetchone()
    tasks = []
    for number in range(4):
        tasks.append(asyncio.ensure_future(store.commit([throttle(f"t{number}")])))
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    (after,) = beside.execute("PRAGMA data_version").fetchone()

    assert 1 == after - before


async def test_a_statement_that_finds_its_few_rows_by_key_does_not_leave_the_loop(store, monkeypatch):
    await store.commit([throttle("a", 1)])
    gone = []
    whole = sqlite_transaction.Transaction.whole

    def noted(self, batch):
        gone.append(batch)
        return whole(self, batch)

    monkeypatch.setattr(sqlite_transaction.Transaction, "whole", noted)
    remove = delete(throttles).where(throttles.c.id == bindparam("of"))
    await store.commit([Run(remove, {"of": "a"}, few=True), throttle("b")])
    assert [] == gone

    await store.commit([Run(remove, {"of": "b"})])
    assert 1 == len(gone)
    assert [] == await store.fetch(rows.COUNTED)


async def test_every_commit_reaches_the_disk(store):
    transaction = store._transaction._connection

    assert (2,) == transaction.execute("PRAGMA synchronous").fetchone()
    assert ("wal",) == transaction.execute("PRAGMA journal_mode").fetchone()
    assert (1,) == transaction.execute("PRAGMA foreign_keys").fetchone()


async def test_a_set_that_fails_late_is_undone_alone(store):
    await store.commit([throttle("old", 1)])
    sets = [[throttle("a"), counted("old", 1, 2)], [throttle("b"), counted("old", 1, 3)], [throttle("c")]]
    outcomes = await asyncio.gather(*[store.commit(one) for one in sets], return_exceptions=True)

    assert [None, Conflict, None] == [outcome and type(outcome) for outcome in outcomes]
    assert [("a", 0), ("c", 0), ("old", 2)] == await store.fetch(rows.COUNTED)


@pytest.mark.parametrize("value", [b"", b"\x00", None])
def test_bytes_and_nothing_are_bound_without_being_asked_what_they_are(value):
    assert value is sqlite().adapt(value)


async def test_what_another_process_wrote_is_read_from_the_next_tick_on(store, beside):
    await store.commit([throttle("a")])
    for failures in range(1, 4):
        read = [await store.fetch(rows.COUNTED) for _ in range(3)]
        beside.execute("UPDATE throttles SET failures = failures + 1")
        at_once = await store.fetch(rows.COUNTED)
        await asyncio.sleep(0)

        assert [[("a", failures - 1)]] * 4 == [*read, at_once]
        assert [("a", failures)] == await store.fetch(rows.COUNTED)
        await asyncio.sleep(0)


async def test_a_batch_begins_beside_reads_of_the_same_tick(store):
    async def read():
        return [await store.fetch(rows.COUNTED) for _ in range(3)]

    for number in range(5):
        await asyncio.gather(read(), store.commit([throttle(f"t{number}")]), read())

        assert number + 1 == len(await store.fetch(rows.COUNTED))


async def test_a_snapshot_that_cannot_be_had_keeps_nobody_from_reading(store, monkeypatch):
    await store.commit([throttle("a")])
    with monkeypatch.context() as patched:
        patched.setattr(sqlite_transaction, "HOLD", "BEGIN nothing")
        read = [await store.fetch(rows.COUNTED) for _ in range(3)]
    await store.commit([throttle("b")])

    assert [[("a", 0)]] * 3 == read
    assert 2 == len(await store.fetch(rows.COUNTED))


async def test_a_database_that_is_busy_for_a_while_only_delays_writers_and_no_reader(store, beside):
    await store.commit([throttle("a")])
    beside.execute("BEGIN EXCLUSIVE")
    beside.execute("UPDATE throttles SET failures = 1")
    tasks = [asyncio.ensure_future(store.commit([throttle(f"t{n}")])) for n in range(50)]
    for _ in range(20):
        await asyncio.sleep(0)

        assert [("a", 0)] == await store.fetch(rows.COUNTED)
    assert not any(task.done() for task in tasks)
    beside.execute("COMMIT")
    await asyncio.gather(*tasks)
    assert 51 == len(await store.fetch(rows.COUNTED))


async def test_a_database_that_stays_busy_is_unavailable_for_all_who_wait_and_heals(store, beside, monkeypatch):
    monkeypatch.setattr(sqlite_transaction, "BUSY", 50)
    beside.execute("BEGIN EXCLUSIVE")
    tasks = [asyncio.ensure_future(store.commit([throttle(f"t{n}")])) for n in range(600)]
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    threads = threading.active_count()
    beside.execute("ROLLBACK")
    await store.commit([throttle("healed")])

    assert {Unavailable} == {type(outcome) for outcome in outcomes}
    assert threads == threading.active_count()
    assert [("healed", 0)] == await store.fetch(rows.COUNTED)


async def test_too_many_that_wait_are_refused_at_once(store, beside):
    beside.execute("BEGIN EXCLUSIVE")
    tasks = [asyncio.ensure_future(store.commit([throttle(f"t{n:05}")])) for n in range(5_000)]
    await asyncio.sleep(0)
    refused = [task for task in tasks if task.done()]
    beside.execute("ROLLBACK")
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert refused
    assert len(refused) == sum(isinstance(outcome, Unavailable) for outcome in outcomes)
    assert 5_000 - len(refused) == len(await store.fetch(rows.COUNTED))


async def test_a_full_disk_is_unavailable_and_nothing_is_written(store):
    await store.commit([throttle("a")])
    connection = store._transaction._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()
    full = [[throttle(f"{n} {'x' * 3000}")] for n in range(50)]
    outcomes = await asyncio.gather(*[store.commit(one) for one in full], return_exceptions=True)
    connection.execute("PRAGMA max_page_count = 1000000").fetchall()
    await store.commit([throttle("b")])

    assert {Unavailable} == {type(outcome) for outcome in outcomes}
    assert [("a", 0), ("b", 0)] == await store.fetch(rows.COUNTED)


async def test_commands_write_beside_a_server_under_load(store, path):
    """A thousand writes by another process while the server refreshes; afterwards the file is whole."""
    await store.commit([throttle("mine"), throttle("theirs")])

    def command():
        connection = sqlite().connect(path, isolation_level=None, timeout=30)
        for _ in range(1_000):
            connection.execute("UPDATE throttles SET failures = failures + 1 WHERE id = 'theirs'")
        connection.close()

    beside = asyncio.create_task(asyncio.to_thread(command))
    mine = 0
    while not beside.done():
        await asyncio.gather(
            store.commit([counted("mine", mine, mine + 1)]),
            *[store.commit([rows.event(f"e {mine} {n}")]) for n in range(5)],
        )
        mine += 1
    await beside

    assert [("mine", mine), ("theirs", 1_000)] == await store.fetch(rows.COUNTED)
    check = sqlite().connect(path)
    assert [("ok",)] == check.execute("PRAGMA integrity_check").fetchall()
    check.close()


async def test_a_mass_end_does_not_hold_up_the_loop(store):
    remove = delete(throttles).where(throttles.c.failures == bindparam("n"))
    await asyncio.gather(*[store.commit([throttle(f"t{n}", n % 2)]) for n in range(500)])
    task = asyncio.ensure_future(store.commit([Run(remove, {"n": 1}, rows=250)]))
    ticks = 0
    while not task.done():
        await asyncio.sleep(0)
        ticks += 1
    await task

    assert 2 < ticks
    assert 250 == len(await store.fetch(rows.COUNTED))


async def test_closing_writes_what_waits(database):
    store = await database.connect()
    tasks = [asyncio.ensure_future(store.commit([throttle(f"t{n}")])) for n in range(600)]
    await asyncio.sleep(0)
    await store.close()

    assert all(task.done() or not task.cancelled() for task in tasks)
    await asyncio.gather(*tasks)
    again = await database.connect()
    assert 600 == len(await again.fetch(rows.COUNTED))
    await again.close()


async def test_a_copy_of_the_files_at_any_moment_has_what_was_acknowledged(store, path, tmp_path):
    """As a power cut would leave them (F-05)."""
    for n in range(5):
        await store.commit([throttle(f"t{n}")])
        copy = tmp_path / f"copy{n}.db"
        for end in ("", "-wal"):
            shutil.copyfile(f"{path}{end}", f"{copy}{end}")
        again = await connect(f"sqlite:///{copy}")

        assert n + 1 == len(await again.fetch(rows.COUNTED))
        await again.close()


async def test_a_missing_file_is_named_and_not_made(tmp_path):
    with pytest.raises(Unmigrated, match="mintmark migrate"):
        await connect(f"sqlite:///{tmp_path}/none.db")

    assert [] == list(tmp_path.iterdir())


async def test_the_files_beside_are_as_private_as_the_database(database, path):
    path.chmod(0o600)
    store = await database.connect()
    await store.commit([throttle("a")])

    assert {0o600} == {stat.S_IMODE(Path(f"{path}{end}").stat().st_mode) for end in ("", "-wal", "-shm")}
    await store.close()
