"""A real SMTP server for tests, in a thread of its own: `mailbox` is a fixture, and its `answer` says how it goes.

It keeps what it took, as messages that were parsed again.
"""

import asyncio
import email
import re
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

__all__ = ["mailbox"]


@dataclass
class Mailbox:
    port: int = 0
    came: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    connections: int = 0
    refuses: dict[str, str] = field(default_factory=dict)  # of a recipient, or "*"; to what: the answer
    data: str = "250 taken"  # the answer to a message
    drops: int = 0  # so many messages are taken, and the connection is lost before the answer
    slow: float = 0.0  # seconds before a message is answered
    logins: list[tuple[str, str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition, repr=False)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def to(self, address: str) -> list[EmailMessage]:
        return [one for one in self.came if address in str(one["To"])]

    def letter(self, address: str, subject: str, patience: float = 30.0) -> EmailMessage:
        """The newest to an address whose subject begins so. Waits for it, where a server of its own sends it."""

        def found() -> list[EmailMessage]:
            return [one for one in self.to(address) if str(one["Subject"]).startswith(subject)]

        with self.arrived:
            came = self.arrived.wait_for(found, patience)
        assert came, f"{address} got {[str(one['Subject']) for one in self.to(address)]}"
        return found()[-1]

    async def handle_RCPT(  # noqa: N802  as aiosmtpd calls it
        self, server: Any, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        refused = self.refuses.get(address) or self.refuses.get("*")
        if refused:
            return refused
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.slow:
            await asyncio.sleep(self.slow)
        if self.data.startswith("2"):
            content = envelope.content
            assert isinstance(content, bytes)
            self.came.append(email.message_from_bytes(content, policy=default))
            self.envelopes.append((str(envelope.mail_from), list(envelope.rcpt_tos)))
            self.encrypted.append(session.ssl is not None)
            with self.arrived:
                self.arrived.notify_all()
        if self.drops:
            self.drops -= 1
            server.transport.abort()
        return self.data

    def authenticated(self, server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        self.logins.append((given.login.decode(), given.password.decode()))
        return AuthResult(success=given.password == b"right", handled=False)


def parts(message: EmailMessage) -> tuple[str, str]:
    """Its text and its HTML."""
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    return text.get_content(), html.get_content()


def link(message: EmailMessage) -> str:
    """The address that is in it."""
    [found] = set(re.findall(r"https?://\S+/link\?token=\S+", parts(message)[0]))
    return str(found)


def code(message: EmailMessage) -> str:
    found = re.search(r"[0-9]{4} [0-9]{4}", parts(message)[0])
    assert found is not None
    return found[0]


def serve(
    box: Mailbox, over: ssl.SSLContext | None = None, **more: Any
) -> tuple[asyncio.AbstractEventLoop, threading.Thread]:
    """over: TLS from the first byte. more: of aiosmtpd's SMTP."""
    loop, ready = asyncio.new_event_loop(), threading.Event()

    def made() -> SMTP:
        box.connections += 1
        return SMTP(box, hostname="mail.example", enable_SMTPUTF8=True, **more)

    async def begin() -> None:
        server = await loop.create_server(made, "127.0.0.1", box.port, ssl=over)
        box.port = server.sockets[0].getsockname()[1]
        ready.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(begin())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    return loop, thread


def stop(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    async def end() -> None:
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    asyncio.run_coroutine_threadsafe(end(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    running = serve(box)
    yield box
    stop(*running)


def tls(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
