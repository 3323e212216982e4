"""A client's secrets: what they are called and when they end. Several live at once, to be rolled without a pause."""

import re
from collections.abc import Collection
from datetime import UTC, datetime

from mintmark import durations
from mintmark.protocol.client_metadata import MetadataRefused

BYTES = 32
LONGEST_NAME = 100
OVER = "must be in the future"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def check_name(name: object, live: Collection[str]) -> str:
    """live: the names of the secrets that the client has."""
    if not isinstance(name, str) or len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        raise MetadataRefused("name", f"must be at most {LONGEST_NAME} letters, digits, dots, dashes and underscores")
    if name in live:
        raise MetadataRefused("name", f"is another secret's, {name!r}, already: end it first, or choose another name")
    return name


def made_up_name(live: Collection[str]) -> str:
    return next(name for number in range(1, len(live) + 2) if (name := f"secret-{number}") not in live)


def read_expiry(value: object, now: datetime) -> datetime:
    """A span from now, a date, or an RFC 3339 time."""
    try:
        if isinstance(value, str | int) and not isinstance(value, bool):
            return now + durations.parse(value)
    except (ValueError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        moment = None
    if moment is None or not isinstance(value, str):
        raise MetadataRefused("expires_at", "must be a span such as 30d, a date, or an RFC 3339 time")
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if moment <= now:
        raise MetadataRefused("expires_at", OVER)
    return moment
