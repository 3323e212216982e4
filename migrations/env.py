"""Runs the migrations on SQLite and PostgreSQL: one transaction for all of them, one process at a time."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection, text

from mintmark.store import migrate
from mintmark.store.schema import metadata

# Twenty nodes start together: one migrates, the others wait for it. The number means nothing, it is only ours.
LOCK = 5_648_267_190


def run(connection: Connection) -> None:
    """The lock of PostgreSQL ends with the transaction; on SQLite the transaction itself is the lock."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transactional_ddl=True,
        compare_type=True,
    )
    context.run_migrations()


async def run_postgresql(url: str) -> None:
    """There is one PostgreSQL driver, and it is asynchronous."""
    engine = migrate.postgresql_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


def main(url: str) -> None:
    """Everything that is missing, or nothing."""
    if migrate.is_sqlite(url):
        with migrate.sqlite_engine(url).begin() as connection:
            run(connection)
    else:
        asyncio.run(run_postgresql(url))


if context.is_offline_mode():
    raise SystemExit("offline migrations are not made: use mintmark migrate --plan")
main(context.config.attributes.get("url") or os.environ["MINTMARK_DATABASE_URL"])
