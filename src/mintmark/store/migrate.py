"""Brings a database to this version's tables, and refuses one that is not there (Alembic; contract, "migrate")."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import column, select, table

import mintmark
from mintmark.store import history, peek
from mintmark.store.changes import Unavailable
from mintmark.store.connect import MIGRATE, Unmigrated, is_sqlite, sqlite_path
from mintmark.store.engines import postgresql_engine, sqlite_engine
from mintmark.store.executor import Executor, Read
from mintmark.store.history import Had

# Alembic is slow to import, and `serve` needs neither: hence the imports further down.
if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import Script

__all__ = [
    "HEAD",
    "Unmigrated",
    "is_sqlite",
    "migrate",
    "pending",
    "postgresql_engine",
    "require_migrated",
    "sqlite_engine",
]

HEAD = "0005"  # the newest revision, so that a start need not read the scripts; a test compares
VERSION = Read(select(column("version_num")).select_from(table("alembic_version")))
PRESENT = "SELECT version_num FROM alembic_version"


def migrate(url: str, told: Callable[[str], None] = lambda line: None) -> list[str]:
    """Runs what is missing and answers what that was. Not inside a running loop.

    Revisions go in one transaction, up to one that something follows: that is done, or gone on with, before the next.
    """
    from mintmark.store import backfill

    missing = missing_scripts(url)
    if is_sqlite(url):
        _make_file(sqlite_path(url))
    for script in missing:
        if script.module.facts.afterwards:
            _upgrade(url, script.revision)
            backfill.go_on(url, script.revision, script.module.facts.afterwards, told)
    if missing or not is_ahead(url):
        _upgrade(url, "head")
    return [titled(script) for script in missing]


def pending(url: str) -> list[str]:
    """The revisions that are missing or were interrupted, oldest first, each with its title. Makes no file."""
    return [titled(script) for script in missing_scripts(url)]


def missing_scripts(url: str) -> "list[Script]":
    """The same, as Alembic has them.

    Raises Unmigrated when the database is newer than this version of Mintmark, unless it is one that this version can
    serve on: then nothing is missing. Not inside a running loop.
    """
    from alembic.script import ScriptDirectory

    scripts = list(ScriptDirectory.from_config(_config(url)).walk_revisions())[::-1]
    (versions, rows) = peek.ask(url, PRESENT, history.SINCE)
    present = versions[0][0] if versions else ""
    had = [Had(*row) for row in rows]
    if present and present not in {script.revision for script in scripts}:
        _must_be_able(had, present)
        return []
    unfinished = {one.revision for one in had if one.finished_at is None}
    return [script for script in scripts if script.revision > present or script.revision in unfinished]


def is_ahead(url: str) -> bool:
    """Whether the database is newer than this version."""
    versions = peek.ask(url, PRESENT)[0]
    return bool(versions) and versions[0][0] > HEAD


def titled(script: "Script") -> str:
    return f"{script.revision} {script.doc}"


async def require_migrated(executor: Executor) -> None:
    """Raises Unmigrated, naming the command, unless this version can serve on the database.

    It has this version's tables; or those of a newer one whose migrations since have all only added (`expand`).
    """
    try:
        rows = await executor.fetch(VERSION)
    except Unavailable:
        raise
    except Exception as error:
        if not peek.says_no_table(error):
            raise
        raise Unmigrated("the database has no tables yet", MIGRATE) from None
    present = rows[0][0] if rows else None
    if present is None or present < HEAD:
        raise Unmigrated(f"the database is at revision {present or 'none'}, this version needs {HEAD}", MIGRATE)
    had = await history.since(executor, HEAD)
    if present > HEAD:
        _must_be_able(had, present)
    if any(one.revision == HEAD and one.finished_at is None for one in had):
        raise Unmigrated(f"the migration to revision {HEAD} was interrupted, or is under way; it goes on", MIGRATE)


def _must_be_able(had: Sequence[Had], present: str) -> None:
    if not history.may_serve(had, HEAD, present):
        raise _newer(had, present)


def _newer(had: Sequence[Had], present: str) -> Unmigrated:
    known = f"this version of Mintmark does not know ({HEAD} is its newest)"
    breaking = next((one for one in had if one.revision > HEAD and one.kind != "expand"), None)
    if breaking is None:
        return Unmigrated(f"the database is at revision {present}, which {known}; use a newer Mintmark", None)
    what = "takes away what older versions need" if breaking.kind == "contract" else "changes what is stored"
    return Unmigrated(
        f"the database is at revision {present}, and revision {breaking.revision} ({breaking.kind}), which {known}, "
        f"{what}; use a newer Mintmark",
        None,
    )


def _upgrade(url: str, revision: str) -> None:
    from alembic import command
    from sqlalchemy.exc import DBAPIError

    try:
        command.upgrade(_config(url), revision)
    except DBAPIError as error:
        if "lock timeout" not in str(error):
            raise
        reason = "another transaction holds a table that is to be changed; nothing was changed: try again"
        raise Unavailable(reason) from error


def folder() -> Path:
    """The migrations: inside the package of a wheel, at the top of a checkout."""
    package = Path(mintmark.__file__).parent
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parents[1] / "migrations"


def _config(url: str) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


def _make_file(path: Path) -> None:
    """Only its owner may read what lies in it. SQLite gives the files beside it the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
