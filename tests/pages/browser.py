"""The pages in a real browser, answered in process with the headers that the server sends."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Playwright, Route

from tests.pages.samples import SAMPLES, pages, shown

ORIGIN: Final = "https://accounts.acme.example"
APP: Final = "https://notes.harbour.example"
CHROMIUM: Final = Path("/usr/bin/chromium")
SHELL: Final = Path("/usr/bin/chromium-headless-shell")  # the same without its own windows
AXE: Final = {"rules": {"target-size": {"enabled": True}}}  # of WCAG 2.2 (§2.5.8), which axe leaves off


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(
        executable_path=SHELL if SHELL.exists() else CHROMIUM,
        args=["--no-sandbox", "--disable-gpu", "--hide-scrollbars"],
    )


def serve(route: Route) -> None:
    """A sample page by its name, a static file by its own; a page that breaks its own policy shows it."""
    made = pages()
    name, _, tag = route.request.url.removeprefix(f"{ORIGIN}/").partition("?")
    if name in SAMPLES:
        route.fulfill(body=shown(name, language=tag), headers=dict(made.headers(frame_origins=[APP])))
    elif (file := made.static.get(name.removeprefix("static/"))) is not None:
        leaves = name.startswith(("static/form_post", "static/farewell"))  # their scripts go on: the page is looked at
        route.fulfill(body=b"" if leaves else file.body, headers=dict(file.headers))
    elif name in ("login/passkey", "account/passkeys/options"):
        route.fulfill(json={})  # a question that no passkey answers: the page stays as it is
    else:
        route.fulfill(status=200 if route.request.url.startswith(APP) else 404)


def violations(page: Page, *rules: str) -> str:
    """What axe finds wrong, in words; "" is nothing. rules: these alone; none: all that axe knows."""
    chosen = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    found = Axe().run(page, options={**AXE, **chosen, "resultTypes": ["violations"]})
    return str(found.generate_report()) if found.violations_count else ""
