"""The clock of a server under test: it runs with the real one until a test sets it."""

from datetime import UTC, datetime, timedelta

from mintmark import durations


class Clock:
    """Set from any thread. What was issued keeps its times; what is asked next is judged by the new one."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)  # of the real clock
        self._frozen: datetime | None = None  # None: it runs

    def now(self) -> datetime:
        """Aware, UTC."""
        return self._frozen or datetime.now(UTC) + self._ahead

    def set(self, moment: datetime) -> None:
        """It runs on from there. Raises ValueError for a time without a zone."""
        if moment.tzinfo is None:
            raise ValueError("the time needs a zone, such as datetime.UTC")
        self._ahead = moment.astimezone(UTC) - datetime.now(UTC)
        if self._frozen is not None:
            self._frozen = moment.astimezone(UTC)

    def advance(self, span: timedelta | str | int) -> None:
        """A span as everywhere in Mintmark: `10m`, `1h30m`, seconds, or a timedelta; `-10m` goes back."""
        by = span if isinstance(span, timedelta) else _span(span)
        self._ahead += by
        if self._frozen is not None:
            self._frozen += by

    def freeze(self, moment: datetime | None = None) -> datetime:
        """It stands still, at `moment` or now, until it is set or moved on; answers where."""
        if moment is not None:
            self.set(moment)
        self._frozen = self.now() if moment is None else moment.astimezone(UTC)
        return self._frozen

    def reset(self) -> None:
        """The real time again."""
        self._ahead, self._frozen = timedelta(0), None


def _span(text: str | int) -> timedelta:
    if isinstance(text, str) and text.startswith("-"):
        return -durations.parse(text[1:])
    return durations.parse(text)
