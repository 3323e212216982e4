"""Scopes: what an access token lets its holder do (RFC 6749 §3.3; OIDC Core §5.4, §11)."""

import re
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from mintmark.protocol.errors import InvalidScope

OPENID = "openid"
OFFLINE = "offline_access"
# They speak of the person and belong to the issuer itself; every other scope belongs to a registered resource.
IDENTITY = ("openid", "profile", "email", "address", "phone", "groups", "offline_access")
ADMIN_PREFIX = "admin:"
ADMIN_READ, ADMIN_WRITE = "admin:read", "admin:write"
# The admin API's, and what each lets an operator do. Those of one subject stand for reading and writing of that alone.
ADMIN: Mapping[str, str] = MappingProxyType(
    {
        ADMIN_READ: "See everything that operators see",
        ADMIN_WRITE: "Change and end everything that operators may",
        "admin:users": "See and change people",
        "admin:clients": "See and change clients and their secrets",
        "admin:resources": "See and change resources",
        "admin:claim-rules": "See and change the rules that make claims",
        "admin:policies": "See and change the policies of the server and of groups",
        "admin:keys": "See and rotate the signing keys",
        "admin:sessions": "See and end sessions",
        "admin:authorizations": "See and end what people allowed",
        "admin:tokens": "Revoke tokens",
        "admin:audit": "Read the audit trail",
        "admin:webhooks": "See and change webhooks",
    }
)
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


def lacking(held: Collection[str], words: Iterable[str]) -> tuple[str, ...]:
    """The admin scopes among `words` that an operator who holds `held` has no right to: nor may they give it away."""
    whole = ADMIN_READ in held and ADMIN_WRITE in held
    return tuple(word for word in words if is_admin(word) and not whole and word not in held)
