"""The one way to leave a test out: for want of something that a command would install."""

import os
from collections import Counter
from collections.abc import Iterable
from typing import NoReturn

import pytest

MARK = "NOT RUN: "


def not_run(what: str, command: str) -> NoReturn:
    """Ends the test as not run. In CI, where everything has to be there, that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{MARK}{what}; install it with: {command}", pytrace=False)
    pytest.skip(f"{MARK}{what}; install it with: {command}")


def lines(skips: Iterable[object]) -> list[str]:
    """One line for each thing that is missing, from the (path, line, reason) of the skipped tests."""
    reasons = (str(skip[2]) for skip in skips if isinstance(skip, tuple))
    counted = Counter(reason[reason.index(MARK) :] for reason in reasons if MARK in reason)
    return [f"{reason}   ({count} test{'s' * (count > 1)})" for reason, count in sorted(counted.items())]
