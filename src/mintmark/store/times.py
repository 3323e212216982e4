"""Instants as they are stored: whole milliseconds since the epoch, UTC."""

from datetime import UTC, datetime, timedelta
from typing import overload

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


@overload
def ms(instant: datetime) -> int: ...
@overload
def ms(instant: None) -> None: ...
def ms(instant: datetime | None) -> int | None:
    """Milliseconds since the epoch, rounded down."""
    return None if instant is None else (instant - EPOCH) // MILLISECOND


@overload
def at(milliseconds: int) -> datetime: ...
@overload
def at(milliseconds: None) -> None: ...
def at(milliseconds: int | None) -> datetime | None:
    """The aware UTC instant that was stored."""
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1_000, UTC)
