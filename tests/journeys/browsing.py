"""Chromium, and the sites that a person comes from: `from tests.journeys.browsing import *` in a conftest.

Every test gets browsers of its own (`visit`), and no page may have broken its own policy when it ends. The fixtures of
the browser live as long as a module, which has no async test: while Playwright runs, no other event loop can.
"""

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    WebError,
    expect,
    sync_playwright,
)

from tests.issuer import CHALLENGE, VERIFIER
from tests.not_run import not_run
from tests.serving import APP, EVIL, ID, PASSWORD, SCOPE, SECRET, Certificate, Served, answered

__all__ = ["app", "chromium", "evil", "playwright", "program", "visit"]

CALLBACK = f"https://{APP}/callback"
CHROMIUM = Path("/usr/bin/chromium")
# The same without its own windows, which take longer to open than a page. It reads no preferences of a profile.
SHELL = Path("/usr/bin/chromium-headless-shell")
PATIENCE = 20_000  # milliseconds, on a machine that has other things to do
# It asks nobody for anything, and knows no host but those of the test.
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Site(ThreadingHTTPServer):
    """Somebody's web site: pages by their path, and what it was asked."""

    daemon_threads = True

    def __init__(self, certificate: Certificate | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Visited)
        self.pages: dict[str, tuple[str, bytes]] = {}
        self.asked: list[str] = []  # paths with their query
        self.posted: list[dict[str, str]] = []  # the fields of forms
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate, certificate.key)
            # The handshake belongs to the thread of the connection: a browser opens some that it never uses.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def put(self, path: str, body: str | bytes, content_type: str = "text/html; charset=utf-8") -> None:
        self.pages[path] = (content_type, body if isinstance(body, bytes) else body.encode())

    def form(self, path: str, action: str, fields: Mapping[str, str]) -> None:
        """A page with a form that goes elsewhere; its button is `#go`."""
        inputs = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in fields.items())
        self.put(path, f'<title>form</title><form method="post" action="{action}">{inputs}<button id="go">Go</button>')

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is none."""


class Visited(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Site

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        content_type, body = self.server.pages.get(self.path.partition("?")[0], ("text/html", b"<title>app</title>"))
        self.send_response(200)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.server.posted.append(dict(parse_qsl(body, keep_blank_values=True)))
        self.do_GET()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def open_site(certificate: Certificate | None = None) -> Iterator[Site]:
    with Site(certificate) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield site
        site.shutdown()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    if not CHROMIUM.exists():
        not_run("Chromium", "apt-get install -y chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as found:
        yield found


def launch(playwright: Playwright, *options: str, program: Path = SHELL) -> Browser:
    path = program if program.exists() else CHROMIUM
    return playwright.chromium.launch(executable_path=path, args=[*OPTIONS, *options])


@pytest.fixture(scope="module")
def app(certificate: Certificate) -> Iterator[Site]:
    with open_site(certificate) as site:
        yield site


@pytest.fixture(scope="module")
def evil(certificate: Certificate) -> Iterator[Site]:
    with open_site(certificate) as site:
        yield site


@pytest.fixture(scope="module")
def program() -> Path:
    """Which browser `visit` opens."""
    return SHELL


@pytest.fixture(scope="module")
def chromium(served: Served, app: Site, evil: Site, playwright: Playwright, program: Path) -> Iterator[Browser]:
    ports = {ID: served.port, APP: app.port, EVIL: evil.port}
    rules = ",".join(f"MAP {host} 127.0.0.1:{port}" for host, port in ports.items())
    browser = launch(playwright, f"--host-resolver-rules={rules}", program=program)
    yield browser
    browser.close()


def request(client: str = "notes", **changed: str) -> str:
    """The address of an authorization request; its code is good for the token door with `tokens`."""
    parameters = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": CALLBACK,
        "scope": SCOPE,
        "state": "the-state",
        "nonce": "the-nonce",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changed,
    }
    return f"https://{ID}/authorize?{urlencode(parameters)}"


def tokens(served: Served, address: str, client: str = "notes") -> dict[str, Any]:
    """What the token door gives for the code in the address that a browser was sent to."""
    form = {"grant_type": "authorization_code", "code": answered(address)["code"], "code_verifier": VERIFIER}
    with served.http() as http:
        if client == "notes":
            answer = http.post("/token", data=form, auth=(client, SECRET))
        else:
            answer = http.post("/token", data={"client_id": client, **form})
    assert 200 == answer.status_code, answer.text
    return answer.json()


def is_active(served: Served, token: str) -> bool:
    with served.http() as http:
        return bool(http.post("/introspect", data={"token": token}, auth=("api", SECRET)).json()["active"])


def refused(served: Served, refresh_token: str) -> str:
    """The error of a refresh, or "" where it goes well."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    with served.http() as http:
        return str(http.post("/token", data=form, auth=("notes", SECRET)).json().get("error", ""))


class Person:
    """Somebody at a browser of their own."""

    def __init__(self, context: BrowserContext, name: str) -> None:
        self.context, self.name = context, name
        self.page = context.new_page()

    def go(self, address: str) -> None:
        self.page.goto(address, wait_until="load")

    def sign_in(self, page: Page | None = None, password: str = PASSWORD) -> None:
        page = page or self.page
        page.fill("#username", self.name)
        page.fill("#password", password)
        page.click("#submit")

    def let_in(self, address: str) -> str:
        """Signs in and allows, wherever that is asked for; the address that the app got."""
        self.go(address)
        if self.page.locator("#sign-in").count():
            with self.page.expect_navigation():  # a click does not wait for the page that it leads to
                self.sign_in()
        if self.page.locator("#consent").count():
            self.page.click("#allow")
        return self.back_at_the_app()

    def back_at_the_app(self, page: Page | None = None) -> str:
        page = page or self.page
        page.wait_for_url(f"{CALLBACK}?*")
        return page.url

    def path(self, page: Page | None = None) -> str:
        return (page or self.page).url.removeprefix(f"https://{ID}").partition("?")[0]


class Visits:
    """Opens browsers, and keeps what they complain about."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def __call__(self, name: str = "", **options: Any) -> Person:
        context = self._browser.new_context(ignore_https_errors=True, **options)
        context.set_default_timeout(PATIENCE)
        context.on("console", self._heard)
        context.on("weberror", self._failed)
        self.contexts.append(context)
        return Person(context, name)

    def _heard(self, message: ConsoleMessage) -> None:
        """Chromium tells of every broken policy; that an answer was a 400 is no complaint."""
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def _failed(self, error: WebError) -> None:
        self.complaints.append(str(error.error))


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visits]:
    visits = Visits(chromium)
    yield visits
    for context in visits.contexts:
        context.close()

    assert [] == visits.complaints
