"""How far long work is, on stderr: a bar on a terminal, elsewhere a line every few seconds."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self, TypeVar

from mintmark.commands import opening

T = TypeVar("T")

LONG = 2_000  # steps; what is shorter is over before anybody wonders
EVERY = 3.0  # seconds between two lines
STEP = 500  # steps between two looks at the clock


class Progress(AbstractContextManager["Progress"]):
    """One phase after the other; `quiet`: nothing is told."""

    def __init__(self, steps: int) -> None:
        self._quiet = steps < LONG
        self._phase, self._total, self._done = "", 0, 0
        self._told = time.monotonic()
        self._bar: Any = None  # Any: rich is imported where it is wanted
        self._task: Any = None

    def __enter__(self) -> Self:
        if not self._quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def phase(self, name: str, total: int) -> None:
        """What is being done now, and in how many steps."""
        self._phase, self._total, self._done = name, total, 0
        if self._bar is not None:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(name, total=total or None)

    def advance(self, steps: int = 1) -> None:
        self._done += steps
        if self._quiet or (self._done % STEP and steps == 1):
            return
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done)
        elif time.monotonic() - self._told >= EVERY:
            self._told = time.monotonic()
            opening.say(f"{self._phase}: {self._done} of {self._total}")

    def over(self, items: Iterable[T]) -> Iterator[T]:
        for item in items:
            yield item
            self.advance()


QUIET = Progress(0)
