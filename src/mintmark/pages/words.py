"""What the pages say: scopes, devices, times and problems in plain words (OIDC Core §5.4, §11; RFC 6749 §4.1.2.1)."""
# ruff: noqa: RUF001 - the apostrophe is the one of print, as on the pages

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the consent page."""

    name: str  # empty: part of every sign-in, so there is no box to clear
    title: str
    detail: str
    checked: bool = True


@dataclass(frozen=True, slots=True)
class Problem:
    """The head of an error page: what happened, who can mend it, and what helps the app's developer."""

    title: str
    lead: str
    hint: str


_SCOPES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "openid": ("Know who you are", "That it’s you when you return"),
        "profile": ("See your profile", "Your name, picture and the like"),
        "email": ("See your e-mail address", "And whether it is confirmed"),
        "address": ("See your postal address", "The one in your account"),
        "phone": ("See your phone number", "And whether it is confirmed"),
        "offline_access": ("Stay signed in", "Until you end it in your account"),
        "groups": ("See your groups", "The teams and roles you belong to"),
    }
)

# The first that fits wins: each of these names also those below it.
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

_APP_HINT: Final = "If you make this app: the line above says what to change."
_OPERATOR_HINT: Final = "If it goes on: whoever runs this place can look it up."
_UNTRUSTED: Final = Problem(
    "This request can’t go on",
    "The app that sent you here asked in a way we can’t trust, so we kept you here.",
    _APP_HINT,
)
_PROBLEMS: Final[Mapping[str, Problem]] = MappingProxyType(
    {
        "access_denied": Problem(
            "You can’t go on from here", "Go back to where you came from and begin again.", _OPERATOR_HINT
        ),
        "not_found": Problem("There is nothing here", "The address may be old, or have a slip in it.", _OPERATOR_HINT),
        "server_error": Problem(
            "Something broke on our side",
            "It is not your doing, and nothing was changed. Please try again.",
            _OPERATOR_HINT,
        ),
        "temporarily_unavailable": Problem(
            "We can’t answer just now", "Nothing was changed. Please try again in a moment.", _OPERATOR_HINT
        ),
        "too_many_requests": Problem(
            "A little too fast", "There were many tries in a short time. Please wait a moment.", _OPERATOR_HINT
        ),
    }
)


def scope(
    name: str,
    *,
    description: str | None = None,
    resource: str | None = None,
    email: str | None = None,
    idle: timedelta | None = None,
    checked: bool = True,
) -> Row:
    """The consent row of a scope. `description` and `resource` are the operator's words for a resource's scope; `email`
    is the person's own; `idle` is how long unused access lives. None: not said."""
    if name not in _SCOPES:
        return Row(
            name, description or name, " · ".join(filter(None, [resource, name if description else None])), checked
        )
    title, detail = _SCOPES[name]
    if name == "email" and email:
        detail = email
    if name == "offline_access" and idle:
        detail = f"Ends after {span(idle)} without use"
    return Row("" if name == "openid" else name, title, detail, checked)


def group(resources: Sequence[str], *, before: bool) -> str:
    """The heading above rows of the consent page; no resources: what tells of the person."""
    about = " and ".join(resources)
    return f"Allowed before: {about or 'about you'}" if before else about or "About you"


def problem(code: str) -> Problem:
    """What an error page says above the code. Most codes mean that the app asked wrongly (RFC 6749 §4.1.2.1)."""
    return _PROBLEMS.get(code, _UNTRUSTED)


def device_name(user_agent: str | None) -> str:
    """ "Firefox on Linux". Only our own words come out, whatever went in."""
    text = (user_agent or "")[:512]
    browser = next((name for mark, name in _BROWSERS if mark in text), None)
    system = next((name for mark, name in _SYSTEMS if mark in text), None)
    if browser and system:
        return f"{browser} on {system}"
    return browser or (f"A program on {system}" if system else "An unknown browser")


def ago(then: datetime, now: datetime) -> str:
    """ "12 days ago". Without a clock time: we do not know the person's zone. What lies ahead is "now"."""
    passed = now - then
    if passed < timedelta(minutes=1):
        return "now"
    if timedelta(days=1) <= passed < timedelta(days=2):
        return "yesterday"
    return f"{span(passed)} ago"


def span(length: timedelta) -> str:
    """The largest whole unit: "30 days", "3 months", "1 hour". Months begin after 90 days: limits are set in days."""
    seconds = int(length.total_seconds())
    days = seconds // 86400
    if days >= 730:
        return _counted(days // 365, "year")
    if days > 90:
        return _counted(days // 30, "month")
    if days:
        return _counted(days, "day")
    if seconds >= 3600:
        return _counted(seconds // 3600, "hour")
    return _counted(seconds // 60, "minute") if seconds >= 60 else _counted(max(seconds, 0), "second")


def initial(name: str) -> str:
    """The letter on an app's tile."""
    return next((letter.upper()[:1] for letter in name if letter.isalnum()), "·")


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
