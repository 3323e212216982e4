"""Bytes and seconds for people, and progress that is told now and then."""

import time
from collections.abc import Callable

EVERY = 1.0  # seconds between two words of progress


def size(count: int) -> str:
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def span(seconds: float) -> str:
    if seconds < 1:
        return "an instant"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def now_and_then(say: Callable[[str], None], monotonic: Callable[[], float] = time.monotonic) -> Callable[[str], None]:
    """Passes on one line a second at most; what is done sooner is not worth a word."""
    last = [monotonic()]

    def told(line: str) -> None:
        if monotonic() - last[0] >= EVERY:
            last[0] = monotonic()
            say(line)

    return told


def percentage(say: Callable[[str], None]) -> Callable[[int, int], None]:
    """How much is copied, of how much."""
    told = now_and_then(say)
    return lambda done, total: told(f"copied {done * 100 // max(total, 1)} %")
