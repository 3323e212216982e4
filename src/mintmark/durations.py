"""A span of time as people write it: 30s, 10m, 8h, 30d, 2w, 1h30m, or a number of seconds (docs: settings, policy)."""

import re
from datetime import timedelta

LONGEST = timedelta(days=3650)

_FORM = re.compile(r"(?=[0-9])(?:([0-9]+)w)?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?")
_SECONDS = (604800, 86400, 3600, 60, 1)
_MOST_CHARACTERS = 64  # what is longer is no span, and Python refuses to read a number of 4,301 digits
_HOW = "must be a duration such as 30s, 10m, 8h, 30d, 2w or 1h30m, or a whole number of seconds"


def parse(text: object) -> timedelta:
    """Raises ValueError with a sentence that fits behind the setting's name."""
    span = _seconds(text)
    if span < 1:
        raise ValueError("must be longer than zero")
    if span > LONGEST.total_seconds():
        raise ValueError("must be at most ten years (3650d)")
    return timedelta(seconds=span)


def _seconds(text: object) -> int:
    if isinstance(text, int) and not isinstance(text, bool):  # JSON's true is a Python int
        return text
    if not isinstance(text, str) or len(text) > _MOST_CHARACTERS:
        raise ValueError(_HOW)
    if text.isascii() and text.isdigit():
        return int(text)
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(_HOW)
    return sum(int(count or 0) * unit for count, unit in zip(found.groups(), _SECONDS, strict=True))


def shortest(span: timedelta) -> str:
    """How it is echoed: carried into larger units, none of them zero; weeks only where they are all of it (2w, 30d)."""
    seconds, fraction = divmod(span, timedelta(seconds=1))
    if fraction or seconds < 1:
        raise ValueError("only a positive whole number of seconds can be written")
    if seconds % _SECONDS[0] == 0:
        return f"{seconds // _SECONDS[0]}w"
    written = ""
    for unit, size in zip("dhms", _SECONDS[1:], strict=True):
        count, seconds = divmod(seconds, size)
        written += f"{count}{unit}" if count else ""
    return written
