"""Codes of authenticator apps: which are good at a moment, and what of what was typed is one (RFC 6238)."""

import hmac
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

PERIOD: Final = timedelta(seconds=30)
DIGITS: Final = 6
SEED_BYTES: Final = 20  # as long as the digest (RFC 4226 §4, R6)
SKEW: Final = 1  # steps that the clock of an app may be before or behind (RFC 6238 §5.2)
NEVER: Final = 0  # the last step of an app of which no code was used
MOST: Final = 5  # apps of one person: each makes guessing easier
PENDING: Final = timedelta(minutes=15)  # from the seed that was shown to its first code
LONGEST_NAME: Final = 64  # characters
LONGEST_TYPED: Final = 40  # characters that may be a code with what people put between its digits
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def step(now: datetime) -> int:
    """The number of the period that it is, counted from the epoch."""
    return (now - _EPOCH) // PERIOD


def good_steps(now: datetime, last_step: int) -> tuple[int, ...]:
    """The steps whose codes are good now: none that is as old as the last that was used, whatever the clock did."""
    here = step(now)
    return tuple(number for number in range(here - SKEW, here + SKEW + 1) if number > last_step)


def read(typed: str) -> str | None:
    """Six digits, of whatever script, with spaces and dashes between them as apps show them. None: no code."""
    if len(typed) > LONGEST_TYPED:
        return None
    digits = ""
    for letter in typed:
        value = unicodedata.decimal(letter, None)
        if value is not None:
            digits += str(value)
        elif not is_between(letter):
            return None
    return digits if len(digits) == DIGITS else None


def is_between(letter: str) -> bool:
    """What people, and apps, put between the letters of a code: spaces, dashes, and marks that nobody sees."""
    return letter.isspace() or unicodedata.category(letter) in ("Pd", "Cf") or letter == "\u2212"


def matched(code: str, codes: Mapping[int, str]) -> int | None:
    """The step of which it is the code; of several, the latest, so that it is good for none of them afterwards.

    codes: by step. Each is compared in constant time, and all of them are.
    """
    found = None
    for number in sorted(codes):
        if hmac.compare_digest(codes[number].encode(), code.encode()):
            found = number
    return found


def read_name(typed: str) -> str:
    """What a person calls an app, on one line. Raises ValueError with a sentence."""
    name = " ".join(typed.split())
    if not name or len(name) > LONGEST_NAME:
        raise ValueError(f"must have 1 to {LONGEST_NAME} characters")
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Co", "Cn") for letter in name):
        raise ValueError("must be text, without control characters")
    return name
