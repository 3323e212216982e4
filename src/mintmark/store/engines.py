"""The engines that migrations run on; whatever serves has an executor instead."""

from typing import TYPE_CHECKING, Any

from mintmark.store import driver
from mintmark.store.connect import sqlite_path

# SQLAlchemy's engines are slow to import, and `serve` needs none: hence the imports further down.
if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

PATIENCE = 60_000  # ms that a migration waits for the one of another process


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
