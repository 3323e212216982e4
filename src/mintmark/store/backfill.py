"""What follows the commit of a migration: rows filled batch by batch, indexes built beside writers.

Each batch is one transaction with its progress (`schema_history`), so that whoever runs `mintmark migrate` again after
an interruption goes on where it stopped, and no row is done twice.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnClause, Connection, column, select, table, text
from sqlalchemy.ext.asyncio import AsyncEngine

from mintmark.store import engines, history
from mintmark.store.connect import is_sqlite
from mintmark.store.history import Progress
from mintmark.store.revisions import Afterwards, BuildIndex, Fill

Told = Callable[[str], None]
ASKS_EVERY = 0.05  # seconds
BESIDE = 5_648_267_191  # the advisory lock of whoever builds an index beside writers; as LOCK in migrations/env.py


def go_on(url: str, revision: str, steps: Sequence[Afterwards], told: Told = lambda line: None) -> None:
    """Until it is finished, by this process or another. Not inside a running loop."""
    if is_sqlite(url):
        engine = engines.sqlite_engine(url)
        while True:
            with engine.begin() as connection:
                if _one(connection, revision, steps, told) is None:
                    return
    asyncio.run(_on_postgresql(url, revision, steps, told))


async def _on_postgresql(url: str, revision: str, steps: Sequence[Afterwards], told: Told) -> None:
    engine = engines.postgresql_engine(url)
    while True:
        async with engine.begin() as connection:
            step = await connection.run_sync(_one, revision, steps, told)
        if step is None:
            break
        if isinstance(step, BuildIndex):
            await _build_beside(engine, step)
            async with engine.begin() as connection:
                await connection.run_sync(_advance, revision, steps, step)
    await engine.dispose()


def _one(connection: Connection, revision: str, steps: Sequence[Afterwards], told: Told) -> Afterwards | None:
    """One batch, or one step; answers which it was. None: nothing is left."""
    progress = history.held_progress(connection, revision)
    if progress is None:
        return None
    if progress.step == len(steps):
        history.finish(connection, revision)
        return None
    step = steps[progress.step]
    if isinstance(step, Fill):
        progress = _fill(connection, step, progress)
        told(f"{revision}: {progress.rows} rows of {step.table}")
        history.keep_progress(connection, revision, progress)
    elif connection.dialect.name == "sqlite":  # one writer: there is no beside
        connection.execute(text(f"CREATE INDEX IF NOT EXISTS {step.sql}"))
        history.keep_progress(connection, revision, Progress(progress.step + 1))
    return step


def _fill(connection: Connection, step: Fill, progress: Progress) -> Progress:
    """The next batch, by the order of the key."""
    key: ColumnClause[Any] = column(step.key)  # Any: text or a number
    upto = select(key).select_from(table(step.table)).order_by(key).limit(step.batch)
    if progress.after is not None:
        upto = upto.where(key > progress.after)
    keys = list(connection.scalars(upto))
    if not keys:
        return Progress(progress.step + 1)
    # Every text is beyond the empty one, and keys that are numbers begin at 1.
    after = progress.after if progress.after is not None else type(keys[0])()
    done = connection.execute(text(step.statement), {"after": after, "upto": keys[-1]}).rowcount
    return Progress(progress.step, keys[-1], progress.rows + done)


async def _build_beside(engine: AsyncEngine, step: BuildIndex) -> None:
    """An index that an interruption left half built is marked invalid, and only takes time at each write.

    Who waits asks again and again: whoever builds waits for every statement under way, one that waits for it included.
    """
    async with engine.connect() as plain:
        connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
        while not await connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": BESIDE}):  # noqa: ASYNC110
            await asyncio.sleep(ASKS_EVERY)
        is_valid = await connection.scalar(
            text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)"), {"name": step.name}
        )
        if is_valid is False:
            await connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {step.name}"))
        if not is_valid:
            await connection.execute(text(f"CREATE INDEX CONCURRENTLY {step.sql}"))


def _advance(connection: Connection, revision: str, steps: Sequence[Afterwards], done: BuildIndex) -> None:
    """Past the index, unless somebody else was there first."""
    progress = history.held_progress(connection, revision)
    if progress is not None and progress.step < len(steps) and steps[progress.step] == done:
        history.keep_progress(connection, revision, Progress(progress.step + 1))
