"""What is secret is read from stdin: one line of a pipe, or typed twice, unseen, at a terminal."""

import getpass
import sys

from mintmark.commands import opening
from mintmark.commands.opening import Refused

LONGEST = 8192  # bytes


def password() -> str:
    """One line; its end is no part of it."""
    if sys.stdin.isatty():
        typed = getpass.getpass("Password: ")
        if typed != getpass.getpass("Again: "):
            raise Refused("the two are not the same")
        return _checked(typed)
    try:
        line = sys.stdin.buffer.readline(LONGEST).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("the password is not UTF-8 text") from None
    return _checked(line.removesuffix("\n").removesuffix("\r"))


def _checked(text: str) -> str:
    if not text:
        raise Refused("no password came in on stdin")
    return text


def hint(sentence: str) -> None:
    """What to do next: on stderr, so that stdout is the answer."""
    opening.say(sentence)
