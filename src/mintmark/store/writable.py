"""Whether the database takes writes: a standby, a file that only may be read, and a lock that others hold do not."""

from sqlalchemy import update

from mintmark.store import schema
from mintmark.store.changes import Run
from mintmark.store.executor import Executor

# A whole write, on its way through lock and COMMIT, that changes no row: the configuration is row 1.
_NOTHING = update(schema.configuration).where(schema.configuration.c.id == 0).values(version=0)


async def attempt(store: Executor) -> None:
    """Raises Unavailable."""
    await store.commit([Run(_NOTHING, {}, rows=0)])
