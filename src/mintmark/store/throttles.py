"""The table `throttles`: counts of attempts, moved on only as far as the decision that moved them still holds."""

from datetime import datetime

from sqlalchemy import BigInteger, bindparam, or_, select, update

from mintmark.protocol.throttling import Count, Tick
from mintmark.store.changes import Change, Insert, Run, Update, Values
from mintmark.store.executor import Executor, Read
from mintmark.store.schema import throttles
from mintmark.store.times import at, ms

_C = throttles.c
TOGETHER = 4  # counts that are looked up in one statement

_FIND = Read(
    select(_C.id, _C.failures, _C.first_at, _C.waits_until, _C.expires_at).where(
        or_(*(_C.id == bindparam(f"key_{number}") for number in range(TOGETHER)))
    )
)
# Many who come from one address move its count at once: whoever finds it moved on by others adds to that.
_ADD = (
    update(throttles)
    .where(
        _C.id == bindparam("of"),
        _C.first_at == bindparam("began"),
        _C.failures < bindparam("below"),
        _C.waits_until <= bindparam("now"),
        _C.expires_at > bindparam("now"),
    )
    .values(failures=_C.failures + 1, expires_at=bindparam("until", type_=BigInteger))
)
_TAKE_BACK = (
    update(throttles)
    .where(_C.id == bindparam("of"), _C.failures > 0, _C.expires_at > bindparam("now"))
    .values(failures=_C.failures - 1)
)
_CLEAR = update(throttles).where(_C.id == bindparam("of")).values(failures=0, waits_until=_C.first_at)


async def find(store: Executor, *ids: str) -> dict[str, Count]:
    """Those of up to TOGETHER that were ever counted, forgotten ones among them."""
    keys = {f"key_{number}": ids[min(number, len(ids) - 1)] for number in range(TOGETHER)}
    rows = await store.fetch(_FIND, **keys)
    return {row: Count(failures, at(first), at(waits), at(ends)) for row, failures, first, waits, ends in rows}


def count(id: str, read: Count | None, tick: Tick, now: datetime) -> Change:
    """Writes the decision `tick` on the row as it was `read`; Conflict where it would be another one by now."""
    if read is None:
        return Insert(throttles, {"id": id, **_values(tick.count)})
    if tick.below is None:
        return Update(throttles, {"id": id, **_values(read)}, _values(tick.count))
    until = ms(tick.count.expires_at)
    as_read: Values = {"of": id, "began": ms(read.first_at), "below": tick.below, "now": ms(now), "until": until}
    return Run(_ADD, as_read, rows=1, few=True, row="of")


def take_back(id: str, now: datetime) -> Change:
    """One attempt less."""
    return Run(_TAKE_BACK, {"of": id, "now": ms(now)}, few=True, row="of")


def clear(id: str) -> Change:
    """As if nothing had failed. The row stays: parallel attempts add to it, where they would race to insert it."""
    return Run(_CLEAR, {"of": id}, few=True, row="of")


def _values(count: Count) -> Values:
    return {
        "failures": count.failures,
        "first_at": ms(count.first_at),
        "waits_until": ms(count.waits_until),
        "expires_at": ms(count.expires_at),
    }
