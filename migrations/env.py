"""Runs the migrations on SQLite and PostgreSQL: one transaction for all of them, one process at a time."""

import asyncio
import os

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import Connection, text

from mintmark.store import history, migrate
from mintmark.store.schema import spelled

# Twenty nodes start together: one migrates, the others wait for it. The number means nothing, it is only ours.
LOCK = 5_648_267_190
# A table that somebody else holds for longer is not waited for: whoever comes behind the wait would wait too.
PATIENCE = "10s"


def run(connection: Connection) -> None:
    """The lock of PostgreSQL ends with the transaction; on SQLite the transaction itself is the lock."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
    context.configure(
        connection=connection,
        target_metadata=spelled(),
        transactional_ddl=True,
        compare_type=True,
        on_version_apply=note,
    )
    context.run_migrations()


def note(ctx: MigrationContext, step: MigrationInfo, **more: object) -> None:
    """In the transaction of the revision itself: what it was, for versions that do not know it."""
    assert ctx.connection is not None  # noqa: S101  there is no offline mode
    if not step.is_upgrade:
        history.forget(ctx.connection, str(step.source_revision_ids[0]))
        return
    scripts = context.script.walk_revisions("base", str(step.up_revision_id))
    known = [(script.revision, script.module.facts) for script in scripts]
    history.note(ctx.connection, ((revision, facts.kind, bool(facts.afterwards)) for revision, facts in known))


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
