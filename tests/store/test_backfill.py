"""What follows a migration's commit goes on where it was interrupted: killed in the middle, no row is done twice."""

import os
import subprocess
import sys
import time

import pytest
from sqlalchemy import column, table

from mintmark.store import migrate, peek, schema
from mintmark.store.changes import Insert, Run, Values
from mintmark.store.connect import Unmigrated
from tests import newer
from tests.databases import run_sql
from tests.faults.harness import ROOT, settings_for

ROWS = 20_000
COUNTED = "SELECT filled, count(*) FROM audit GROUP BY filled"
HISTORY = "SELECT progress, finished_at FROM schema_history WHERE revision = '9001'"


@pytest.fixture
def full(database):
    """With an audit trail that takes a while to be filled."""
    head = "INSERT INTO audit (id, at, event, outcome, count, detail)"
    if database.dialect == "postgresql":
        run_sql(
            database.url,
            f"{head} SELECT lpad(n::text, 8, '0'), 0, 'x', 'done', 1, '' FROM generate_series(1, {ROWS}) n",
        )
    else:
        with migrate.sqlite_engine(database.url).begin() as connection:
            connection.exec_driver_sql(
                f"{head} WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < {ROWS}) "
                "SELECT printf('%08d', n), 0, 'x', 'done', 1, '' FROM k"
            )
    return database


@pytest.fixture
def folder(tmp_path):
    return newer.folder_with(tmp_path / "m", _9001=newer.FILL)


def start(database, folder):
    command = [sys.executable, "-m", "tests.newer", str(folder), "9001", "migrate"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MINTMARK_")}
    environment = {**kept, **settings_for(database)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def filled(database):
    (rows,) = peek.ask(database.url, "SELECT count(*) FROM audit WHERE filled IS NOT NULL")
    return rows[0][0] if rows else 0


def test_a_fill_that_was_killed_goes_on_where_it_stopped(full, folder, monkeypatch):
    stopped: list[int] = []
    for _ in range(2):
        process = start(full, folder)
        at_least = (stopped[-1] if stopped else 0) + 500
        while process.poll() is None and not reached(full, at_least):
            time.sleep(0.02)
        assert process.poll() is None, process.stdout.read()
        process.kill()
        process.wait()
        stopped.append(filled(full))
    assert 500 <= stopped[0] < stopped[1] < ROWS

    monkeypatch.setattr(migrate, "folder", lambda: folder)
    monkeypatch.setattr(migrate, "HEAD", "9001")
    assert ["9001 Throw-away 9001."] == migrate.pending(full.url)
    assert ["9001 Throw-away 9001."] == migrate.migrate(full.url)
    (counted, history) = peek.ask(full.url, COUNTED, HISTORY)
    assert [(1, ROWS)] == counted, "a row was left out, or done twice"
    assert history[0][1] is not None
    assert [] == migrate.pending(full.url) == migrate.migrate(full.url)


def reached(database, rows):
    try:
        return filled(database) >= rows
    except Exception as error:
        if "filled" not in str(error):  # the column is not there yet
            raise
        return False


async def test_a_server_does_not_start_on_what_was_interrupted(store, monkeypatch):
    """The version that brought the fill relies on it; older ones do not."""
    values: Values = {"revision": "9001", "kind": "expand", "applied_at": 1, "finished_at": None, "progress": None}
    version = table("alembic_version", column("version_num"))
    moved = Run(version.update().values(version_num="9001"), {})
    await store.commit([Insert(schema.schema_history, values), moved])

    await migrate.require_migrated(store)
    monkeypatch.setattr(migrate, "HEAD", "9001")
    with pytest.raises(Unmigrated, match="it goes on; run: mintmark migrate"):
        await migrate.require_migrated(store)


def test_half_an_index_is_made_anew(postgresql_database, folder, monkeypatch):
    """What CREATE INDEX CONCURRENTLY leaves when it is interrupted is marked invalid, and of no use."""
    run_sql(
        postgresql_database.url,
        "ALTER TABLE audit ADD COLUMN filled INTEGER",
        "CREATE INDEX ix_audit_filled ON audit (filled, id)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_audit_filled'::regclass",
        "ALTER TABLE audit RENAME COLUMN filled TO was_filled",
    )
    monkeypatch.setattr(migrate, "folder", lambda: folder)
    migrate.migrate(postgresql_database.url)

    (rows,) = peek.ask(
        postgresql_database.url,
        "SELECT indisvalid, pg_get_indexdef(indexrelid) FROM pg_index WHERE indexrelid = 'ix_audit_filled'::regclass",
    )
    assert rows[0][0]
    assert "(filled, id)" in rows[0][1]
