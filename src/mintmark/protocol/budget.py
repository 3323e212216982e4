"""Failures counted in this process only, for what costs nothing to try: so many a window, and then a wait."""

from collections.abc import Hashable
from datetime import datetime, timedelta

_SECOND = timedelta(seconds=1)
KEYS = 65_536  # counted at once; beyond that the oldest window is given up, so that strangers cannot fill the memory


class Budget:
    """`most` failures per key in each window of length `per`. A key is short: whoever chooses it does not fill it."""

    def __init__(self, most: int, per: timedelta, *, keys: int = KEYS) -> None:
        self._most = most
        self._per = per
        self._keys = keys
        self._windows: dict[Hashable, tuple[datetime, int]] = {}  # in the order in which the windows end

    def allow(self, key: Hashable, now: datetime) -> int | None:
        """None: go on. Otherwise the seconds until the window ends."""
        ends_at, failures = self._windows.get(key, (now, 0))
        if failures < self._most or ends_at <= now:
            return None
        return -(-(ends_at - now) // _SECOND)

    def fail(self, key: Hashable, now: datetime) -> None:
        """Counts one. Wait for nothing between `allow` and it, or parallel attempts get more than their share."""
        ends_at, failures = self._windows.get(key, (now, 0))
        if ends_at > now:
            self._windows[key] = (ends_at, failures + 1)
            return
        self._windows.pop(key, None)
        self._make_room(now)
        self._windows[key] = (now + self._per, 1)

    def __len__(self) -> int:
        return len(self._windows)

    def _make_room(self, now: datetime) -> None:
        """Two at a time go out for each that comes in: nobody ever waits for a sweep."""
        for _ in range(2):
            oldest = next(iter(self._windows), None)
            if oldest is None or (len(self._windows) < self._keys and self._windows[oldest][0] > now):
                return
            del self._windows[oldest]
