"""One message to the mail server, in a bounded time: over TLS with its certificate checked, unless it is this machine
(RFC 5321, RFC 3207, RFC 8314)."""

import asyncio
import ssl
from contextlib import suppress
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mintmark.outbound import Declined, NotReached
from mintmark.settings import Settings
from mintmark.settings.issuer import is_loopback
from mintmark.settings.smtp import MailServer

if TYPE_CHECKING:
    import aiosmtplib

SECONDS = 30.0  # for all of it: less than the lease of a message
EACH = 10.0  # for one answer


class AddressRefused(Declined):
    """The mail server does not take mail for that address: nothing is wrong with others."""


async def deliver(settings: Settings, server: MailServer, message: EmailMessage) -> None:
    """Raises NotReached; AddressRefused. A connection that is lost after the message may have delivered it all the
    same: then it comes twice, with the same Message-ID."""
    import aiosmtplib

    client = await _client(settings, server)
    try:
        async with asyncio.timeout(SECONDS):
            await client.connect()
            await client.send_message(message)
    except (OSError, ValueError, aiosmtplib.SMTPException) as error:  # TimeoutError is an OSError
        raise _explained(error) from None
    finally:
        await _leave(client)


async def _client(settings: Settings, server: MailServer) -> "aiosmtplib.SMTP":
    import aiosmtplib

    plain = not server.is_tls and is_loopback(server.host)
    context = None if plain else await asyncio.to_thread(_context, settings.smtp_ca)
    # None: STARTTLS where it is offered. True: no STARTTLS, no mail.
    start_tls = False if server.is_tls or plain else None if settings.smtp_plain else True
    return aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.username,
        password=server.password,
        local_hostname=urlsplit(settings.issuer).hostname or "localhost",
        timeout=EACH,
        use_tls=server.is_tls,
        start_tls=start_tls,
        tls_context=context,
    )


async def _leave(client: "aiosmtplib.SMTP") -> None:
    """What was accepted is accepted, whatever comes of the goodbye."""
    with suppress(Exception):
        async with asyncio.timeout(1.0):
            await client.quit()
    client.close()


@cache
def _context(authorities: Path | None) -> ssl.SSLContext:
    """Reading the system's authorities takes a while; they are read once."""
    context = ssl.create_default_context(cafile=authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _explained(error: Exception) -> NotReached:
    """In words of ours: what a server says often holds the address, and an address of ours the password."""
    import aiosmtplib

    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return _told(max((one.code for one in error.recipients), default=0), "the recipient", by_address=True)
        case aiosmtplib.SMTPDataError():
            return _told(error.code, "the message", by_address=True)
        case aiosmtplib.SMTPAuthenticationError():
            return _told(error.code, "the user and password of MINTMARK_SMTP_URL")
        case aiosmtplib.SMTPSenderRefused():
            return _told(error.code, "the sender (MINTMARK_SMTP_FROM)")
        case aiosmtplib.SMTPResponseException():
            return _told(error.code, "what was said")
        case TimeoutError() | aiosmtplib.SMTPTimeoutError():
            return NotReached("the mail server did not answer in time")
    broken = _tls_error(error)
    if broken is not None:
        return NotReached(f"TLS with the mail server failed: {broken.reason or 'unknown'}")
    if type(error) in (aiosmtplib.SMTPException, aiosmtplib.SMTPNotSupported):
        return NotReached("the mail server lacks STARTTLS, a way to log in, or SMTPUTF8 for that address")
    return NotReached(f"the mail server could not be asked: {type(error).__name__}")


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error


def _told(code: int, what: str, *, by_address: bool = False) -> NotReached:
    why = f"the mail server answered {code} to {what}"
    if 500 <= code < 600 and by_address:
        return AddressRefused(why)
    return NotReached(why)
