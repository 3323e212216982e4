"""The mail server as its URL names it: `smtp://` begins in the clear and goes on by STARTTLS, `smtps://` is TLS from
the first byte (RFC 8314 §3)."""

import re
from typing import NamedTuple
from urllib.parse import unquote

SUBMISSION, SUBMISSIONS = 587, 465  # ports (RFC 6409 §3.1, RFC 8314 §7.3)
_FORM = re.compile(
    r"(?P<scheme>smtps?)://((?P<userinfo>\S*)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s/@:]+)(:(?P<port>[0-9]{1,5}))?/?"
)


class MailServer(NamedTuple):
    host: str
    port: int
    is_tls: bool  # from the first byte
    username: str | None  # None: it asks nobody who they are
    password: str | None


def read(url: str) -> MailServer:
    """Raises ValueError, which shows nothing of the URL."""
    found = _FORM.fullmatch(url)
    if found is None:
        raise ValueError("must be smtp://user:password@host:587 or smtps://user:password@host:465")
    is_tls = found["scheme"] == "smtps"
    port = int(found["port"] or (SUBMISSIONS if is_tls else SUBMISSION))
    if not 1 <= port <= 65535:
        raise ValueError("must have a port from 1 to 65535")
    username, colon, password = (found["userinfo"] or "").partition(":")
    if found["userinfo"] is not None and not (username and colon):
        raise ValueError("must have both a user and a password before the @, or neither")
    named = (unquote(username), unquote(password)) if colon else (None, None)
    return MailServer(found["host"].strip("[]"), port, is_tls, *named)
