"""What an executor counts of its own work."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from mintmark.counting import SECONDS, SIZES, Histogram
from mintmark.store.executor import Executor


class Pool(NamedTuple):
    """Connections, and who waits for one or for their batch."""

    most: int
    open: int
    in_use: int
    waiting: int


@dataclass(slots=True)
class Measures:
    pool: Callable[[], Pool]
    batches: Histogram = field(default_factory=lambda: Histogram(SIZES))  # change sets that were written together
    commits: Histogram = field(default_factory=lambda: Histogram(SECONDS))  # from the first statement until it lasts
    unavailable: int = 0  # reads and change sets that heard Unavailable


def of(store: Executor) -> Measures | None:
    """None: this executor counts nothing (one that a test put in between)."""
    found = getattr(store, "measures", None)
    return found if isinstance(found, Measures) else None
