import asyncio

import asyncpg
import pytest

from mintmark.store import migrate, migration_plan
from mintmark.store.changes import Unavailable
from tests import newer
from tests.databases import run_sql

AUDIT = "INSERT INTO audit (id, at, event, outcome, count, detail) VALUES ('{n:06d}', 0, 'x', 'done', 1, '')"
INDEX = """
facts = Facts(kind="expand", release="9.0", touches=(Touch("audit", "builds index", "ix_x", row_bytes=80),))


def upgrade() -> None:
    op.create_index("ix_x", "audit", ["at"])
"""


def execute(database, *statements):
    if database.dialect == "postgresql":
        run_sql(database.url, *statements)
        return
    with migrate.sqlite_engine(database.url).begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.fixture
def planned(database, tmp_path, monkeypatch):
    """The plan of throw-away revisions, on a database that is at this version."""

    def plan(**revisions):
        folder = newer.folder_with(tmp_path / "m", **revisions)
        monkeypatch.setattr(migrate, "folder", lambda: folder)
        return migration_plan.plan(database.url)

    return plan


def test_a_plan_counts_the_rows_of_what_it_touches(database, planned):
    execute(database, *(AUDIT.format(n=n) for n in range(7)))
    (step,) = planned(_9001=INDEX)

    (table,) = step.tables
    assert ("9001", "Throw-away 9001.", "expand") == (step.revision, step.title, step.kind)
    assert (("builds index ix_x",), 7, False) == (table.does, table.rows, table.is_estimate)
    assert 7 * 80 * 2 == table.about_bytes == step.about_bytes
    assert 0 < step.about_seconds < 1


def test_a_plan_says_who_waits(database, planned):
    first, _ = planned(_9001=newer.FILL, _9002=newer.EXPAND.replace("9.0", "9.1"))
    (audit,) = first.tables

    assert ("adds column filled", "fills", "builds index beside ix_audit_filled") == audit.does
    if database.dialect == "sqlite":
        assert ("the one writer of the file", False, True) == (audit.lock, audit.reads_wait, audit.writes_wait)
    else:
        assert ("ACCESS EXCLUSIVE", True, True) == (audit.lock, audit.reads_wait, audit.writes_wait)


def test_a_lock_is_held_until_its_transaction_ends(postgresql_database, tmp_path, monkeypatch):
    both = INDEX.replace("touches=(", 'touches=(Touch("clients", "adds column", "x"), ')
    folder = newer.folder_with(tmp_path / "m", _9001=both)
    monkeypatch.setattr(migrate, "folder", lambda: folder)
    rows = {"audit": (70_000_000, True), "clients": (3, False)}
    monkeypatch.setattr(migration_plan, "counted", lambda url, tables: rows)
    (step,) = migration_plan.plan(postgresql_database.url)

    waits = {table.table: (table.reads_wait, table.writes_wait, table.about_seconds) for table in step.tables}
    assert {"clients": (True, True, 100.0), "audit": (False, True, 100.0)} == waits


def test_large_tables_of_postgresql_are_estimated(postgresql_database, planned):
    head, _, _ = AUDIT.partition("VALUES")
    many = f"{head} SELECT n::text, 0, 'x', 'done', 1, '' FROM generate_series(1, 150000) n"
    run_sql(postgresql_database.url, many, "ANALYZE audit")
    rows, is_estimate = migration_plan.counted(postgresql_database.url, ["audit", "clients"])["audit"]

    assert is_estimate
    assert rows == pytest.approx(150_000, rel=0.05)


def test_large_files_of_sqlite_are_estimated_where_they_were_analyzed(sqlite_database, monkeypatch):
    monkeypatch.setattr(migration_plan, "LARGE", 1)
    execute(sqlite_database, *(AUDIT.format(n=n) for n in range(9)))
    assert (9, False) == migration_plan.counted(sqlite_database.url, ["audit"])["audit"]
    execute(sqlite_database, "ANALYZE")

    assert (9, True) == migration_plan.counted(sqlite_database.url, ["audit"])["audit"]


def test_a_migration_does_not_wait_long_for_a_table_that_somebody_holds(postgresql_database, tmp_path, monkeypatch):
    """Whoever comes behind it would wait as well."""
    folder = newer.folder_with(tmp_path / "m", _9001=newer.EXPAND)
    env = folder / "env.py"
    env.write_text(env.read_text().replace('"10s"', '"50ms"'))
    monkeypatch.setattr(migrate, "folder", lambda: folder)

    async def hold():
        connection = await asyncpg.connect(postgresql_database.url)
        await connection.execute("BEGIN; LOCK TABLE refresh_tokens IN ACCESS SHARE MODE")
        with pytest.raises(Unavailable, match="another transaction holds a table"):
            await asyncio.to_thread(migrate.migrate, postgresql_database.url)
        await connection.close()

    asyncio.run(hold())
    assert ["9001 Throw-away 9001."] == migrate.pending(postgresql_database.url)


def test_a_plan_makes_no_file(tmp_path):
    assert migration_plan.plan(f"sqlite:///{tmp_path}/none.db")
    assert not (tmp_path / "none.db").exists()
