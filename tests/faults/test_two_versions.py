"""Two versions serve on one database while it is migrated under them: tokens flow, and nobody is signed out.

The older version is this tree as it stands. The newer one is the same code with a throw-away revision that it knows and
the older does not (`tests.newer`): what is tried is what an expanding migration does to servers that do not know it.
"""

import asyncio
import os
import subprocess
import sys

from mintmark.store import migrate
from tests import newer
from tests.faults.harness import ROOT, inherited, tell


def run(stand, *words):
    """A command of the newer version, or of the older where no folder stands first."""
    environment = {**os.environ, **inherited(), **stand.environment}
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


async def test_both_versions_serve_on_one_database_while_it_is_migrated(stand, tmp_path):
    folder = str(newer.folder_with(tmp_path / "m", _9001=newer.EXPAND))
    made = await stand(chains=20)
    (older,) = await made.started()
    younger = made.node("-m", "tests.newer", folder, "9001", "serve")

    async def upgrade():
        await asyncio.sleep(1)
        migrated = await asyncio.to_thread(run, made, "tests.newer", folder, "9001", "migrate")
        assert 0 == migrated.returncode, migrated.stderr
        await younger.start()
        await asyncio.sleep(2)
        older.kill()  # and the older version starts again, on tables that it does not know
        await older.start()
        await asyncio.sleep(1)

    await made.all_go_on([older.port, younger.port], upgrade)
    await made.check()

    tell(f"two versions on {made.database.dialect}", refreshed=made.history.count("done"))
    assert made.history.count("done") > 20 * 10
    assert 0 == made.history.count("refused")


async def test_the_older_version_refuses_what_took_something_away_from_it(stand, tmp_path):
    folder = str(newer.folder_with(tmp_path / "m", _9001=newer.EXPAND, _9002=newer.CONTRACT))
    made = await stand(chains=2)
    assert 0 == run(made, "tests.newer", folder, "9002", "migrate").returncode
    for command in ("serve", "migrate", "users list"):
        refused = run(made, "mintmark", *command.split())
        assert 1 == refused.returncode
        assert (
            "mintmark: the database is at revision 9002, and revision 9002 (contract), which this version of Mintmark "
            f"does not know ({migrate.HEAD} is its newest), takes away what older versions need; use a newer Mintmark"
        ) == refused.stderr.strip().splitlines()[-1]


async def test_the_older_versions_migrate_has_nothing_to_do_on_what_was_only_added_to(stand, tmp_path):
    folder = str(newer.folder_with(tmp_path / "m", _9001=newer.EXPAND))
    made = await stand(chains=2)
    assert 0 == run(made, "tests.newer", folder, "9001", "migrate").returncode
    for words in (("migrate",), ("migrate", "--plan")):
        done = run(made, "mintmark", *words)
        assert 0 == done.returncode, done.stderr
        assert "a newer version migrated the database; this one" in done.stdout


async def test_a_server_that_runs_stays_ready_when_a_newer_version_adds_something(stand, tmp_path):
    folder = str(newer.folder_with(tmp_path / "m", _9001=newer.EXPAND))
    made = await stand(chains=2)
    (node,) = await made.started()
    assert 0 == (await asyncio.to_thread(run, made, "tests.newer", folder, "9001", "migrate")).returncode

    await node.ready()
