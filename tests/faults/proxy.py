"""A TCP proxy between two parties, which loses what passes through it, or makes it late, or lets nothing through."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Mode = Literal["pass", "drop answers", "late", "swallow", "refuse"]


class Proxy:
    """Listens on a port of its own. `mode` may be changed at any time, and holds for open connections too.

    drop answers: what was asked goes on, and the connection is closed when the answer comes.
    late: each piece waits for `delay` seconds before it goes on, in both directions together.
    swallow: nothing goes on, and nobody is told. refuse: connections are closed at once.
    """

    def __init__(self, connect: Callable[[], Awaitable[Streams]]) -> None:
        self.mode: Mode = "pass"
        self.delay = 0.0
        self.dropped = 0
        self.port = 0
        self._connect = connect
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> "Proxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()

    def cut(self) -> None:
        """Resets every connection that is open."""
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode == "refuse":
            writer.transport.abort()
            return
        self._open.add(writer)
        back: asyncio.StreamWriter | None = None
        try:
            there, back = await self._connect()
            self._open.add(back)
            await asyncio.gather(self._carry(reader, back, answers=False), self._carry(there, writer, answers=True))
        except OSError:
            pass
        finally:
            for one in (writer, *([back] if back is not None else [])):
                self._open.discard(one)
                one.close()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool) -> None:
        try:
            while piece := await source.read(65536):
                if self.mode == "swallow":
                    continue
                if answers and self.mode == "drop answers":
                    self.dropped += 1
                    break
                if answers and self.mode == "late":
                    await asyncio.sleep(self.delay)
                sink.write(piece)
                await sink.drain()
        except OSError:
            pass
        sink.close()


def to_port(port: int) -> Callable[[], Awaitable[Streams]]:
    return lambda: asyncio.open_connection("127.0.0.1", port)


def to_socket(path: str) -> Callable[[], Awaitable[Streams]]:
    return lambda: asyncio.open_unix_connection(path)
