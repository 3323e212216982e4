"""Which revisions a database has had, and of what kind: so that an older version knows whether it may serve on it."""

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, inspect, select, update

from mintmark.store import schema
from mintmark.store.executor import Executor, Read

TABLE = schema.schema_history
_SINCE = Read(
    select(TABLE.c.revision, TABLE.c.kind, TABLE.c.finished_at)
    .where(TABLE.c.revision >= bindparam("revision"))
    .order_by(TABLE.c.revision)
)
SINCE = "SELECT revision, kind, finished_at FROM schema_history ORDER BY revision"


class Had(NamedTuple):
    revision: str
    kind: str  # expand, contract, data
    finished_at: int | None  # None: what follows its commit is under way, or was interrupted


class Progress(NamedTuple):
    """How far what follows a commit has come."""

    step: int = 0
    after: str | int | None = None  # the last key that is done; None: none yet
    rows: int = 0


async def since(store: Executor, revision: str) -> list[Had]:
    """What it had from that revision on, oldest first."""
    return [Had(*row) for row in await store.fetch(_SINCE, revision=revision)]


def may_serve(had: Sequence[Had], head: str, present: str) -> bool:
    """Whether a version whose newest revision is `head` can serve on a database at `present`: all since only added."""
    ahead = [one for one in had if one.revision > head]
    return bool(ahead) and ahead[-1].revision == present and all(one.kind == "expand" for one in ahead)


# ── on the connection of a migration


def note(connection: Connection, revisions: Iterable[tuple[str, str, bool]]) -> None:
    """Revision, kind, and whether something follows its commit; those of before the table as well."""
    if not inspect(connection).has_table(TABLE.name):
        return
    there = set(connection.scalars(select(TABLE.c.revision)))
    now = time.time_ns() // 1_000_000
    for revision, kind, goes_on in revisions:
        if revision not in there:
            finished = None if goes_on else now
            values = {"revision": revision, "kind": kind, "applied_at": now, "finished_at": finished}
            connection.execute(insert(TABLE).values(values))


def forget(connection: Connection, revision: str) -> None:
    if inspect(connection).has_table(TABLE.name):
        connection.execute(delete(TABLE).where(TABLE.c.revision == revision))


def held_progress(connection: Connection, revision: str) -> Progress | None:
    """Held until the transaction ends, so that of two that migrate one goes on and the other waits. None: finished."""
    asked = select(TABLE.c.progress, TABLE.c.finished_at).where(TABLE.c.revision == revision).with_for_update()
    progress, finished_at = connection.execute(asked).one()
    if finished_at is not None:
        return None
    return Progress(*json.loads(progress)) if progress else Progress()


def keep_progress(connection: Connection, revision: str, progress: Progress) -> None:
    _set(connection, revision, {"progress": json.dumps(progress)})


def finish(connection: Connection, revision: str) -> None:
    _set(connection, revision, {"finished_at": time.time_ns() // 1_000_000})


def _set(connection: Connection, revision: str, values: dict[str, Any]) -> None:  # Any: as SQLAlchemy takes them
    connection.execute(update(TABLE).where(TABLE.c.revision == revision).values(values))
