"""A version of Mintmark that is newer by throw-away revisions: `python -m tests.newer FOLDER HEAD serve`.

Its code is the same; what differs is what a migration changes for the version before: the tables, and the newest
revision that it knows.
"""

import shutil
import sys
from pathlib import Path

from mintmark import cli
from mintmark.store import migrate

HEADER = '''"""{title}"""

from alembic import op

from mintmark.store.revisions import BuildIndex, Facts, Fill, Touch

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None
'''
EXPAND = """
facts = Facts(
    kind="expand",
    release="9.0",
    touches=(
        Touch("refresh_tokens", "adds column", "device"),
        Touch("clients", "adds column", "tier"),
        Touch("devices", "creates"),
    ),
)


def upgrade() -> None:
    op.execute("ALTER TABLE refresh_tokens ADD COLUMN device TEXT")
    op.execute("ALTER TABLE clients ADD COLUMN tier TEXT DEFAULT 'plain' NOT NULL")
    op.execute("CREATE TABLE devices (id TEXT PRIMARY KEY)")
"""
CONTRACT = """
facts = Facts(kind="contract", release="9.1", of="9001", touches=(Touch("devices", "drops"),))


def upgrade() -> None:
    op.execute("DROP TABLE devices")
"""
FILL = """
facts = Facts(
    kind="expand",
    release="9.0",
    touches=(Touch("audit", "adds column", "filled"),),
    afterwards=(
        Fill(
            "audit",
            "id",
            "UPDATE audit SET filled = coalesce(filled, 0) + 1 WHERE id > :after AND id <= :upto",
            batch=50,
        ),
        BuildIndex("ix_audit_filled", "audit", ("filled", "id")),
    ),
)


def upgrade() -> None:
    op.execute("ALTER TABLE audit ADD COLUMN filled INTEGER")
"""


def folder_with(folder: Path, **revisions: str) -> Path:
    """A copy of the migrations with more of them: _9001=EXPAND, in their order."""
    before = migrate.HEAD
    shutil.copytree(migrate.folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name, body in revisions.items():
        revision = name.lstrip("_")
        header = HEADER.format(title=f"Throw-away {revision}.", revision=revision, before=before)
        (folder / "versions" / f"{revision}_throw_away.py").write_text(header + body)
        before = revision
    return folder


def become(folder: Path, head: str) -> None:
    migrate.folder = lambda: folder
    migrate.HEAD = head


if __name__ == "__main__":
    become(Path(sys.argv[1]), sys.argv[2])
    cli.main(sys.argv[3:])
