"""A real HTTP receiver for tests of what goes out: it answers as the test says, and keeps what it was sent.

`receiver` is a fixture that makes any number of them, on loopback ports of their own.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

__all__ = ["receiver"]

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"
Answering = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """How it answers is changed by setting `answer`; `came` is what it was sent, oldest first."""

    port: int = 0
    answer: Answering | None = None
    came: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.came]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.came.append(Request(method, target, headers, body))
            await (self.answer or says(OK))(writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


def says(answer: bytes) -> Answering:
    async def give(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return give


def status(number: int, *headers: str) -> Answering:
    lines = [f"HTTP/1.1 {number} So", "content-length: 0", "connection: close", *headers]
    return says("\r\n".join([*lines, "", ""]).encode())


def slowly(answer: bytes) -> Answering:
    """One byte a second."""

    async def give(writer: asyncio.StreamWriter) -> None:
        for byte in answer:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(1)

    return give


async def hangs(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def huge(writer: asyncio.StreamWriter) -> None:
    """It goes on until nobody reads it any more."""
    writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


@pytest.fixture
async def receiver() -> AsyncIterator[Callable[..., Awaitable[Receiver]]]:
    servers: list[asyncio.Server] = []

    async def make(answer: Answering | None = None, tls: ssl.SSLContext | None = None) -> Receiver:
        found = Receiver(answer=answer)
        server = await asyncio.start_server(found.serve, "127.0.0.1", 0, ssl=tls)
        servers.append(server)
        found.port = server.sockets[0].getsockname()[1]
        return found

    yield make
    for server in servers:
        server.close()
