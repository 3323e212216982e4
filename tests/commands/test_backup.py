import fcntl
import shutil
import stat

from mintmark.store import migrate
from tests.commands.copies import *  # noqa: F403
from tests.commands.copies import beside, query

CONFIGURED = "SELECT epoch, copied_at IS NOT NULL FROM configuration"


def test_a_backup_is_one_whole_file_for_its_owner_alone(filled, tmp_path):
    place = tmp_path / "backups"
    place.mkdir()
    done = filled.ok(f"backup {place}/one.db")

    assert ["one.db"] == beside(place)
    assert 0o600 == stat.S_IMODE((place / "one.db").stat().st_mode)
    assert (place / "one.db").stat().st_size == done["bytes"]
    assert (migrate.HEAD, str(place / "one.db")) == (done["revision"], done["file"])
    assert done["rows"] > 5
    assert [("ok",)] == query(place / "one.db", "PRAGMA integrity_check")
    assert [("alice",)] == query(place / "one.db", "SELECT username FROM people")
    assert [(0, 1)] == query(place / "one.db", CONFIGURED)
    assert ["backed_up"] == [one["event"] for one in filled.ok("audit list --event backed_up")["items"]]


def test_a_person_is_told_size_rows_and_time(filled, tmp_path):
    done = filled(f"backup {tmp_path}/one.db")

    assert 0 == done.code
    assert "KiB, " in done.out
    assert f"rows, revision {migrate.HEAD}, 0." in done.out


def test_a_file_that_is_there_is_never_written_over(filled, tmp_path):
    (tmp_path / "one.db").write_text("precious")
    (tmp_path / "link.db").symlink_to(tmp_path / "nowhere")
    for name in ("one.db", "link.db"):
        refused = filled(f"backup {tmp_path}/{name}")

        assert 1 == refused.code
        assert "is there already; it is never written over" in refused.err
    assert "precious" == (tmp_path / "one.db").read_text()
    assert not (tmp_path / "nowhere").exists()


def test_a_backup_needs_a_folder(filled, tmp_path):
    refused = filled(f"backup {tmp_path}/none/one.db")

    assert 1 == refused.code
    assert "cannot write" in refused.err
    assert "No such file or directory" in refused.err


def test_what_a_killed_backup_left_behind_is_used_anew(filled, tmp_path):
    (tmp_path / "one.db.part").write_bytes(b"x" * 100_000)

    assert 0 == filled(f"backup {tmp_path}/one.db").code
    assert not (tmp_path / "one.db.part").exists()


def test_two_backups_to_the_same_file_do_not_mix(filled, tmp_path):
    with (tmp_path / "one.db.part").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        refused = filled(f"backup {tmp_path}/one.db")

    assert 1 == refused.code
    assert "another process is writing" in refused.err
    assert not (tmp_path / "one.db").exists()


def test_a_part_that_is_a_link_is_not_followed(filled, tmp_path):
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "one.db.part").symlink_to(tmp_path / "precious")

    assert 1 == filled(f"backup {tmp_path}/one.db").code
    assert "precious" == (tmp_path / "precious").read_text()


def test_a_disk_that_is_full_leaves_nothing_behind(filled, tmp_path, file_size):
    before = beside(tmp_path)
    with file_size(50_000):
        refused = filled(f"backup {tmp_path}/one.db")

    assert 1 == refused.code
    assert "no backup was made" in refused.err
    assert "is the disk full?" in refused.err
    assert before == beside(tmp_path)


def test_a_damaged_database_gives_no_backup(filled, tmp_path):
    """It is better to hear of it now."""
    path = tmp_path / "mintmark.db"
    query(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    (page,) = query(path, "SELECT rootpage FROM sqlite_master WHERE name = 'ix_audit_event'")[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096 + 3)
        file.write(b"\xff" * 600)
    refused = filled(f"backup {tmp_path}/one.db")

    assert 1 == refused.code
    assert "it is damaged" in refused.err
    assert not (tmp_path / "one.db").exists()


def test_postgresql_has_tools_of_its_own(both_lines, tmp_path):
    if both_lines.database.dialect == "sqlite":
        return
    for command in (f"backup {tmp_path}/one.db", f"restore {tmp_path}/one.db"):
        refused = both_lines(command)

        assert 1 == refused.code
        assert "the database is PostgreSQL" in refused.err
        assert "docs/backups.md" in refused.err
        assert "mintmark restore --mark" in refused.err


def test_nobody_serves_a_backup_that_was_only_copied_into_place(filled, tmp_path):
    filled.ok(f"backup {tmp_path}/one.db")
    shutil.copyfile(tmp_path / "one.db", tmp_path / "mintmark.db")
    for command in ("serve --port 1", "check"):
        answer = filled(command)

        assert 1 == answer.code
        assert "is a backup that was copied" in answer.err + answer.out
        assert "run: mintmark restore --mark" in answer.err + answer.out
    assert 1 == filled.ok("restore --mark")["epoch"]
    assert 0 == filled("check").code
