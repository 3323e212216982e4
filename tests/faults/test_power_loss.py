"""F-05, as far as copies go: at any instant the files of SQLite hold everything that was acknowledged."""

import asyncio
import os
import random
import shutil
import signal
from pathlib import Path

import pysqlite3
import pytest

from mintmark.protocol import refresh_token
from tests.databases import Database
from tests.faults import history
from tests.faults.harness import Stand, full, tell
from tests.faults.history import Row


@pytest.mark.parametrize("copies", [10, full(200)])
async def test_files_copied_at_any_instant_are_whole_and_hold_all_that_was_acknowledged(
    sqlite_database, tmp_path, copies
):
    """The process is stopped for the copy, as a power cut stops everything; half a frame is added as a torn write."""
    made = await Stand.make(sqlite_database, tmp_path, chains=50)
    (node,) = await made.started()
    chance, seen = random.Random(copies), []

    async def cut() -> None:
        for number in range(copies):
            await asyncio.sleep(chance.uniform(0.05, 0.25))
            node.signal(signal.SIGSTOP)
            known = len(made.history.acts)
            copied(sqlite_database, tmp_path / "copy.db", chance)
            node.signal(signal.SIGCONT)
            faults, rows = await asyncio.to_thread(examined, tmp_path / "copy.db")
            gone = history.acknowledged(made.history.acts[:known], rows, refresh_token.digest)

            assert not faults, f"copy {number}: {faults}"
            assert not gone, f"copy {number}: {gone}"
            seen.append(known)

    await made.all_go_on([node.port], cut, pause=0.02)
    await made.check()
    made.close()
    tell("F-05 copies of database and WAL", copies=copies, acknowledged_at_the_last=seen[-1], lost=0, damaged=0)


def copied(database: Database, to: Path, chance: random.Random) -> None:
    source = Path(database.url.removeprefix("sqlite:///"))
    for ending in ("", "-wal"):
        shutil.copyfile(f"{source}{ending}", f"{to}{ending}")
    Path(f"{to}-shm").unlink(missing_ok=True)
    with Path(f"{to}-wal").open("ab") as wal:
        wal.write(os.urandom(chance.randrange(1, 4096)))


def examined(path: Path) -> tuple[list[str], dict[bytes, Row]]:
    connection = pysqlite3.connect(str(path))
    said = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    said += [str(row) for row in connection.execute("PRAGMA foreign_key_check")]
    found = connection.execute("SELECT digest, authorization_id, spent_at, heir_digest FROM refresh_tokens").fetchall()
    connection.close()
    rows = {digest: Row(digest, id, spent is not None, heir) for digest, id, spent, heir in found}
    return [*(word for word in said if word != "ok"), *history.chains(rows.values())], rows
