"""`mintmark backup`: a copy of the database, made while it serves."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from mintmark.commands import opening, sizes
from mintmark.settings import Settings

JsonOption = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
POSTGRESQL = (
    "the database is PostgreSQL, which has tools of its own: pg_dump, or base backups and WAL for any point in time "
    "(docs/backups.md); put one back and run: mintmark restore --mark"
)


def backup(
    file: Annotated[Path, typer.Argument(help="Where the copy is to lie. Nothing may be there yet.")],
    json: JsonOption = False,
) -> None:
    """Copy the database to a file, while it serves. For SQLite; the sealing keys are not in it."""
    settings = opening.load()
    if settings.sqlite_path is None:
        raise opening.Refused(POSTGRESQL)
    opening.run(_look(settings))
    done = _copy(Path(settings.sqlite_path), file)
    opening.run(_remember(settings, file.name, done["bytes"]))
    if json:
        opening.show({"file": str(file), **done})
    else:
        size = sizes.size(int(done["bytes"]))
        opening.print_line(f"{file}: {size}, {done['rows']} rows, revision {done['revision']}, {done['seconds']} s")


async def _look(settings: Settings) -> None:
    """A database that cannot be opened with these settings could not be used again either."""
    async with opening.opened(settings, changing=False):
        pass


async def _remember(settings: Settings, name: str, size: int) -> None:
    from mintmark.events import BackedUp

    async with opening.opened(settings, changing=False) as opened:
        await opened.commit([], [BackedUp(file=name, size=size)])


def _copy(source: Path, file: Path) -> dict[str, Any]:  # Any: JSON
    """Beside its place until it is complete, looked through and on the disk."""
    from mintmark.store import backup as copies
    from mintmark.store.times import ms

    began = time.monotonic()
    if file.exists() or file.is_symlink():
        raise opening.Refused(f"{file} is there already; it is never written over")
    part = file.with_name(f"{file.name}.part")
    try:
        with copies.part(part) as written:
            copies.copy(source, part, sizes.percentage(opening.say), is_served=True)
            copies.mark_as_copy(part, ms(datetime.now(UTC)))
            found = copies.look_through(part)
            os.fsync(written)
            copies.put_new(part, file)
    except (copies.Unfit, OSError) as error:
        raise opening.Refused(f"no backup was made: {error}") from None
    seconds = round(time.monotonic() - began, 2)
    return {"bytes": found.bytes, "rows": found.rows, "revision": found.revision, "seconds": seconds}
