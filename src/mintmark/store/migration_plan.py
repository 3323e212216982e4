"""What a migration would cost: rows, locks, time and space of each revision that is missing (`migrate --plan`)."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from mintmark.store import peek
from mintmark.store.connect import is_sqlite, sqlite_path
from mintmark.store.migrate import missing_scripts
from mintmark.store.revisions import BuildIndex, Facts, Fill, How, Touch

if TYPE_CHECKING:
    from alembic.script import Script

Dialect = Literal["sqlite", "postgresql"]
INSTANT = 0.05  # seconds: a change to the catalogue alone
# Rows a second, half of what was measured on two cores of a small machine with rows of 230 bytes.
RATES: Mapping[Dialect, Mapping[How, int]] = {
    "sqlite": {"builds index": 900_000, "builds index beside": 900_000, "fills": 150_000, "rewrites": 380_000},
    "postgresql": {"builds index": 700_000, "builds index beside": 350_000, "fills": 22_000, "rewrites": 130_000},
}
ROW = 250  # bytes that a rewritten row takes anew, for want of something better
JOURNAL = 2  # what is written lies in the log of the database as well, until a checkpoint
LARGE = 2**30  # bytes of an SQLite file from which on its rows are not counted where they were analyzed
# The strongest last. Where nothing is named, nobody waits.
LOCKS: Mapping[How, str] = {
    "creates": "none",
    "builds index beside": "SHARE UPDATE EXCLUSIVE",
    "fills": "ROW EXCLUSIVE",
    "builds index": "SHARE",
    "adds column": "ACCESS EXCLUSIVE",
    "drops": "ACCESS EXCLUSIVE",
    "drops index": "ACCESS EXCLUSIVE",
    "rewrites": "ACCESS EXCLUSIVE",
}
STRENGTH = tuple(dict.fromkeys(LOCKS.values()))


@dataclass(frozen=True, slots=True)
class Table:
    """What happens to one table, and who waits meanwhile. A lock is held until its transaction ends."""

    table: str
    does: tuple[str, ...]
    rows: int
    is_estimate: bool
    lock: str
    reads_wait: bool
    writes_wait: bool
    about_seconds: float
    about_bytes: int


@dataclass(frozen=True, slots=True)
class Planned:
    revision: str
    title: str
    kind: str
    tables: tuple[Table, ...]
    about_seconds: float
    about_bytes: int  # free space that it needs

    def document(self) -> dict[str, object]:
        return asdict(self)


def plan(url: str) -> list[Planned]:
    """Of each revision that is missing or was interrupted, oldest first. Changes nothing."""
    scripts = missing_scripts(url)
    dialect: Dialect = "sqlite" if is_sqlite(url) else "postgresql"
    rows = counted(url, {touch.table for script in scripts for touch in touches(script.module.facts)})
    return [_planned(script, rows, dialect) for script in scripts]


def touches(facts: Facts) -> list[Touch]:
    """In the transaction, and after it."""
    found = list(facts.touches)
    for step in facts.afterwards:
        match step:
            case Fill(table=table):
                found.append(Touch(table, "fills", row_bytes=ROW))
            case BuildIndex(table=table, name=name):
                found.append(Touch(table, "builds index beside", name, row_bytes=80))
    return found


def counted(url: str, tables: Iterable[str]) -> dict[str, tuple[int, bool]]:
    """The rows of each table, and whether that is an estimate. A table that is not there has none."""
    names = sorted(tables)
    guesses = _guesses_sqlite(url) if is_sqlite(url) else _guesses_postgresql(url)
    counts = [name for name in names if name not in guesses]
    answers = peek.ask(url, *(f'SELECT count(*) FROM "{name}"' for name in counts))  # noqa: S608  names of migrations
    exact = {name: (rows[0][0] if rows else 0, False) for name, rows in zip(counts, answers, strict=True)}
    return exact | {name: (guesses[name], True) for name in names if name in guesses}


def _guesses_sqlite(url: str) -> dict[str, int]:
    """Of what `ANALYZE` left, where the file is large."""
    path = sqlite_path(url)
    if not path.is_file() or path.stat().st_size < LARGE:
        return {}
    (rows,) = peek.ask(url, "SELECT tbl, max(CAST(stat AS INTEGER)) FROM sqlite_stat1 GROUP BY tbl")
    return dict(rows)


def _guesses_postgresql(url: str) -> dict[str, int]:
    """Of its statistics; what was never analyzed is counted, and so is what is small."""
    (rows,) = peek.ask(
        url,
        "SELECT relname::text, reltuples::bigint FROM pg_class WHERE relkind = 'r' AND reltuples > 100000 "
        "AND relnamespace = current_schema()::regnamespace",
    )
    return dict(rows)


def _planned(script: "Script", rows: Mapping[str, tuple[int, bool]], dialect: Dialect) -> Planned:
    facts: Facts = script.module.facts
    seconds = {touch: _seconds(touch, rows[touch.table][0], dialect) for touch in touches(facts)}
    inside = sum(seconds[touch] for touch in facts.touches)  # for so long every lock of the transaction is held
    tables = []
    for name in dict.fromkeys(touch.table for touch in touches(facts)):
        mine = [touch for touch in touches(facts) if touch.table == name]
        tables.append(_table(name, mine, rows[name], seconds, inside, dialect))
    return Planned(
        revision=script.revision,
        title=script.doc,
        kind=facts.kind,
        tables=tuple(tables),
        about_seconds=_shown(sum(seconds.values())),
        about_bytes=sum(table.about_bytes for table in tables),
    )


def _table(
    name: str,
    mine: Sequence[Touch],
    rows: tuple[int, bool],
    seconds: Mapping[Touch, float],
    inside: float,
    dialect: Dialect,
) -> Table:
    lock = max((LOCKS[touch.how] for touch in mine), key=STRENGTH.index)
    is_new = any(touch.how == "creates" for touch in mine)
    own = sum(seconds[touch] for touch in mine)
    if dialect == "sqlite":  # one writer at a time; readers see what stood before
        lock, reads_wait, writes_wait = "the one writer of the file", False, True
    else:
        reads_wait = not is_new and lock == "ACCESS EXCLUSIVE"
        writes_wait = not is_new and lock in ("SHARE", "ACCESS EXCLUSIVE")
    waits = inside if writes_wait or reads_wait else own
    written = sum(touch.row_bytes or (ROW if touch.how == "rewrites" else 0) for touch in mine) * rows[0]
    does = tuple(f"{touch.how} {touch.name}".strip() for touch in mine)
    return Table(name, does, *rows, lock, reads_wait, writes_wait, _shown(waits), written * JOURNAL)


def _seconds(touch: Touch, rows: int, dialect: Dialect) -> float:
    rate = RATES[dialect].get(touch.how)
    return INSTANT if rate is None else max(rows / rate, INSTANT)


def _shown(seconds: float) -> float:
    """Two figures: more would be a promise."""
    return 0.0 if seconds == 0 else round(seconds, 1 - math.floor(math.log10(seconds)))
