"""The suite's own side, over https: where a relying party is answered, fetched from, and told that somebody signed out.

Each test has a folder of its own, as in the suite (`/test/a/<alias>/callback`), and hears of its own requests alone.
"""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.serving import Certificate

PATIENCE = 20.0  # seconds in which something that goes out by itself must have come
DONE = b'<!doctype html><title>suite</title><p id="submission_complete">done</p>'
Body = bytes | Callable[[], bytes]


@dataclass(frozen=True)
class Came:
    method: str
    path: str
    query: dict[str, list[str]]
    form: dict[str, list[str]]
    content_type: str
    tls: str

    def one(self, where: str = "query") -> dict[str, str]:
        """The parameters, each of which stands there once."""
        found: dict[str, list[str]] = getattr(self, where)
        repeated = [name for name, values in found.items() if len(values) > 1]
        assert [] == repeated, f"parameters stand there twice: {repeated}"
        return {name: values[0] for name, values in found.items()}


class Station(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, certificate: Certificate) -> None:
        super().__init__(("127.0.0.1", 0), Visited)
        self.pages: dict[str, tuple[str, Body]] = {}
        self.came: list[Came] = []
        self.news = threading.Condition()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate, certificate.key)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def origin(self) -> str:
        return f"https://127.0.0.1:{self.server_address[1]}"

    def heard(self, path: str) -> list[Came]:
        with self.news:
            return [one for one in self.came if one.path == path]

    def wait(self, path: str, seconds: float = PATIENCE) -> Came:
        """The first request for it."""
        with self.news:
            assert self.news.wait_for(lambda: any(one.path == path for one in self.came), seconds), (
                f"nobody came to {path} within {seconds:g} seconds"
            )
        return self.heard(path)[0]

    def hear(self, came: Came) -> None:
        with self.news:
            self.came.append(came)
            self.news.notify_all()

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is none."""


class Visited(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Station

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        connection = self.connection
        assert isinstance(connection, ssl.SSLSocket)
        self.server.hear(
            Came(
                self.command,
                parts.path,
                parse_qs(parts.query, keep_blank_values=True),
                parse_qs(body, keep_blank_values=True),
                self.headers.get("content-type", ""),
                connection.version() or "",
            )
        )
        content_type, answer = self.server.pages.get(parts.path, ("text/html", DONE))
        content = answer() if callable(answer) else answer
        self.send_response(200)
        self.send_header("content-type", content_type)
        self.send_header("cache-control", "no-store")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815  the name that http.server calls

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def open_station(certificate: Certificate) -> Iterator[Station]:
    with Station(certificate) as station:
        threading.Thread(target=station.serve_forever, daemon=True).start()
        yield station
        station.shutdown()


@dataclass(frozen=True)
class Folder:
    """One relying party's part of the station."""

    station: Station
    alias: str

    def path(self, name: str) -> str:
        return f"/test/a/{self.alias}/{name}"

    def url(self, name: str) -> str:
        return self.station.origin + self.path(name)

    def put(self, name: str, body: Body, content_type: str = "application/json") -> str:
        self.station.pages[self.path(name)] = (content_type, body)
        return self.url(name)

    def heard(self, name: str) -> list[Came]:
        return self.station.heard(self.path(name))

    def wait(self, name: str) -> Came:
        return self.station.wait(self.path(name))

    def forget(self) -> None:
        with self.station.news:
            self.station.came = [one for one in self.station.came if not one.path.startswith(self.path(""))]
