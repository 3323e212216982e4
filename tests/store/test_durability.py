"""Acknowledged is durable: a process that is killed while it writes loses nothing of what it has answered (F-01)."""

import os
import subprocess
import sys
from pathlib import Path

from tests.store import rows

ROOT = Path(__file__).parents[2]
ROUNDS = 10 if "TEST_FULL" in os.environ else 3


async def test_what_was_acknowledged_survives_kill_9_and_is_whole(database):
    acknowledged = set()
    for number in range(ROUNDS):
        acknowledged |= killed_after(200, database.url, f"round{number}")
    store = await database.connect()
    there = {name for name, _ in await store.fetch(rows.COUNTED)}
    events = await store.fetch(rows.EVENTS)
    await store.close()

    assert ROUNDS * 200 <= len(acknowledged)
    assert acknowledged <= there
    assert len(there) == len(events)


def killed_after(lines, url, name):
    """What the process said before it was killed."""
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    command = [sys.executable, str(ROOT / "tests/store/writer.py"), url, name]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    ) as process:
        assert process.stdout
        said = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        said += process.stdout.readlines()
    return {line.rstrip("\n") for line in said if line.endswith("\n")}
