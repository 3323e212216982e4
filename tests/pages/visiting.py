"""A browser that visits sample pages, one for each file: `from tests.pages.visiting import *`."""

import pytest
from playwright.sync_api import sync_playwright

from tests.not_run import not_run
from tests.pages.browser import CHROMIUM, ORIGIN, launch, serve

__all__ = ["chromium", "contexts", "visit"]

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
    """Opens sample pages and keeps what the browser complains about.

    One context for each look, as long as the browser lives: a new one is a new window, and costs more than a page.
    """

    def __init__(self, browser, contexts):
        self.browser = browser
        self.said: list[str] = []
        self._contexts = contexts
        self._pages = []

    def __call__(self, name, look="light"):
        if look not in self._contexts:
            self._contexts[look] = self.browser.new_context(**LOOKS[look])
            self._contexts[look].route("**/*", serve)
        page = self._contexts[look].new_page()
        self._pages.append(page)
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.goto(f"{ORIGIN}/{name}{'?ar' if look == 'arabic' else ''}")
        return page

    def leave(self):
        for page in self._pages:
            page.close()


@pytest.fixture(scope="module")
def contexts():
    return {}


@pytest.fixture
def visit(chromium, contexts):
    visits = Visits(chromium, contexts)
    yield visits
    visits.leave()
