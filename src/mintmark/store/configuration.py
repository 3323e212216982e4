"""The one row that says whether what processes keep in memory is still current, and when everything was ended."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, case, select, update

from mintmark.store import schema
from mintmark.store.changes import Change, Require, Run
from mintmark.store.executor import Executor, Read
from mintmark.store.times import ms

_TABLE = schema.configuration
_FIND = Read(select(_TABLE.c.version, _TABLE.c.ended_before).where(_TABLE.c.id == 1))
ENDED_BEFORE = select(_TABLE.c.ended_before).where(_TABLE.c.id == 1).scalar_subquery()  # for a WHERE
_CHANGED = update(_TABLE).where(_TABLE.c.id == 1).values(version=_TABLE.c.version + bindparam("by"))
_BEFORE = bindparam("before", type_=_TABLE.c.ended_before.type)
_END_BEFORE = (
    update(_TABLE)
    .where(_TABLE.c.id == 1)
    .values(
        ended_before=case((_TABLE.c.ended_before < _BEFORE, _BEFORE), else_=_TABLE.c.ended_before),
        version=_TABLE.c.version + bindparam("by"),
    )
)


async def find(store: Executor) -> tuple[int, int]:
    """The version, and the watermark (ms) under which everything ever issued is over."""
    version, ended_before = (await store.fetch(_FIND))[0]
    return version, ended_before


def changed() -> Change:
    """Goes with every change to clients, resources, policies, keys and secrets: each node follows within a second."""
    return Run(_CHANGED, {"by": 1}, rows=1)


def moved_once(changes: Sequence[Change]) -> list[Change]:
    """The version moves on once, however much was changed; always, so that every server looks."""
    moved = changed()
    return [*(change for change in changes if change != moved), moved]


def stands(version: int) -> Require:
    """The guard: nobody changed anything since that version was read."""
    return Require(_TABLE, {"id": 1, "version": version})


def end_before(moment: datetime) -> Change:
    """Everything ever issued up to then is over, sessions too; a later end of before stays."""
    return Run(_END_BEFORE, {"before": ms(moment), "by": 1}, rows=1)
