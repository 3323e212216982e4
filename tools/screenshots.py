"""Takes the pictures in docs/pages: sample pages in Chromium, light, dark, on a phone, in Arabic, in an own look.

Run it from the top of the repository: PYTHONPATH=src .venv/bin/python -m tools.screenshots [folder] [--all] [name …]
With --all, or with names of samples, each is taken in every look: to be looked at, not to be kept.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from playwright.sync_api import Browser, Route, sync_playwright

from mintmark import colours
from mintmark.pages.branding import Look
from mintmark.pages.render import Pages
from tests.pages import browser as chromium
from tests.pages.samples import SAMPLES
from tools.pictures import reduced


@dataclass(frozen=True, slots=True)
class Shown:
    """How a page is looked at."""

    scheme: Literal["light", "dark"]
    width: int
    language: str = "en"


LOOKS: Final = MappingProxyType(
    {
        "light": Shown("light", 720),
        "dark": Shown("dark", 720),
        "phone": Shown("light", 390),
        "arabic": Shown("light", 390, "ar"),
    }
)
# What stands in the documents, each page in the looks that tell something of it.
PICTURED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "sign-in": ("light", "dark", "phone", "arabic"),
        "second-step-app": ("phone",),
        "consent": ("light", "dark", "arabic"),
        "account": ("light", "arabic"),
        "account-factors": ("phone",),
        "account-passkeys": ("light",),
        "authenticators": ("light", "dark"),
        "recovery-sheet": ("phone",),
        "account-sessions": ("dark",),
        "account-apps": ("light",),
        "account-activity": ("phone",),
        "sign-up": ("light",),
        "join": ("phone",),
        "new-password": ("light",),
        "error": ("light",),
    }
)
OWN: Final = "branded"  # the sign-in page as somebody else's


def main(arguments: list[str]) -> None:
    words = [word for word in arguments if not word.startswith("-")]
    folder = Path(next((word for word in words if word not in SAMPLES), "docs/pages"))
    names = tuple(SAMPLES) if "--all" in arguments else tuple(word for word in words if word in SAMPLES)
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        if names:
            take(browser, folder, dict.fromkeys(names, tuple(LOOKS)))
        else:
            take(browser, folder, PICTURED, few_colours=True)
            take_own(browser, folder)
        browser.close()


def take(browser: Browser, folder: Path, names: Mapping[str, tuple[str, ...]], *, few_colours: bool = False) -> None:
    for look, shown in LOOKS.items():
        context = browser.new_context(color_scheme=shown.scheme, viewport={"width": shown.width, "height": 480})
        context.route("**/*", chromium.serve)
        page = context.new_page()
        for name in (name for name, looks in names.items() if look in looks):
            page.goto(f"{chromium.ORIGIN}/{name}?{shown.language}")
            picture = page.screenshot(full_page=True, animations="disabled", caret="hide")
            (folder / f"{name}-{look}.png").write_bytes(reduced(picture) if few_colours else picture)
        context.close()


def take_own(browser: Browser, folder: Path) -> None:
    """With a name, a colour and a logo that are not ours."""
    accent = colours.accent("#1a4fd6", colours.LIGHT)
    named = {
        "mint": accent.colour,
        "mint-up": accent.under_finger,
        "on-mint": accent.on_it,
        "wash": accent.wash,
        "ring": accent.ring,
    }
    style = f":root{{{';'.join(f'--{name}:{colour}' for name, colour in named.items())}}}"
    logo = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 34 34">
<rect width="34" height="34" rx="9" fill="#1a4fd6"/>
<path d="M8 21c3 3 6 3 9 0s6-3 9 0M17 6v11M17 7l7 9H10z" fill="none" stroke="#fff" stroke-width="2.5"/></svg>"""
    own = Pages(
        "Harbour Club",
        "",
        "https://club.example/privacy",
        None,
        Look(style.encode(), ("logo.0.svg", "image/svg+xml", logo)),
    )
    template, context = SAMPLES["sign-in"]

    def serve(route: Route) -> None:
        file = own.static.get(route.request.url.rpartition("/")[2])
        if file is None:
            route.fulfill(body=own.page(template, **context), headers=dict(own.headers()))
        else:
            route.fulfill(body=file.body, headers=dict(file.headers))

    page = browser.new_page(viewport={"width": 720, "height": 480})
    page.route("**/*", serve)
    page.goto(f"{chromium.ORIGIN}/{OWN}")
    (folder / f"{OWN}-light.png").write_bytes(reduced(page.screenshot(full_page=True, caret="hide")))
    page.close()


if __name__ == "__main__":
    main(sys.argv[1:])
