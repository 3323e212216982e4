"""A letter as a message: a text and an HTML part from the same template (RFC 5322, RFC 2046 §5.1.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from functools import cache
from gettext import NullTranslations
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mintmark.languages import ENGLISH, Language
from mintmark.settings import Settings

if TYPE_CHECKING:
    from jinja2 import Environment

LONGEST_SUBJECT = 150  # characters
ENCODED = "=?"  # begins an encoded word (RFC 2047 §2)
_BROKEN = re.compile(r"[\r\n](?![ \t\n])")  # a line that does not go on


class NoAddress(ValueError):
    """Nothing can be sent to it."""


def compose(
    settings: Settings,
    id: str,
    kind: str,
    to: str,
    values: Mapping[str, str],
    sent_at: datetime,
    language: Language | None = None,
) -> EmailMessage:
    """The same bytes but for the boundary at each attempt, and the same Message-ID: who gets it twice can tell.

    language: None, English. Raises NoAddress.
    """
    address = _address(to)
    host = urlsplit(settings.issuer).hostname or "localhost"
    said_in = language or Language(ENGLISH, NullTranslations())
    known = {"operator": settings.operator_name, "issuer": settings.issuer, "url": "", **values, "language": said_in}
    said = _environment(is_html=False).get_template(f"{kind}.jinja").make_module(known)
    parts = {name: known[name] for name in ("operator", "issuer", "url", "language")} | {"said": said}
    message = EmailMessage(policy=SMTP if address.addr_spec.isascii() else SMTPUTF8)
    message["From"] = Address(
        _line(settings.smtp_from_name or settings.operator_name), addr_spec=settings.smtp_from or f"no-reply@{host}"
    )
    message["To"] = address
    message["Subject"] = _line(str(said.subject))  # type: ignore[attr-defined]  # what the template sets
    message["Date"] = sent_at
    message["Message-ID"] = f"<{id}@{host}>"
    message["Auto-Submitted"] = "auto-generated"  # no holiday answer comes back (RFC 3834 §5)
    _must_stay_lines(message)
    message.set_content(_environment(is_html=False).get_template("letter.txt").render(parts))
    message.add_alternative(_environment(is_html=True).get_template("letter.html").render(parts), subtype="html")
    message["Content-Language"] = said_in.tag  # after the contents, which take such headers away
    return message


def _address(text: str) -> Address:
    """Whatever could end a header, or be a second address, is none (CVE-2026-40574: several @)."""
    name, at, domain = text.rpartition("@")
    if not (name and at and domain) or not text.isprintable() or any(sign in text for sign in ' <>,;:"()[]\\'):
        raise NoAddress("is no address")
    if ENCODED in text:
        raise NoAddress("holds an encoded word")
    if "@" in name:
        raise NoAddress("has more than one @")
    try:
        return Address(username=name, domain=domain if domain.isascii() else domain.encode("idna").decode("ascii"))
    except (ValueError, UnicodeError):
        raise NoAddress("is no address") from None


def _line(text: str) -> str:
    """One line, whatever it was made of: a header ends where its line ends. No encoded word either: Python's library
    reads it when a header is set, and writes what it meant, line ends and all."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:LONGEST_SUBJECT]
    return line.replace(ENCODED, "= ?")


def _must_stay_lines(message: EmailMessage) -> None:
    """What the library makes of each header is one header. It reads what it is given in its own way, and an older one
    writes it without a look (CVE-2024-6923, CVE-2026-1299). Raises NoAddress."""
    for name, value in message.items():
        if _BROKEN.search(message.policy.fold(name, value).removesuffix("\r\n")):
            raise NoAddress(f"{name} would be several headers")


@cache
def _environment(*, is_html: bool) -> Environment:
    # Imported here: Jinja2 costs a tenth of a second, which the first token should not wait for.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from mintmark import spoken

    environment = Environment(
        loader=FileSystemLoader(str(files("mintmark.mails") / "templates")),
        autoescape=is_html,  # noqa: S701  what is said is text, and escaped where it is put into HTML
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    spoken.teach(environment)
    return environment
