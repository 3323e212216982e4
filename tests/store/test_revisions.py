import importlib.metadata
import io
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import Script, ScriptDirectory

from mintmark.store import migrate
from mintmark.store.revisions import BuildIndex, Facts, Fill
from tests import newer

TABLE = r'CREATE TABLE "?(?P<table>\w+)"?'
INDEX = r'CREATE (?P<unique>UNIQUE )?INDEX "?(?P<name>\w+)"? ON "?(?P<table>\w+)"?'
COLUMN = r'ALTER TABLE "?(?P<table>\w+)"? ADD COLUMN "?(?P<name>\w+)"? (?P<rest>.*)'


def scripts(folder: Path) -> list[Script]:
    return list(ScriptDirectory(str(folder)).walk_revisions())[::-1]


def statements(script: Script) -> list[str]:
    """What the revision would send to PostgreSQL."""
    sent = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": sent, "literal_binds": True}
    )
    with Operations.context(context):
        script.module.upgrade()
    return [" ".join(one.split()) for one in sent.getvalue().split(";") if one.strip()]


def faults(script: Script, others: Mapping[str, Facts | None]) -> list[str]:
    facts = getattr(script.module, "facts", None)
    if not isinstance(facts, Facts):
        return [f"{script.revision} states no facts: its kind, its release, the tables that it touches"]
    found = [*untold(script, facts)]
    if facts.kind == "expand":
        found += not_expanding(script, facts)
    if facts.kind == "contract":
        before = others.get(facts.of or "")
        if before is None or before.kind != "expand" or numbers(before.release) >= numbers(facts.release):
            found.append(f"{script.revision} contracts; `of` must name the expanding revision of an earlier release")
    return found


def untold(script: Script, facts: Facts) -> list[str]:
    """What is done to a table and is not among the facts, or the reverse."""
    new = {touch.table for touch in facts.touches if touch.how == "creates"}
    told = {(touch.table, touch.how, touch.name) for touch in facts.touches}
    done = set()
    for sql in statements(script):
        if match := re.match(TABLE, sql):
            done.add((match["table"], "creates", ""))
        elif match := re.match(INDEX, sql):
            done.add((match["table"], "builds index", match["name"]))
        elif match := re.match(COLUMN, sql):
            done.add((match["table"], "adds column", match["name"]))
        elif match := re.match(r'DROP INDEX "?(?P<name>\w+)"?', sql):
            done |= {one for one in told if one[1:] == ("drops index", match["name"])} or {
                ("?", "drops index", match["name"])
            }
        elif match := re.match(r'(?:DROP TABLE|ALTER TABLE) "?(?P<table>\w+)"?', sql):
            done |= {one for one in told if one[0] == match["table"] and one[1] in ("drops", "rewrites")} or {
                (match["table"], "drops", "")
            }
    done = {one for one in done if one[0] not in new or one[1] == "creates"}
    return [f"{script.revision}: {' '.join(one)} is told or done, and not both" for one in sorted(done ^ told)]


def not_expanding(script: Script, facts: Facts) -> list[str]:
    """What an older version that serves beside would trip over."""
    new, added, found = set[str](), set[tuple[str, str]](), []
    for sql in statements(script):
        if match := re.match(TABLE, sql):
            new.add(match["table"])
        elif match := re.match(INDEX, sql):
            if match["unique"] and match["table"] not in new:
                found.append(f"{script.revision}: {match['name']} is unique, and older versions do not know: {sql}")
        elif match := re.match(COLUMN, sql):
            added.add((match["table"], match["name"]))
            if "NOT NULL" in match["rest"] and "DEFAULT" not in match["rest"]:
                found.append(f"{script.revision}: older versions leave {match['name']} out: {sql}")
        elif match := re.match(r"DROP INDEX (\w+)", sql):
            if match[1] not in {step.name for step in facts.afterwards if isinstance(step, BuildIndex)}:
                found.append(f"{script.revision}: no narrower index comes in the place of {match[1]}: {sql}")
        elif not ((match := re.match(r"INSERT INTO (\w+)", sql)) and match[1] in new):
            found.append(f"{script.revision}: neither a new table, nor a nullable column, nor an index: {sql}")
    return found + filled(script, facts, added)


def filled(script: Script, facts: Facts, added: set[tuple[str, str]]) -> list[str]:
    """What is filled, and was there before."""
    found = []
    for step in facts.afterwards:
        if isinstance(step, Fill):
            assignments = re.split(r"\bWHERE\b", re.split(r"\bSET\b", step.statement)[1])[0]
            columns = re.findall(r"(?:^|,)\s*(\w+)\s*=", assignments)
            if not columns or any((step.table, column) not in added for column in columns):
                found.append(f"{script.revision}: fills what it has not added itself: {step.statement}")
    return found


def numbers(release: str) -> list[int]:
    return [int(word) for word in release.split(".")]


def all_faults(folder: Path) -> list[str]:
    found = scripts(folder)
    others = {script.revision: getattr(script.module, "facts", None) for script in found}
    return [fault for script in found for fault in faults(script, others)]


def test_every_revision_states_its_facts_and_keeps_the_rules_of_its_kind():
    assert [] == all_faults(migrate.folder())


def test_no_revision_is_of_a_release_to_come():
    version = importlib.metadata.version("mintmark")
    assert [] == [
        script.revision
        for script in scripts(migrate.folder())
        if numbers(script.module.facts.release) > numbers(version)
    ]


def test_the_throw_away_revisions_keep_the_rules_too(tmp_path):
    assert [] == all_faults(newer.folder_with(tmp_path / "m", _9001=newer.EXPAND, _9002=newer.CONTRACT))
    assert [] == all_faults(newer.folder_with(tmp_path / "n", _9001=newer.FILL))


BODY = """
facts = Facts(kind="{kind}", release="9.0", touches=({touches}))


def upgrade() -> None:
    op.execute("{sql}")
"""


@pytest.mark.parametrize(
    ("sql", "touches", "why"),
    [
        ("ALTER TABLE people ADD COLUMN x TEXT NOT NULL", 'Touch("people", "adds column", "x"),', "leave x out"),
        ("ALTER TABLE people DROP COLUMN email", 'Touch("people", "drops"),', "neither a new table"),
        ("UPDATE people SET email = NULL", "", "neither a new table"),
        ("CREATE UNIQUE INDEX x ON people (email)", 'Touch("people", "builds index", "x"),', "is unique"),
        ("DROP INDEX ix_people_email", 'Touch("people", "drops index", "ix_people_email"),', "no narrower index"),
        ("DROP INDEX ix_people_email", "", "told or done, and not both"),
        ("CREATE INDEX x ON people (email)", "", "told or done, and not both"),
        ("CREATE TABLE x (id TEXT)", "", "told or done, and not both"),
        ("SELECT 1", 'Touch("people", "rewrites"),', "told or done, and not both"),
    ],
)
def test_what_older_versions_would_trip_over_is_no_expanding_revision(tmp_path, sql, touches, why):
    folder = newer.folder_with(tmp_path / "m", _9001=BODY.format(kind="expand", touches=touches, sql=sql))

    assert any(why in fault for fault in all_faults(folder))


def test_a_contracting_revision_comes_a_release_after_the_expanding_one(tmp_path):
    body = BODY.format(kind="contract", touches='Touch("devices", "drops"),', sql="DROP TABLE devices")
    folder = newer.folder_with(tmp_path / "m", _9001=newer.EXPAND, _9002=body)

    assert any("earlier release" in fault for fault in all_faults(folder))


def test_a_revision_without_facts_is_found(tmp_path):
    folder = newer.folder_with(tmp_path / "m", _9001="\n\ndef upgrade() -> None:\n    pass\n")

    assert ["9001 states no facts: its kind, its release, the tables that it touches"] == all_faults(folder)


def test_a_fill_of_what_was_there_before_is_not_expanding(tmp_path):
    body = newer.FILL.replace("SET filled = coalesce(filled, 0) + 1", "SET filled = 1, event = 'x'")
    folder = newer.folder_with(tmp_path / "m", _9001=body)

    assert any("not added itself" in fault for fault in all_faults(folder))
