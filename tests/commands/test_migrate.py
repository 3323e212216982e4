import stat

import pytest

from mintmark.store import migrate
from tests.settings.loading import KEY


@pytest.fixture
def fresh_database(clean, tmp_path):
    clean.setenv("MINTMARK_ISSUER", "https://id.example")
    clean.setenv("MINTMARK_SEALING_KEYS", KEY)
    clean.setenv("MINTMARK_DATABASE_URL", "sqlite:///var/mintmark.db")
    return tmp_path / "var" / "mintmark.db"


def test_a_plan_says_what_is_missing_and_makes_nothing(bare, fresh_database):
    answer = bare("migrate", "--plan")

    assert 3 == answer.code
    assert "missing: 0001" in answer.out
    assert not fresh_database.exists()


def test_a_plan_says_what_each_revision_does(bare, fresh_database):
    answer = bare("migrate", "--plan", "--json")
    lines = bare("migrate", "--plan").out.splitlines()

    (_, second, *_) = answer.json["pending"]
    (audit,) = [table for table in second["tables"] if table["table"] == "audit"]
    assert 3 == answer.code
    assert ("0002", "expand", 0) == (second["revision"], second["kind"], audit["rows"])
    indexes = ("ix_audit_actor", "ix_audit_refused", "ix_audit_unsealed")
    assert ["adds column seal", "adds column personal", *(f"builds index {name}" for name in indexes)] == audit["does"]
    assert {"lock", "reads_wait", "writes_wait", "about_seconds", "about_bytes", "is_estimate"} < audit.keys()
    assert "  expand, about an instant, needs about 0 B" in lines
    assert any(line.startswith("  audit (0 rows): adds column seal; ") for line in lines)
    assert not fresh_database.exists()


def test_a_database_is_made_once_and_for_its_owner_only(bare, fresh_database):
    first, second = bare("migrate", "--json"), bare("migrate", "--json")

    assert migrate.HEAD == first.json["revision"]
    assert first.json["applied"]
    assert [] == second.json["applied"]
    assert 0 == first.code == second.code == bare("migrate", "--plan").code
    assert 0o600 == stat.S_IMODE(fresh_database.stat().st_mode)
    assert "nothing to do" in bare("migrate").out


def test_the_other_commands_name_the_one_that_mends_it(bare, fresh_database):
    answer = bare("serve")

    assert 1 == answer.code
    assert "run: mintmark migrate" in answer.err
    assert "run: mintmark migrate" in bare("check").out
