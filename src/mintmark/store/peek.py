"""What a database says before anybody knows whether it has our tables: single queries, on a connection of their own."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from mintmark.store import driver
from mintmark.store.changes import Unavailable
from mintmark.store.connect import is_sqlite, sqlite_path
from mintmark.store.executor import Row


def ask(url: str, *queries: str) -> list[list[Row]]:
    """The rows of each query, all of one moment or nearly so; none where there is no such table, or no file.

    Changes nothing, makes no file. Not inside a running loop. Raises Unavailable.
    """
    return _ask_sqlite(sqlite_path(url), queries) if is_sqlite(url) else asyncio.run(_ask_postgresql(url, queries))


def says_no_table(error: Exception) -> bool:
    """The drivers say it each in their own class."""
    return "no such table" in str(error) or type(error).__name__ == "UndefinedTableError"


def _ask_sqlite(path: Path, queries: Sequence[str]) -> list[list[Row]]:
    if not path.is_file() or path.stat().st_size == 0:
        return [[] for _ in queries]
    sqlite = driver.sqlite()
    connection = sqlite.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)
    found: list[list[Row]] = []
    try:
        for query in queries:
            try:
                found.append(connection.execute(query).fetchall())
            except sqlite.Error as error:
                if not says_no_table(error):
                    raise Unavailable(str(error)) from error
                found.append([])
    finally:
        connection.close()
    return found


async def _ask_postgresql(url: str, queries: Sequence[str]) -> list[list[Row]]:
    import asyncpg

    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise Unavailable(f"the database does not answer: {error}") from error
    found: list[list[Row]] = []
    try:
        for query in queries:
            try:
                found.append([tuple(row) for row in await connection.fetch(query)])
            except asyncpg.UndefinedTableError:
                found.append([])
    finally:
        await connection.close()
    return found
