"""Takes the pictures in docs/pages: every page with sample contexts, in Chromium: light, dark, phone, Arabic.

Run it from the top of the repository: PYTHONPATH=src .venv/bin/python -m tools.screenshots [folder] [--all]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser, sync_playwright

from tests.pages import browser as chromium
from tests.pages.samples import SAMPLES

PICTURED: Final = ("sign-in", "consent", "account", "sign-out", "signed-out", "error")
LOOKS: Final[tuple[tuple[str, Literal["light", "dark"], int, int, str], ...]] = (
    ("light", "light", 720, 600, "en"),
    ("dark", "dark", 720, 600, "en"),
    ("phone", "light", 360, 640, "en"),
    ("arabic", "light", 360, 640, "ar"),
)


def main(arguments: list[str]) -> None:
    folder = Path(next((word for word in arguments if not word.startswith("-")), "docs/pages"))
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        take(browser, folder, tuple(SAMPLES) if "--all" in arguments else PICTURED)
        browser.close()


def take(browser: Browser, folder: Path, names: tuple[str, ...]) -> None:
    for look, scheme, width, height, language in LOOKS:
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height})
        context.route("**/*", chromium.serve)
        page = context.new_page()
        for name in names:
            page.goto(f"{chromium.ORIGIN}/{name}?{language}")
            page.screenshot(path=folder / f"{name}-{look}.png", full_page=True)
        context.close()


if __name__ == "__main__":
    main(sys.argv[1:])
