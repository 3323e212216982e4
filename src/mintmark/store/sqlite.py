"""SQLite: reads and writes inline on the loop, and a thread that waits for the disk: one durable COMMIT for many."""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from mintmark.store import sqlite_reads
from mintmark.store.changes import Change, Unavailable, Value
from mintmark.store.coalesce import MOST, WAITING, Growth
from mintmark.store.executor import Read, Row
from mintmark.store.measures import Measures, Pool
from mintmark.store.sqlite_reads import Compiled
from mintmark.store.sqlite_steps import Shapes, Steps
from mintmark.store.sqlite_transaction import Error, Outcomes, Transaction, open_connection, translated
from mintmark.ticks import Tick

BUSY_READING = 500  # ms; readers wait for nobody in WAL, except while a crashed database is being recovered


@dataclass(slots=True)
class Asked:
    """A change set that waits, and whom to tell."""

    steps: Steps
    done: asyncio.Future[None]


class SQLite:
    """The executor of one process; it is made inside the running loop.

    Statements cost microseconds and run on the loop, for a thread would pay more for the interpreter's lock. What waits
    for the disk or for another process (COMMIT, a database that is busy, a mass end) runs in the thread, and what comes
    meanwhile makes the next batch.
    """

    dialect: Literal["sqlite"] = "sqlite"

    def __init__(self, path: Path) -> None:
        self.statements = 0
        self.measures = Measures(self._pool)
        self._loop = asyncio.get_running_loop()
        self._reads: dict[Read, Compiled] = {}
        self._shapes = Shapes()
        self._reader = open_connection(path, busy=BUSY_READING)
        self._cursor = self._reader.cursor()
        self._waiting: list[Asked] = []
        self._called = False  # a batch is about to start
        self._growth = Growth()
        self._transaction = Transaction(path)
        self._tick = Tick(self._transaction.let_go)
        self._under_way: Sequence[Asked] = ()
        self._began = 0.0  # of the batch under way
        self._idle = asyncio.Event()
        self._idle.set()
        self._thread = Thread(self._loop)

    async def fetch(self, read: Read, /, **parameters: Value) -> list[Row]:
        compiled = self._reads.get(read)
        if compiled is None:
            self._reads[read] = compiled = sqlite_reads.compiled(read)
        self.statements += 1
        values = compiled.statement.arrange(parameters)
        if not self._under_way:
            self._tick.come()
            if self._tick.is_busy:
                # Whoever asks in a tick was heard before it began: what was acknowledged before they asked is read.
                self._transaction.hold()
            found = self._transaction.read(compiled.statement.sql, values)
            if found is not None:
                return compiled.rows(found)
        try:
            rows: list[Row] = self._cursor.execute(compiled.statement.sql, values).fetchall()
        except UnicodeEncodeError:  # half a surrogate pair: no row can hold it, so none is equal to it
            return []
        except Error as error:
            word = translated(error)
            if word is error:
                raise
            self.measures.unavailable += isinstance(word, Unavailable)
            raise word from error
        return compiled.rows(rows)

    async def commit(self, changes: Sequence[Change], /) -> None:
        if not changes:
            return
        steps = self._shapes.steps(changes)
        if len(self._waiting) >= WAITING:
            self.measures.unavailable += 1
            raise Unavailable("too many change sets wait for the database")
        self.statements += len(steps)
        done = self._loop.create_future()
        self._waiting.append(Asked(steps, done))
        self._call()
        await done

    async def close(self) -> None:
        await self._idle.wait()
        await asyncio.to_thread(self._thread.close)
        self._transaction.close()
        self._reader.close()

    def _pool(self) -> Pool:
        """Two: one reads, the other writes."""
        return Pool(most=2, open=2, in_use=1 if self._under_way else 0, waiting=len(self._waiting))

    def _call(self) -> None:
        """The batch starts after a tick that has brought nothing more."""
        if not self._called and not self._under_way:
            self._called = True
            self._idle.clear()
            self._loop.call_soon(self._start)

    def _start(self) -> None:
        if self._growth.goes_on(len(self._waiting)):
            self._loop.call_soon(self._start)
            return
        self._called = False
        self._transaction.let_go()
        self._under_way, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        self._began = time.perf_counter()
        batch = [asked.steps for asked in self._under_way]
        outcomes = None if any(step.slow for steps in batch for step in steps) else self._transaction.attempt(batch)
        if outcomes is None:
            self._thread.run(partial(self._transaction.whole, batch), self._end)
        else:
            self._thread.run(partial(self._transaction.commit, outcomes), self._end)

    def _end(self, outcomes: Outcomes | Unavailable) -> None:
        """Only now is anything called written. A database that stays busy is told to those behind as well."""
        told, self._under_way = self._under_way, ()
        self.measures.batches.add(len(told))
        self.measures.commits.add(time.perf_counter() - self._began)
        if isinstance(outcomes, Unavailable):
            told, self._waiting = [*told, *self._waiting], []
            outcomes = [outcomes] * len(told)
        for asked, outcome in zip(told, outcomes, strict=True):
            if asked.done.done():  # whoever asked was cancelled: it is written all the same
                continue
            if outcome is None:
                asked.done.set_result(None)
            else:
                self.measures.unavailable += isinstance(outcome, Unavailable)
                asked.done.set_exception(outcome)
        if self._waiting:
            self._call()
        else:
            self._idle.set()


class Thread:
    """Does one thing at a time, and tells the loop what came of it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: queue.SimpleQueue[tuple[Work, Tell] | None] = queue.SimpleQueue()
        # A daemon: a process that ends without close() loses nothing that was acknowledged.
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    def run(self, work: "Work", tell: "Tell") -> None:
        self._queue.put((work, tell))

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            work, tell = job
            outcome = work()
            try:
                self._loop.call_soon_threadsafe(tell, outcome)
            except RuntimeError:  # the loop is closed: nobody is left to tell
                return


Work = Callable[[], Outcomes | Unavailable]
Tell = Callable[[Outcomes | Unavailable], None]
