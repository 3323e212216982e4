"""From MINTMARK_DATABASE_URL to an executor (contract, "Settings")."""

from pathlib import Path
from urllib.parse import urlsplit

from mintmark.store.executor import Executor

SQLITE = "sqlite:///"
POSTGRESQL = ("postgresql://", "postgres://")


MIGRATE = "mintmark migrate"


class Unmigrated(Exception):
    """The database is not at this version's schema; `command` mends it, None: no command does."""

    def __init__(self, reason: str, command: str | None) -> None:
        super().__init__(f"{reason}; run: {command}" if command else reason)
        self.command = command


class BadDatabaseUrl(ValueError):
    """The setting names no database that Mintmark can use."""


async def connect(url: str, *, connections: int = 8) -> Executor:
    """Opens the database for the running loop. `connections`: the most that PostgreSQL is asked for by this process.

    Raises BadDatabaseUrl, Unmigrated (no such file) or Unavailable.
    """
    # The drivers are imported where they are needed: the other one costs every start time and memory.
    if is_sqlite(url):
        from mintmark.store import sqlite

        path = sqlite_path(url)
        if not path.is_file():
            raise Unmigrated(f"there is no database at {path}", MIGRATE)
        return sqlite.SQLite(path)
    from mintmark.store import postgresql

    return await postgresql.open_database(postgresql_url(url), connections=connections)


def is_sqlite(url: str) -> bool:
    """Refuses what is neither form of the contract."""
    if url.startswith(SQLITE):
        sqlite_path(url)
        return True
    postgresql_url(url)
    return False


def sqlite_path(url: str) -> Path:
    """`sqlite:///relative` to the working directory, `sqlite:////absolute`."""
    path = url.removeprefix(SQLITE)
    if path in ("", ":memory:") or "?" in path:
        raise BadDatabaseUrl("sqlite:/// must be followed by the path of a file, and nothing else")
    return Path(path)


def postgresql_url(url: str) -> str:
    """The URL as the driver takes it: host, port, name, and libpq's parameters such as sslmode."""
    if not url.startswith(POSTGRESQL):
        raise BadDatabaseUrl("the database URL must start with sqlite:/// or postgresql://")
    parts = urlsplit(url)
    if not parts.path.strip("/"):
        raise BadDatabaseUrl("the database URL must name a database: postgresql://host/name")
    return url
