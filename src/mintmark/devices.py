"""What a browser calls itself, in our own words: whatever it said, nothing else comes out."""

from typing import Final

from mintmark.texts import _

_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Macintosh", "macOS"),
    ("FreeBSD", "FreeBSD"),
    ("Linux", "Linux"),
)


def name(user_agent: str | None) -> str:
    """ "Firefox on Linux". Only our own words come out, whatever went in."""
    text = (user_agent or "")[:512]
    browser = next((known for mark, known in _BROWSERS if mark in text), None)
    system = next((known for mark, known in _SYSTEMS if mark in text), None)
    if browser and system:
        return _("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or (_("A program on %(system)s", system=system) if system else _("An unknown browser"))
