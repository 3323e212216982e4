"""A small HTTP/1.1 client that says of every answer whether it came: nothing is tried again behind the test's back."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode


class Lost(Exception):
    """No answer came: nobody knows whether the server did what it was asked."""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Caller:
    """One connection that is kept open; it is made anew after it was lost."""

    def __init__(self, port: int, *, patience: float = 15.0) -> None:
        self.port, self.patience = port, patience
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str, **headers: str) -> Reply:
        return await self.ask("GET", path, None, headers)

    async def post(
        self, path: str, form: Mapping[str, Any], auth: tuple[str, str] | None = None, **headers: str
    ) -> Reply:
        return await self.ask("POST", path, form, {**basic(auth), **headers})

    async def ask(self, method: str, path: str, form: Mapping[str, Any] | None, headers: Mapping[str, str]) -> Reply:
        """Raises Lost."""
        body = b"" if form is None else urlencode(form, doseq=True).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if form is not None:
            lines.append("Content-Type: application/x-www-form-urlencoded")
        try:
            async with asyncio.timeout(self.patience):
                return await self._exchange("\r\n".join([*lines, "", ""]).encode() + body)
        except (OSError, EOFError, TimeoutError) as error:
            self.close()
            raise Lost(type(error).__name__) from error

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _exchange(self, request: bytes) -> Reply:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = [line.split(": ", 1) for line in head[1:] if line]
        headers = {name.lower(): value for name, value in fields}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("connection") == "close":
            self.close()
        return Reply(int(head[0].split()[1]), headers, body)


def basic(auth: tuple[str, str] | None) -> dict[str, str]:
    return {} if auth is None else {"Authorization": "Basic " + b64encode(":".join(auth).encode()).decode()}


def close_all(callers: Sequence[Caller]) -> None:
    for caller in callers:
        caller.close()
