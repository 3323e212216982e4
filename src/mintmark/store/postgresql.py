"""PostgreSQL: SQL of Core run by asyncpg; what concurrent requests ask and write alike becomes one statement."""

from collections.abc import Sequence
from typing import Literal

import asyncpg

from mintmark.store.changes import Change, Unavailable, Value
from mintmark.store.connections import Connection, Connections
from mintmark.store.executor import Read, Row
from mintmark.store.measures import Measures
from mintmark.store.postgresql_errors import translated
from mintmark.store.postgresql_reads import Reads
from mintmark.store.postgresql_writes import Writes

CONNECT = 2.0  # seconds for a connection to be made
ANSWER = 6.0  # seconds for any answer; longer than the server's own limit, so that only a silent server meets it
SERVER = {
    "application_name": "mintmark",
    "statement_timeout": "5000",
    "lock_timeout": "2000",
    "idle_in_transaction_session_timeout": "5000",
    "default_transaction_isolation": "read committed",
    # Every statement finds its rows by keys. A plan is made once, also when it is made while the tables are empty.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "jit": "off",
}


async def open_database(url: str, *, connections: int) -> "PostgreSQL":
    """An executor for the running loop. Raises Unavailable."""

    async def one() -> Connection:
        try:
            return await asyncpg.connect(
                url,
                timeout=CONNECT,
                command_timeout=ANSWER,
                statement_cache_size=1024,
                max_cached_statement_lifetime=0,
                max_cacheable_statement_size=0,
                server_settings=SERVER,
            )
        except Exception as error:
            word = translated(error)
            if word is error:
                raise
            raise word from error

    pool = Connections(one, connections)
    await pool.open_first()
    return PostgreSQL(pool)


class PostgreSQL:
    """The executor of one process. It keeps connections and compiled statements, and nothing that was read."""

    dialect: Literal["postgresql"] = "postgresql"

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._reads = Reads(connections)
        self.measures = Measures(connections.pool)
        self._writes = Writes(connections, self.measures)

    @property
    def statements(self) -> int:
        return self._reads.statements + self._writes.statements

    async def fetch(self, read: Read, /, **parameters: Value) -> list[Row]:
        try:
            return await self._reads.fetch(read, parameters)
        except Unavailable:
            self.measures.unavailable += 1
            raise

    async def commit(self, changes: Sequence[Change], /) -> None:
        if not changes:
            return
        try:
            await self._writes.commit(changes)
        except Unavailable:
            self.measures.unavailable += 1
            raise

    async def close(self) -> None:
        await self._reads.idle()
        await self._writes.idle()
        await self._connections.close()
