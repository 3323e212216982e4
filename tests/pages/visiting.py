"""A browser that visits sample pages, one for each file: `from tests.pages.visiting import *`."""

import pytest
from playwright.sync_api import sync_playwright

from tests.not_run import not_run
from tests.pages.browser import CHROMIUM, ORIGIN, launch, serve

__all__ = ["chromium", "visit"]

LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 900, "height": 700}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 900, "height": 700}},
    "narrow": {"color_scheme": "light", "viewport": {"width": 320, "height": 640}},
    "arabic": {"color_scheme": "dark", "viewport": {"width": 320, "height": 640}},
}


@pytest.fixture(scope="module")  # not wider: while it lives, no event loop of another module could run
def chromium():
    if not CHROMIUM.exists():
        not_run("Chromium", "apt-get install chromium")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


class Visits:
    """Opens sample pages and keeps what the browser complains about."""

    def __init__(self, browser):
        self.browser = browser
        self.said: list[str] = []

    def __call__(self, name, look="light"):
        context = self.browser.new_context(**LOOKS[look])
        context.route("**/*", serve)
        page = context.new_page()
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.goto(f"{ORIGIN}/{name}{'?ar' if look == 'arabic' else ''}")
        return page


@pytest.fixture
def visit(chromium):
    yield Visits(chromium)
    for context in chromium.contexts:
        context.close()
