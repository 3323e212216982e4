import shutil
import sqlite3
import subprocess
import sys
from contextlib import nullcontext

import pysqlite3
import pytest

from mintmark.keys import sealing
from mintmark.store import migrate
from tests.commands.copies import *  # noqa: F403
from tests.commands.copies import beside, query

PASSWORD = "correct horse battery staple\n"


@pytest.fixture
def backed_up(filled, tmp_path):
    """A backup with alice in it; bob came later."""
    (tmp_path / "b").mkdir()
    filled.ok(f"backup {tmp_path}/b/one.db")
    filled.ok("users add bob", stdin=PASSWORD)
    return filled


def names(line):
    return [one["username"] for one in line.ok("users list")["items"]]


@pytest.fixture
def held(tmp_path):
    """Somebody has the database open, as a server does."""
    code = (
        "import sys, pathlib; from mintmark.store.sqlite_transaction import open_connection\n"
        "c = open_connection(pathlib.Path(sys.argv[1]), busy=0); c.execute('SELECT 1 FROM people').fetchall()\n"
        "print('open', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "mintmark.db")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert b"open" in process.stdout.readline()
    yield
    process.communicate()


def untouched(line, tmp_path, file, why, limit=nullcontext):
    """The restore is refused in one sentence, and nothing is other than before."""
    database = tmp_path / "mintmark.db"
    if database.exists():
        query(database, "PRAGMA wal_checkpoint(TRUNCATE)")
    before, names_before = database.read_bytes(), beside(tmp_path)
    source = file.read_bytes() if file.is_file() else None
    with limit():
        refused = line("restore", str(file))

    assert 1 == refused.code, refused.out
    assert why in refused.err
    assert "nothing was changed" in refused.err
    assert 1 == len(refused.err.strip().splitlines())
    assert before == database.read_bytes()
    assert names_before == beside(tmp_path)
    assert source is None or source == file.read_bytes()


def test_a_backup_takes_the_place_of_the_database_which_is_kept(backed_up, tmp_path):
    before = backed_up.ok("keys list")["items"]
    done = backed_up.ok(f"restore {tmp_path}/b/one.db")

    assert ["alice"] == names(backed_up)
    assert 1 == done["epoch"]
    assert [("alice",), ("bob",)] == query(done["replaced"], "SELECT username FROM people ORDER BY 1")
    assert not [name for name in beside(tmp_path) if "restoring" in name]
    assert 0o600 == (tmp_path / "mintmark.db").stat().st_mode & 0o777
    after = backed_up.ok("keys list")["items"]
    announced = {key["kid"] for key in after} - {key["kid"] for key in before}
    assert announced == set(done["keys"].split(", "))
    assert {"announced"} == {key["state"] for key in after if key["kid"] in announced}
    assert [1] == [one["detail"]["epoch"] for one in backed_up.ok("audit list --event restored")["items"]]
    assert 0 == backed_up("check").code


def test_a_backup_can_be_restored_again_and_each_time_is_an_epoch_of_its_own_backup(backed_up, tmp_path):
    first = backed_up.ok(f"restore {tmp_path}/b/one.db")
    backed_up.ok(f"backup {tmp_path}/b/two.db")
    second = backed_up.ok(f"restore {tmp_path}/b/two.db")

    assert (1, 2) == (first["epoch"], second["epoch"])
    assert first["ended_before"] < second["ended_before"]


def test_a_backup_is_restored_where_nothing_was(backed_up, tmp_path, monkeypatch):
    monkeypatch.setenv("MINTMARK_DATABASE_URL", f"sqlite:///{tmp_path}/new/folder/mintmark.db")
    done = backed_up.ok(f"restore {tmp_path}/b/one.db")

    assert done["replaced"] is None
    assert ["alice"] == names(backed_up)
    assert 0o700 == (tmp_path / "new" / "folder").stat().st_mode & 0o777


def test_a_database_that_is_damaged_is_replaced_and_kept(backed_up, tmp_path):
    (tmp_path / "mintmark.db").write_bytes(b"\0" * 8192)
    (tmp_path / "mintmark.db-wal").write_bytes(b"its log")
    done = backed_up.ok(f"restore {tmp_path}/b/one.db")

    assert ["alice"] == names(backed_up)
    assert [b"\0" * 8192] == [(tmp_path / done["replaced"]).read_bytes()]
    assert not (tmp_path / "mintmark.db-wal").exists() or b"its log" != (tmp_path / "mintmark.db-wal").read_bytes()


def test_a_bare_copy_with_its_log_beside_it_is_restored_and_left_as_it_is(backed_up, tmp_path):
    database, copy = tmp_path / "mintmark.db", tmp_path / "b" / "bare.db"
    connection = pysqlite3.connect(str(database))
    connection.execute("UPDATE people SET username = 'carol' WHERE username = 'bob'")
    connection.commit()
    shutil.copyfile(database, copy)
    shutil.copyfile(f"{database}-wal", f"{copy}-wal")
    connection.close()
    before = copy.read_bytes()
    backed_up.ok(f"restore {copy}")

    assert ["alice", "carol"] == sorted(names(backed_up))
    assert before == copy.read_bytes()


def test_a_database_in_use_is_not_replaced(backed_up, tmp_path, held):
    refused = backed_up(f"restore {tmp_path}/b/one.db")

    assert 1 == refused.code
    assert "is in use: stop the server" in refused.err
    assert ["alice", "bob"] == sorted(names(backed_up))
    assert not [name for name in beside(tmp_path) if "restoring" in name or "replaced" in name]


def test_a_server_that_starts_meanwhile_is_not_robbed_of_its_database(backed_up, tmp_path, monkeypatch):
    """It was looked at first, and again at the end."""
    from mintmark.store import backup

    def in_use(path):
        raise backup.InUse(path)

    monkeypatch.setattr(backup, "_fold_in", in_use)
    refused = backed_up(f"restore {tmp_path}/b/one.db")

    assert "is in use: stop the server" in refused.err
    assert not [name for name in beside(tmp_path) if "restoring" in name or "replaced" in name]


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path.write_text("hello"), "is no SQLite database"),
        (lambda path: path.touch(), "is no SQLite database"),
        (lambda path: path.mkdir(), "cannot read"),
        (lambda path: None, "No such file"),
        (lambda path: query(path, "CREATE TABLE cats (name TEXT)"), "of another application"),
        (lambda path: other(path, "app"), "of another application"),
    ],
)
def test_what_is_no_backup_is_refused(backed_up, tmp_path, make, why):
    file = tmp_path / "b" / "wrong.db"
    make(file)

    untouched(backed_up, tmp_path, file, why)


def other(path, revision):
    """Another application that uses Alembic as well."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
    connection.execute("CREATE TABLE people (id TEXT)")
    connection.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("revision", "why"), [("0001", "an older version made"), ("9999", "a newer version made"), ("", "older version")]
)
def test_a_backup_of_another_version_is_refused(backed_up, tmp_path, revision, why):
    file = tmp_path / "b" / "one.db"
    connection = pysqlite3.connect(str(file))
    connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.commit()
    connection.close()

    untouched(backed_up, tmp_path, file, why)


def test_an_older_backup_is_migrated_first_as_the_refusal_says(backed_up, tmp_path, monkeypatch):
    from alembic import command

    file = tmp_path / "b" / "old.db"
    command.upgrade(migrate._config(f"sqlite:///{file}"), "0001")
    refused = backed_up(f"restore {file}")
    assert "MINTMARK_DATABASE_URL=sqlite:///COPY mintmark migrate" in refused.err
    with monkeypatch.context() as there:
        there.setenv("MINTMARK_DATABASE_URL", f"sqlite:///{file}")
        backed_up.ok("migrate")

    assert 1 == backed_up.ok(f"restore {file}")["epoch"]


@pytest.mark.parametrize("part", [0.3, 0.9, 0.999])
def test_a_truncated_backup_is_refused(backed_up, tmp_path, part):
    file = tmp_path / "b" / "one.db"
    with file.open("r+b") as opened:
        opened.truncate(int(file.stat().st_size * part))

    untouched(backed_up, tmp_path, file, f"{file.name} is truncated")


def test_a_backup_with_a_flipped_page_is_refused(backed_up, tmp_path):
    file = tmp_path / "b" / "one.db"
    (page,) = query(file, "SELECT rootpage FROM sqlite_master WHERE name = 'ix_audit_event'")[0]
    with file.open("r+b") as opened:
        opened.seek((page - 1) * 4096 + 3)
        opened.write(b"\xff" * 600)

    untouched(backed_up, tmp_path, file, "it is damaged")


def test_a_backup_under_another_sealing_key_is_refused(backed_up, tmp_path, monkeypatch):
    monkeypatch.setenv("MINTMARK_SEALING_KEYS", sealing.generate())

    untouched(backed_up, tmp_path, tmp_path / "b" / "one.db", "was sealed under another key")


def test_the_database_is_no_backup_of_itself(backed_up, tmp_path):
    refused = backed_up(f"restore {tmp_path}/mintmark.db")

    assert 1 == refused.code
    assert "is the database itself" in refused.err


@pytest.mark.parametrize("most", [20_000, 200_000, 330_000])
def test_a_disk_that_is_full_leaves_the_database_as_it_was(backed_up, tmp_path, file_size, most):
    file = tmp_path / "b" / "one.db"
    size = file.stat().st_size
    untouched(backed_up, tmp_path, file, "was not restored", lambda: file_size(min(most, size - 1)))


def test_a_file_or_a_mark_and_not_both(backed_up, tmp_path):
    for words in ("restore", f"restore --mark {tmp_path}/b/one.db"):
        refused = backed_up(words)

        assert 2 == refused.code
        assert "either the FILE of a backup, or --mark" in refused.err


def test_a_clock_that_is_behind_is_told_and_brings_nothing_back(backed_up, tmp_path):
    """The watermark is never before what the backup holds."""
    file = tmp_path / "b" / "one.db"
    connection = pysqlite3.connect(str(file))
    connection.execute("UPDATE audit SET at = 4102444800000 WHERE event = 'configured'")
    connection.execute(
        "INSERT INTO audit (id, at, event, outcome, count, detail) VALUES ('x', 4102444800000, 'x', 'done', 1, '{}')"
    )
    connection.commit()
    connection.close()
    done = backed_up(f"restore {file}")

    assert 0 == done.code
    assert "this machine's clock is" in done.err
    assert "2100-01-01T00:00:00Z is over" in done.out
    assert [(4102444800000,)] == query(tmp_path / "mintmark.db", "SELECT ended_before FROM configuration")


def test_a_new_epoch_begins_on_both_databases(both_lines):
    both_lines.ok("users add alice", stdin=PASSWORD)
    first, second = both_lines.ok("restore --mark"), both_lines.ok("restore --mark")

    assert (1, 2) == (first["epoch"], second["epoch"])
    assert ["lease", "lease"] == both_lines.waited
    assert ["alice"] == names(both_lines)
