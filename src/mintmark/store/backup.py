"""Copies of an SQLite database: made while it serves, looked through, and put in the place of another.

SQLite's online backup API copies one moment of the database (sqlite.org/backup.html); writers go on meanwhile.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mintmark.store import driver

Told = Callable[[int, int], None]  # pages copied, pages in all

STEP = 1024  # pages: 4 MiB
MAGIC = b"SQLite format 3\0"
HEAD = 100  # bytes before the first page's own (sqlite.org/fileformat2.html#the_database_header)
OURS = {"alembic_version", "configuration", "people", "clients", "secrets", "signing_keys"}
BESIDE = ("-wal", "-shm", "-journal")  # what SQLite lays beside a file, by the end of its name
# The bytes that SQLite locks: whoever has the file open in WAL mode holds some of them (sqlite.org/lockingv3.html).
LOCKED_FROM, LOCKED = 0x4000_0000, 512
NOT_OURS_TO_MEND = {11, 14, 26}  # CORRUPT CANTOPEN NOTADB (sqlite.org/rescode.html)


class Unfit(Exception):
    """The file is no backup that can be used, or nothing can be written where it should be; nothing was changed."""


class InUse(Exception):
    """Somebody has the database open."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was found in a copy once it was complete."""

    bytes: int
    rows: int
    revision: str


@contextmanager
def part(path: Path) -> Iterator[int]:
    """An empty file of its owner's alone, to be filled and then put in place. It is gone afterwards, whatever happens.

    One that was left behind by a process that was killed is used anew. Raises Unfit where another process fills it.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Unfit(f"cannot write {path}: {error.strerror}") from None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Unfit(f"another process is writing {path}: let it end") from None
        try:
            os.fchmod(file, 0o600)
            os.ftruncate(file, 0)
            yield file
        finally:
            for name in ("", *BESIDE):
                Path(f"{path}{name}").unlink(missing_ok=True)
    finally:
        os.close(file)


def copy(source: Path, target: Path, told: Told = lambda done, total: None, *, is_served: bool) -> None:
    """One moment of the source, whose other users get half of the time. is_served: somebody may write to it."""
    sqlite = driver.sqlite()
    uri = f"{source.absolute().as_uri()}?mode=rw" if is_served else _uri(source)
    reading = sqlite.connect(uri, uri=True, isolation_level=None, timeout=5)
    try:
        writing = sqlite.connect(f"{target.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
        try:
            writing.execute("PRAGMA synchronous=OFF")  # it is fsynced once, at the end
            # Held to the end: without it the copy would begin anew whenever somebody writes, and never be done.
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
            reading.backup(writing, pages=STEP, progress=_Pace(told))
            writing.execute("PRAGMA journal_mode=DELETE").fetchone()  # one file, and nothing beside it
        finally:
            writing.close()
    except sqlite.Error as error:
        raise Unfit(f"cannot copy {source} to {target}: {_said(error)}") from None
    finally:
        reading.close()


class _Pace:
    """Between two steps the disk and the processor are left to the server for as long as the step took."""

    def __init__(self, told: Told) -> None:
        self._told, self._since = told, time.monotonic()

    def __call__(self, status: int, remaining: int, total: int) -> None:
        self._told(total - remaining, total)
        if remaining:
            time.sleep(min(time.monotonic() - self._since, 0.5))
        self._since = time.monotonic()


def mark_as_copy(path: Path, now: int) -> None:
    """Nobody serves it before a new epoch has begun."""
    with _reading(path, "rw") as connection:
        connection.execute("UPDATE configuration SET copied_at = ? WHERE id = 1", (now,))


def look_through(path: Path) -> Copied:
    """Every page of a copy. Raises Unfit."""
    with _reading(path, "ro") as connection:
        found = [" ".join(str(row[0]).split()) for row in connection.execute("PRAGMA integrity_check(3)")]
        if found != ["ok"]:
            raise Unfit(f"{path}: it is damaged ({'; '.join(found)})")
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        counts = (f'SELECT count(*) FROM "{name}"' for name in tables)  # noqa: S608  names of its own tables
        rows = sum(connection.execute(count).fetchone()[0] for count in counts)
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return Copied(path.stat().st_size, rows, revision)


def look_at(path: Path) -> str:
    """The revision of a file that looks like one of our databases. Raises Unfit."""
    try:
        with path.open("rb") as file:
            head, size = file.read(HEAD), os.fstat(file.fileno()).st_size
    except OSError as error:
        raise Unfit(f"cannot read {path}: {error.strerror}") from None
    if not head.startswith(MAGIC) or len(head) < HEAD:
        raise Unfit(f"{path} is no SQLite database")
    page, pages = int.from_bytes(head[16:18]), int.from_bytes(head[28:32])
    page = 65_536 if page == 1 else page
    if size % max(page, 512) or size < page * pages:  # SQLite takes the rest of the last page for zeros
        raise Unfit(f"{path} is truncated: it has {size} bytes of {page * pages}")
    with _reading(path, "ro") as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables >= OURS:
            raise Unfit(f"{path} is a database of another application")
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        if row is None:
            raise Unfit(f"{path} is a database without a revision")
        return str(row[0])


def settle(path: Path) -> None:
    """What lies in the log of a copy comes into the file. Raises Unfit."""
    with _reading(path, "rw") as connection:
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    if Path(f"{path}-wal").exists():
        raise Unfit(f"{path} could not be completed")


def put_new(made: Path, place: Path) -> None:
    """Never over a file that is there."""
    try:
        os.link(made, place)
    except FileExistsError:
        raise Unfit(f"{place} is there already; it is never written over") from None
    except OSError:  # a file system without links
        if place.exists():
            raise Unfit(f"{place} is there already; it is never written over") from None
        made.rename(place)
    sync_folder(place)


def put_in_place(made: Path, place: Path, kept: Path) -> bool:
    """In the place of a database that nobody has open, which is kept. True: there was one. Raises InUse, Unfit.

    At each instant there is a whole database at the place: the old one or the new one.
    """
    if not place.exists():
        put_new(made, place)
        return False
    _fold_in(place)
    with unused(place):
        try:
            os.link(place, kept)
        except OSError as error:
            raise Unfit(f"cannot keep the replaced database as {kept}: {error.strerror}") from None
        # A database that could not be opened keeps its log, which must not be taken for the new one's.
        with suppress(FileNotFoundError):
            Path(f"{place}-wal").rename(f"{kept}-wal")
        Path(f"{place}-shm").unlink(missing_ok=True)
        made.replace(place)
        sync_folder(place)
    return True


@contextmanager
def unused(path: Path) -> Iterator[None]:
    """Nobody has it open, and nobody can as long as the block lasts. Changes nothing; the file may be damaged.

    Raises InUse. This process must not have it open through SQLite: closing this would take its locks away.
    """
    file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, LOCKED, LOCKED_FROM)
        except OSError:
            raise InUse(f"{path} is open in another process") from None
        yield
    finally:
        os.close(file)


def sync_folder(path: Path) -> None:
    folder = os.open(path.absolute().parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _fold_in(path: Path) -> None:
    """What lies in its log comes into the file. Damaged as it may be, it is then kept as it is."""
    sqlite = driver.sqlite()
    connection = sqlite.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=0)
    try:
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite.Error as error:
        if _code(error) not in NOT_OURS_TO_MEND:
            raise InUse(f"{path} is open in another process ({_said(error)})") from None
    finally:
        connection.close()


@contextmanager
def _reading(path: Path, mode: str) -> Iterator[Any]:  # Any: the driver has no types
    sqlite = driver.sqlite()
    uri = _uri(path) if mode == "ro" else f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite.connect(uri, uri=True, isolation_level=None, timeout=5)
    try:
        yield connection
    except sqlite.Error as error:
        raise Unfit(f"{path} cannot be used: {_said(error)}") from None
    finally:
        connection.close()


def _uri(path: Path) -> str:
    """To read a file and leave it as it is. Without a log beside it, it may lie where nothing can be written."""
    is_alone = not any(Path(f"{path}{name}").exists() for name in ("-wal", "-journal"))
    return f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if is_alone else ''}"


def _said(error: Exception) -> str:
    """By its text: the backup's own errors have no code."""
    text = str(error)
    if "I/O error" in text or "is full" in text:
        return f"{text} (is the disk full?)"
    return f"it is damaged ({text})" if "malformed" in text or "not a database" in text else text


def _code(error: Exception) -> int:
    """The primary result code (sqlite.org/rescode.html)."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
