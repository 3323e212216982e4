"""What counts and times, in plain Python: an addition is all that a request pays, and who scrapes pays for the rest.

Used on the loop alone, so that nothing needs a lock.
"""

from bisect import bisect_left
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)

SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SIZES: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
MOST: Final = 200  # different keys; more come from outside, and are counted as one
METHODS: Final = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})
OTHER: Final = "other"
TOGETHER: Final = 256  # requests that are counted at once


class Histogram:
    """How many values were at most each bound, and their sum."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)  # each value in one of them; the last is for what is above every bound
        self.sum = 0.0

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


class Tally(Generic[K]):
    """How often each key was met. A key too many is counted under `rest`."""

    __slots__ = ("_most", "_rest", "found")

    def __init__(self, rest: K, most: int = MOST) -> None:
        self._rest, self._most = rest, most
        self.found: dict[K, int] = {}

    def add(self, key: K, by: int = 1) -> None:
        found = self.found
        if key in found:
            found[key] += by
            return
        if len(found) >= self._most:
            key = self._rest
        found[key] = found.get(key, 0) + by


Outcome = tuple[str, int, str]  # method, status, and the OAuth error code; "": none was said


class Door:
    """What one door answered, and how long that took.

    A request only leaves its note in `met`. Some hundred of them are counted together, which costs each a third of what
    it would cost by itself, between two waits.
    """

    __slots__ = ("_answers", "_seconds", "met", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._answers: dict[Outcome, int] = {}
        self._seconds = Histogram(SECONDS)
        self.met: list[tuple[str, int, str, float]] = []  # an Outcome, and seconds

    def note(self, method: str, status: int, error: str, seconds: float) -> None:
        """Method, status and error come out of our own code, but for a method that no door knows."""
        self.met.append((method, status, error, seconds))
        if len(self.met) >= TOGETHER:
            self.count()

    def count(self) -> None:
        """What was noted since."""
        met, self.met = self.met, []
        answers, bounds, counts = self._answers, self._seconds.bounds, self._seconds.counts
        total = 0.0
        for method, status, error, seconds in met:
            key = (method if method in METHODS else OTHER, status, error)
            answers[key] = answers.get(key, 0) + 1
            counts[bisect_left(bounds, seconds)] += 1
            total += seconds
        self._seconds.sum += total

    def counted(self) -> tuple[dict[Outcome, int], Histogram]:
        """Everything so far."""
        self.count()
        return self._answers, self._seconds
