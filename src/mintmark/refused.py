"""Every refusal is told and kept: which check, what it expected, and of what it got only what cannot be secret (house).

The answer has the trace id and none of this; the log, `mintmark why` and the admin API have it.
"""

import hmac
import re
from binascii import a2b_base64
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit

from mintmark import explanations
from mintmark.events import RequestRefused
from mintmark.explanations.table import AS_A_NAME, AS_AN_ORIGIN, AS_IT_IS, WHERE_SHORT, WITHOUT_QUERY, Shown
from mintmark.protocol.errors import InvalidRequest, Refusal
from mintmark.protocol.params import decode
from mintmark.server import Server
from mintmark.store.refusals import Refused
from mintmark.wire import refusals
from mintmark.wire.asked import Asked

LONGEST = 200  # characters of a value; what was expected is our own, and may name several addresses
LONGEST_EXPECTED = 1000
SHORT = 32  # characters: our own secrets, and those that `mintmark check` finds long enough, have more
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]{1,100}")
_NAME = re.compile(r"[A-Za-z][A-Za-z_.\-]{0,31}")


def tell(server: Server, asked: Asked, refusal: Refusal, now: datetime, *, door: str | None = None) -> None:
    """door: the path by its template, where the path itself holds what a client made up; None: the path."""
    found = _found(server, asked, refusal, now, door or asked.path)
    event = RequestRefused(door=found.door, error=found.error, check=found.check)
    server.journal.refused(found, event, now, expected=found.expected, got=found.got)


def keep(server: Server, asked: Asked, refusal: Refusal, now: datetime) -> None:
    """The same for what another event tells already: `mintmark why` knows it, and nothing is told twice."""
    server.journal.refusals.take(_found(server, asked, refusal, now, asked.path))


def fault(server: Server, asked: Asked, error: BaseException, now: datetime, *, door: str | None = None) -> None:
    """What broke here is no refusal, but who got its trace id asks in the same place. Of the error its kind only."""
    told = Refusal("a fault of the server", check="fault", expected="none", got=type(error).__name__)
    server.journal.refusals.take(_found(server, asked, told, now, door or asked.path, "server_error"))


def _found(
    server: Server, asked: Asked, refusal: Refusal, now: datetime, door: str, error: str | None = None
) -> Refused:
    return Refused(
        id=asked.request_id,
        at=now,
        door=printable(door, LONGEST),
        error=error or refusals.code(refusal),
        check=refusal.check,
        description=printable(refusal.description, LONGEST_EXPECTED),
        expected=printable(refusal.expected, LONGEST_EXPECTED),
        got=shown(server, refusal),
        client_id=refusal.client_id or _client_id(server, asked),
        address=asked.address,
    )


def shown(server: Server, refusal: Refusal) -> str:
    """The value where it cannot be secret, cut and escaped; else its length and eight digits of a keyed digest."""
    if refusal.got is None:
        return ""
    text = str(refusal.got)
    found = _without_secrets(text, explanations.of(refusal.check).got)
    return masked(server, text) if found is None else printable(found, LONGEST)


def masked(server: Server, text: str) -> str:
    """The same value has the same mark: whether two were equal can be told, and what they were cannot."""
    key = server.registry.secret("csrf")[1]
    mark = hmac.digest(key, b"log\0" + text.encode("utf-8", "replace"), sha256).hex()[:8]
    return f"{len(text)} characters, {mark}"


def printable(text: str, longest: int) -> str:
    return text[:longest].encode("unicode_escape").decode("ascii")


def _without_secrets(text: str, how: Shown) -> str | None:
    """None: it could be one."""
    if how == AS_IT_IS:
        return text
    if how == WITHOUT_QUERY:
        return _without_query(text)
    if how == WHERE_SHORT:
        return text if len(text) < SHORT else None
    forms = {AS_AN_ORIGIN: _ORIGIN, AS_A_NAME: _NAME}
    return text if how in forms and forms[how].fullmatch(text) else None


def _without_query(uri: str) -> str:
    try:
        return urlsplit(uri)._replace(query="", fragment="").geturl()
    except ValueError:
        return "not a URI"


def _client_id(server: Server, asked: Asked) -> str | None:
    """Who the request says it is, proved or not. One that is unknown and long may be a secret in the wrong place."""
    for claimed in (_in_form(asked), _in_query(asked), _in_header(asked)):
        if claimed:
            is_safe = len(claimed) < SHORT or server.registry.remembers(claimed)
            return printable(claimed, LONGEST) if is_safe else None
    return None


def _in_form(asked: Asked) -> str | None:
    try:
        return next(iter(asked.form().all("client_id")), None) if asked.body else None
    except InvalidRequest:
        return None


def _in_query(asked: Asked) -> str | None:
    try:
        return next(iter(asked.query().all("client_id")), None) if asked.query_string else None
    except InvalidRequest:
        return None


def _in_header(asked: Asked) -> str | None:
    scheme, _, encoded = (asked.header(b"authorization") or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, _ = a2b_base64(encoded.strip(), strict_mode=True).decode("utf-8").partition(":")
        return decode(name) if colon else None
    except (ValueError, InvalidRequest):
        return None
