"""What time the database says it is."""

from datetime import datetime

from sqlalchemy import BigInteger, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from mintmark.store.executor import Executor, Read
from mintmark.store.times import at


class now_ms(GenericFunction[int]):  # noqa: N801  SQLAlchemy names functions by their class
    """Milliseconds since the epoch, by the database's clock."""

    type = BigInteger()
    inherit_cache = True


@compiles(now_ms, "sqlite")
def _sqlite(element: now_ms, compiler: SQLCompiler, **kw: object) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


@compiles(now_ms, "postgresql")
def _postgresql(element: now_ms, compiler: SQLCompiler, **kw: object) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"


_NOW = Read(select(now_ms()))


async def read(store: Executor) -> datetime:
    return at((await store.fetch(_NOW))[0][0])
