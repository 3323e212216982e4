"""Scopes: what an access token lets its holder do (RFC 6749 §3.3; OIDC Core §5.4, §11)."""

import re
from collections.abc import Collection, Iterable

from mintmark.protocol.errors import InvalidScope

OPENID = "openid"
OFFLINE = "offline_access"
# They speak of the person and belong to the issuer itself; every other scope belongs to a registered resource.
IDENTITY = ("openid", "profile", "email", "address", "phone", "groups", "offline_access")
ADMIN_PREFIX = "admin:"
LONGEST = 4096  # characters of one scope parameter

_SYNTAX = re.compile(r"[\x21\x23-\x5B\x5D-\x7E ]*")


def parse(text: str) -> tuple[str, ...]:
    """The words in their order, each once. Runs of spaces are one."""
    if len(text) > LONGEST:
        raise InvalidScope(
            f"scope is longer than {LONGEST} characters",
            check="scope length",
            expected=f"{LONGEST} characters at most",
            got=len(text),
        )
    if not _SYNTAX.fullmatch(text):
        raise InvalidScope("scope holds a character that RFC 6749 §3.3 does not allow", check="scope syntax", got=text)
    return tuple(dict.fromkeys(text.split()))


def write(words: Iterable[str]) -> str:
    return " ".join(words)


def within(words: Iterable[str], allowed: Collection[str]) -> tuple[str, ...]:
    """Those that are allowed, in their order."""
    return tuple(word for word in words if word in allowed)


def is_admin(word: str) -> bool:
    return word.startswith(ADMIN_PREFIX)
