"""The one row that says whether what processes keep in memory is still current, and when everything was ended."""

from sqlalchemy import bindparam, select, update

from mintmark.store import schema
from mintmark.store.changes import Change, Run
from mintmark.store.executor import Executor, Read

_TABLE = schema.configuration
_FIND = Read(select(_TABLE.c.version, _TABLE.c.ended_before).where(_TABLE.c.id == 1))
ENDED_BEFORE = select(_TABLE.c.ended_before).where(_TABLE.c.id == 1).scalar_subquery()  # for a WHERE
_CHANGED = update(_TABLE).where(_TABLE.c.id == 1).values(version=_TABLE.c.version + bindparam("by"))


async def find(store: Executor) -> tuple[int, int]:
    """The version, and the watermark (ms) under which everything ever issued is over."""
    version, ended_before = (await store.fetch(_FIND))[0]
    return version, ended_before


def changed() -> Change:
    """Goes with every change to clients, resources, policies, keys and secrets: each node follows within a second."""
    return Run(_CHANGED, {"by": 1}, rows=1)
