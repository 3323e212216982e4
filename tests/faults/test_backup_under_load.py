"""A backup that is made while clients refresh holds one moment, whole; and it does not keep the clients waiting."""

import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import replace

import pysqlite3
import pytest

from tests.databases import Database
from tests.faults import history
from tests.faults.harness import ROOT, Stand, full, inherited, stored, tell

ROWS = 200_000  # of an audit trail that gives the backup something to copy


def run(stand: Stand, *words: str) -> str:
    environment = {**inherited(), **stand.environment}
    done = subprocess.run(
        [sys.executable, "-m", "mintmark", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


@pytest.mark.parametrize("backups", [2, full(10)])
async def test_a_backup_under_load_is_one_whole_moment(sqlite_database: Database, tmp_path, backups: int) -> None:
    grow(sqlite_database)
    made = await Stand.make(sqlite_database, tmp_path, chains=20)
    (node,) = await made.started()
    took: list[float] = []
    spans: list[tuple[float, float]] = []

    async def back_up() -> None:
        await asyncio.sleep(1)
        for number in range(backups):
            began = time.monotonic()
            done = json.loads(await asyncio.to_thread(run, made, "backup", str(tmp_path / f"{number}.db"), "--json"))
            spans.append((began, time.monotonic()))
            took.append(done["seconds"])
            await asyncio.sleep(0.5)

    try:
        await made.all_go_on([node.port], back_up, pause=0.02)
        await made.check()
    finally:
        made.close()
    during, without = waits(made, spans)
    tell(
        "backup under load",
        megabytes=(tmp_path / "0.db").stat().st_size / 1e6,
        seconds=statistics.mean(took),
        refreshed=made.history.count("done"),
        median_ms_without=statistics.median(without) * 1000,
        median_ms_during=statistics.median(during) * 1000,
        most_ms_during=max(during) * 1000,
    )
    for number in range(backups):
        await look_through(made, tmp_path / f"{number}.db")


def grow(database: Database) -> None:
    connection = pysqlite3.connect(database.url.removeprefix("sqlite:///"))
    connection.execute(
        "INSERT INTO audit (id, at, event, outcome, count, detail) "
        f"WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < {ROWS}) "
        "SELECT printf('%032d', n), 0, 'x', 'done', 1, hex(randomblob(60)) FROM k"
    )
    connection.commit()
    connection.close()


def waits(stand: Stand, spans: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """What the clients waited while a backup was made, and at other times."""
    during: list[float] = []
    without: list[float] = []
    for act in stand.history.acts:
        if act.outcome == "done" and act.kind == "refresh":
            inside = any(began <= act.began <= ended for began, ended in spans)
            (during if inside else without).append(act.ended - act.began)
    return during, without


async def look_through(made: Stand, copy) -> None:
    """The copy: SQLite finds it whole, each chain in it has one live end, and after a restore nothing of it lives."""
    connection = pysqlite3.connect(str(copy))
    assert [("ok",)] == connection.execute("PRAGMA integrity_check").fetchall()
    (spent,) = connection.execute("SELECT count(*) FROM refresh_tokens WHERE spent_at IS NOT NULL").fetchone()
    (refreshed,) = connection.execute("SELECT count(*) FROM audit WHERE event = 'refreshed'").fetchone()
    assert spent == refreshed > 0, "a refresh without its audit row, or the reverse"
    connection.close()
    place = copy.with_name(f"restored-{copy.name}")
    shutil.copyfile(copy, place)
    database = Database("sqlite", f"sqlite:///{place}")
    store = await database.connect()
    assert [] == history.chains((await stored(store)).values())
    await store.close()
    other = replace(made, database=database, environment={**made.environment, "MINTMARK_DATABASE_URL": database.url})
    await asyncio.to_thread(run, other, "restore", "--mark")
    sessions = json.loads(await asyncio.to_thread(run, other, "sessions", "list", "--json"))
    assert [] == sessions["items"]
