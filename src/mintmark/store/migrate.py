"""Brings a database to this version's tables, and refuses one that is not there (Alembic; contract, "migrate")."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import column, select, table

import mintmark
from mintmark.store import driver
from mintmark.store.changes import Unavailable
from mintmark.store.connect import MIGRATE, Unmigrated, is_sqlite, sqlite_path
from mintmark.store.executor import Executor, Read

# Alembic and the engines of SQLAlchemy are slow to import, and `serve` needs neither: hence the imports further down.
if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["HEAD", "Unmigrated", "is_sqlite", "migrate", "pending", "require_migrated"]

HEAD = "0002"  # the newest revision, so that a start need not read the scripts; a test compares
VERSION = Read(select(column("version_num")).select_from(table("alembic_version")))
PATIENCE = 60_000  # ms that a migration waits for the one of another process


def migrate(url: str) -> list[str]:
    """Runs what is missing, in one transaction; answers the revisions that were. Not inside a running loop."""
    from alembic import command

    missing = pending(url)
    if is_sqlite(url):
        _make_file(sqlite_path(url))
    command.upgrade(_config(url), "head")
    return missing


def pending(url: str) -> list[str]:
    """The revisions that are missing, oldest first, each with its title. Changes nothing, makes no file.

    Raises Unmigrated when the database is newer than this version of Mintmark. Not inside a running loop.
    """
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(_config(url))
    present = _present(url)
    if present is not None and present not in {script.revision for script in scripts.walk_revisions()}:
        raise _newer(present)
    missing = []
    for script in scripts.walk_revisions():
        if script.revision == present:
            break
        missing.append(f"{script.revision} {script.doc}")
    return missing[::-1]


async def require_migrated(executor: Executor) -> None:
    """Raises Unmigrated, naming the command, unless the database has exactly this version's tables."""
    try:
        rows = await executor.fetch(VERSION)
    except Unavailable:
        raise
    except Exception as error:  # the drivers say "no such table" each in their own class
        if not _says_no_table(error):
            raise
        raise Unmigrated("the database has no tables yet", MIGRATE) from None
    present = rows[0][0] if rows else None
    if present == HEAD:
        return
    if present is None or present < HEAD:
        raise Unmigrated(f"the database is at revision {present or 'none'}, this version needs {HEAD}", MIGRATE)
    raise _newer(present)


def folder() -> Path:
    """The migrations: inside the package of a wheel, at the top of a checkout."""
    package = Path(mintmark.__file__).parent
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parents[1] / "migrations"


def sqlite_engine(url: str) -> "Engine":
    """An engine whose transactions are real ones: DDL too is done whole or not at all."""
    from sqlalchemy import create_engine, event

    # NullPool: closed with the connection, so that the file is left without WAL beside it.
    from sqlalchemy.pool import NullPool

    engine = create_engine(
        f"sqlite:///{sqlite_path(url).absolute()}",
        module=driver.sqlite(),
        poolclass=NullPool,
        connect_args={"isolation_level": None, "timeout": PATIENCE / 1000},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
        connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def postgresql_engine(url: str) -> "AsyncEngine":
    """The driver takes the URL itself, so that there is one reading of it."""
    import asyncpg
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    async def connect() -> Any:
        return await asyncpg.connect(url, timeout=10, server_settings={"application_name": "mintmark migrate"})

    return create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)


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


def _present(url: str) -> str | None:
    """The revision that the database is at; None: it has no tables."""
    if is_sqlite(url):
        return _present_sqlite(sqlite_path(url))
    import asyncio

    return asyncio.run(_present_postgresql(url))


def _present_sqlite(path: Path) -> str | None:
    if not path.is_file() or path.stat().st_size == 0:
        return None
    connection = driver.sqlite().connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)
    try:
        there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if there else None
    finally:
        connection.close()
    return row[0] if row else None


async def _present_postgresql(url: str) -> str | None:
    import asyncpg

    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise Unavailable(f"the database does not answer: {error}") from error
    try:
        there = await connection.fetchval("SELECT to_regclass('alembic_version')")
        return await connection.fetchval("SELECT version_num FROM alembic_version") if there else None
    finally:
        await connection.close()


def _says_no_table(error: Exception) -> bool:
    return "no such table" in str(error) or type(error).__name__ == "UndefinedTableError"


def _newer(present: str) -> Unmigrated:
    reason = (
        f"the database is at revision {present}, which this version of Mintmark does not know ({HEAD} is its newest)"
    )
    return Unmigrated(f"{reason}; use a newer Mintmark", None)
