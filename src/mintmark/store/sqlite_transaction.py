"""One SQLite transaction for many change sets, each written whole or not at all."""

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mintmark.store import driver, sqlite_staging
from mintmark.store.changes import Conflict, Unavailable, Value
from mintmark.store.executor import Row
from mintmark.store.sqlite_steps import Steps

Error: type[Exception] = driver.sqlite().Error

BUSY = 5_000  # ms that a batch waits for another process's turn; afterwards its requests hear 503
ASKS_EVERY = 0.001  # seconds between two attempts meanwhile
# After these faults nothing more can be said of the transaction: BUSY LOCKED NOMEM READONLY INTERRUPT IOERR CORRUPT
# FULL CANTOPEN PROTOCOL NOTADB (sqlite.org/rescode.html).
FAULTS = frozenset({5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 26})
SQLITE_BUSY = 5
HOLD = "BEGIN"  # the first read that comes after it takes the snapshot up

Outcomes = list[Exception | None]  # None: written


class Torn(Exception):
    """A change set failed after its first write: the batch must be done again, with savepoints."""


def open_connection(path: Path, *, busy: int) -> Any:
    """A connection in autocommit, for one thread at a time. It never makes the file."""
    connection = driver.sqlite().connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=512,
    )
    for pragma in (
        f"busy_timeout={BUSY}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "wal_autocheckpoint=4000",  # pages; a page that many commits touch is copied back once
        "cache_size=-32768",
        "journal_size_limit=67108864",
        f"busy_timeout={busy}",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


class Transaction:
    """The writing connection. Used by the loop and the thread in turn, never by both."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._holds = False  # a snapshot, between two transactions
        self._is_lost = False  # not even a ROLLBACK was possible: the next turn opens another connection
        self._connection = open_connection(path, busy=0)
        self._cursor = self._connection.cursor()
        self._reading = self._connection.cursor()

    def read(self, sql: str, values: Sequence[Value]) -> list[Row] | None:
        """Between two transactions this connection reads best: its pages are not thrown away when it writes.

        None: ask another one.
        """
        try:
            rows: list[Row] = self._reading.execute(sql, values).fetchall()
        except (Error, UnicodeEncodeError):
            return None
        return rows

    def hold(self) -> None:
        """What is read from now on is of one snapshot, until `let_go`: to take one up costs as much as a small read."""
        if not self._holds:
            with contextlib.suppress(Error):
                self._reading.execute(HOLD)
                self._holds = True

    def let_go(self) -> None:
        if self._holds:
            self._holds = False
            self._rollback()

    def close(self) -> None:
        self._connection.close()

    def attempt(self, batch: Sequence[Steps]) -> Outcomes | None:
        """Does everything but COMMIT. None: nothing was done, for it would take a while; `whole` must be called.

        Savepoints are seldom needed: what fails before it has written leaves nothing behind.
        """
        try:
            self._mend()
            self._cursor.execute("BEGIN IMMEDIATE")
            return [self._whole_or_torn(steps) for steps in batch]
        except (Torn, Error):
            self._rollback()
            return None

    def whole(self, batch: Sequence[Steps]) -> Outcomes | Unavailable:
        """Does everything, however long it takes."""
        try:
            self._mend()
            staged = [sqlite_staging.staged(self._connection, steps) for steps in batch]
            self._begin()
            outcomes = [self._with_savepoint(steps) for steps in staged]
        except Error as error:
            self._rollback()
            return _everybody(error, len(batch))
        outcome = self.commit(outcomes)
        if any(step.more for steps in batch for step in steps):
            sqlite_staging.clear(self._connection)
        return outcome

    def commit(self, outcomes: Outcomes) -> Outcomes | Unavailable:
        """Makes it durable: with synchronous=FULL, COMMIT returns after the disk has it."""
        try:
            self._cursor.execute("COMMIT")
        except Error as error:
            self._rollback()
            return _everybody(error, len(outcomes))
        return outcomes

    def _begin(self) -> None:
        """Waits for its turn. SQLite's own waiting asks ever more seldom, and starves beside a process that writes
        without a pause: it may miss every short moment in which the lock is free."""
        until = time.monotonic() + BUSY / 1_000
        while True:
            try:
                self._cursor.execute("BEGIN IMMEDIATE")
            except Error as error:
                if _code(error) != SQLITE_BUSY or time.monotonic() >= until:
                    raise
                time.sleep(ASKS_EVERY)
            else:
                return

    def _rollback(self) -> None:
        """Closing a connection undoes what it had begun, where nothing else can."""
        try:
            if self._connection.in_transaction:
                self._cursor.execute("ROLLBACK")
        except Error:
            self._is_lost = True
            self._connection.close()

    def _mend(self) -> None:
        if self._is_lost:
            self._connection = open_connection(self._path, busy=0)
            self._cursor = self._connection.cursor()
            self._reading = self._connection.cursor()
            self._is_lost = False

    def _whole_or_torn(self, steps: Steps) -> Exception | None:
        failure, wrote = self._carry_out(steps)
        if failure is not None and wrote:
            raise Torn
        return failure

    def _with_savepoint(self, steps: Steps) -> Exception | None:
        execute = self._cursor.execute
        execute("SAVEPOINT one")
        failure, _ = self._carry_out(steps)
        if failure is not None:
            execute("ROLLBACK TO one")
        execute("RELEASE one")
        return failure

    def _carry_out(self, steps: Steps) -> tuple[Exception | None, bool]:
        """What made it fail, if anything, and whether something had been written by then."""
        cursor = self._cursor
        wrote = False
        for step in steps:
            try:
                if step.more:
                    cursor.executemany(step.sql, step.more)
                else:
                    cursor.execute(step.sql, step.parameters)
            except Exception as error:  # not only the driver's: text that is no UTF-8, a number out of range
                if _code(error) in FAULTS:
                    raise
                return translated(error), wrote
            if step.reads:
                if cursor.fetchone() is None:
                    return Conflict("what the decision relied on has changed"), wrote
                continue
            wrote = wrote or cursor.rowcount > 0
            if step.rows is not None and cursor.rowcount != step.rows:
                return Conflict("what was to be changed has changed"), wrote
        return None, wrote


def translated(error: Exception) -> Exception:
    """The store's word for the driver's error. What is a fault of ours, an unknown table say, flies as it is."""
    if str(error).startswith(("UNIQUE constraint", "FOREIGN KEY constraint")):
        return Conflict(str(error))
    return Unavailable(str(error)) if _code(error) in FAULTS else error


def _code(error: Exception) -> int:
    """The primary result code; the extended ones have it in their low byte."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _everybody(error: Exception, count: int) -> Outcomes | Unavailable:
    """Busy: those who wait behind would meet the same, five seconds later, so they are told too."""
    word = translated(error)
    if isinstance(word, Unavailable) and _code(error) == SQLITE_BUSY:
        return word
    return [word] * count
