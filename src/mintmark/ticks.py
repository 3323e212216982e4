"""Who comes in the same tick of the event loop, so that what costs once for all of them is done once."""

import asyncio
from collections.abc import Callable


class Tick:
    """The tick of the loop that runs, as far as anybody has come in it. Used on the loop alone."""

    __slots__ = ("_before", "_ended", "_now", "number")

    def __init__(self, ended: Callable[[], None] = lambda: None) -> None:
        """ended: called after each tick in which somebody came, before anybody of the next."""
        self.number = 0  # of those in which somebody came
        self._now = self._before = 0  # who came in this one, and in the last
        self._ended = ended

    def come(self) -> int:
        """Said by whoever comes; answers the number of the tick."""
        if not self._now:
            asyncio.get_running_loop().call_soon(self._end)
        self._now += 1
        return self.number

    @property
    def is_busy(self) -> bool:
        """Whether somebody else came in it too, or will as it seems: in the last one there were several."""
        return self._now > 1 or self._before > 1

    def _end(self) -> None:
        self.number += 1
        self._now, self._before = 0, self._now
        self._ended()
