"""The policy's `not_after`: the instant that nothing outlives, in its four forms (docs: policy; RFC 3339 §5.6).

Zones come from the system's or the package's time zone database: the one thing that this floor lets the standard
library read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from mintmark import nearest

_DAY = timedelta(days=1)
_DAILY = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?: ([A-Z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*))?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_HOW = (
    "must be a time of day (18:00, or 18:00 Europe/Berlin), a day (2026-12-31) "
    "or a time as RFC 3339 writes it (2026-12-31T18:00:00Z)"
)


@dataclass(frozen=True, slots=True)
class Daily:
    """A time on a zone's clock. It comes back each day, so it is never past."""

    clock: time
    zone: str | None = None  # None: UTC

    def instant(self, now: datetime) -> datetime:
        """The next time that the zone's clock shows it, in UTC."""
        return min(moment for moment in self._near(now) if moment > now)

    def _near(self, now: datetime) -> Iterator[datetime]:
        zone = ZoneInfo(self.zone or "UTC")
        today = now.astimezone(zone).date()
        for days in (0, 1, 2):  # the second day too: a zone may skip a whole one
            wall = datetime.combine(today + days * _DAY, self.clock, zone)
            moment, again = wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
            yield moment  # a time that the spring leaves out is as long after midnight as its name says
            if again > moment:  # the hour that autumn repeats
                yield again

    def written(self) -> str:
        return f"{self.clock:%H:%M} {self.zone}" if self.zone else f"{self.clock:%H:%M}"


@dataclass(frozen=True, slots=True)
class Fixed:
    """One instant, and how its administrator wrote it."""

    at: datetime
    text: str

    def instant(self, now: datetime) -> datetime:
        return self.at

    def written(self) -> str:
        return self.text


NotAfter = Daily | Fixed


def parse(text: object) -> NotAfter:
    """Raises ValueError with a sentence that fits behind the member's name."""
    if not isinstance(text, str):
        raise ValueError(_HOW)
    if found := _DAILY.fullmatch(text):
        hour, minute, zone = found.groups()
        return Daily(time(int(hour), int(minute)), None if zone is None else _zone(zone))
    if not _DATE.fullmatch(text) and not _INSTANT.fullmatch(text):
        raise ValueError(_HOW)
    try:
        return Fixed(_instant(text), text)
    except (ValueError, OverflowError):  # the thirtieth of February, the hour 25, the end of the year 9999
        raise ValueError(f"{_HOW}: there is no such time") from None


def _instant(text: str) -> datetime:
    if _DATE.fullmatch(text):
        return datetime.combine(date.fromisoformat(text) + _DAY, time.min, UTC)  # a day ends where the next begins
    return datetime.fromisoformat(text.upper()).astimezone(UTC)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):  # OSError: the database has a folder of that name
        raise ValueError(f"names an unknown time zone{nearest.hint(name, available_timezones())}") from None
    return name
