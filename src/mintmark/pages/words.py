"""What the pages say: scopes, devices, times and problems in plain words (OIDC Core §5.4, §11; RFC 6749 §4.1.2.1).

How a text is written so that it is said in every language: `texts`.
"""
# ruff: noqa: RUF001 - the apostrophe is the one of print, as on the pages

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from mintmark.texts import _, listed, ngettext


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
        "openid": (_("Know who you are"), _("That it’s you when you return")),
        "profile": (_("See your profile"), _("Your name, picture and the like")),
        "email": (_("See your e-mail address"), _("And whether it is confirmed")),
        "address": (_("See your postal address"), _("The one in your account")),
        "phone": (_("See your phone number"), _("And whether it is confirmed")),
        "offline_access": (_("Stay signed in"), _("Until you end it in your account")),
        "groups": (_("See your groups"), _("The teams and roles you belong to")),
    }
)

# The first that fits wins: each of these names also those below it.
_APP_HINT: Final = _("If you make this app: the line above says what to change.")
_OPERATOR_HINT: Final = _("If it goes on: whoever runs this place can look it up.")
_UNTRUSTED: Final = Problem(
    _("This request can’t go on"),
    _("The app that sent you here asked in a way we can’t trust, so we kept you here."),
    _APP_HINT,
)
_PROBLEMS: Final[Mapping[str, Problem]] = MappingProxyType(
    {
        "access_denied": Problem(
            _("You can’t go on from here"), _("Go back to where you came from and begin again."), _OPERATOR_HINT
        ),
        "not_found": Problem(
            _("There is nothing here"), _("The address may be old, or have a slip in it."), _OPERATOR_HINT
        ),
        "server_error": Problem(
            _("Something broke on our side"),
            _("It is not your doing, and nothing was changed. Please try again."),
            _OPERATOR_HINT,
        ),
        "temporarily_unavailable": Problem(
            _("We can’t answer just now"), _("Nothing was changed. Please try again in a moment."), _OPERATOR_HINT
        ),
        "too_many_requests": Problem(
            _("A little too fast"), _("There were many tries in a short time. Please wait a moment."), _OPERATOR_HINT
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
        return Row(name, description or name, listed(filter(None, [resource, name if description else None])), checked)
    title, detail = _SCOPES[name]
    if name == "email" and email:
        detail = email
    if name == "offline_access" and idle:
        detail = _("Ends after %(span)s without use", span=span(idle))
    return Row("" if name == "openid" else name, title, detail, checked)


def group(resources: Sequence[str], *, before: bool) -> str:
    """The heading above rows of the consent page; no resources: what tells of the person."""
    if not resources:
        return _("Allowed before: about you") if before else _("About you")
    about = _all(resources)
    return _("Allowed before: %(what)s", what=about) if before else about


def problem(code: str) -> Problem:
    """What an error page says above the code. Most codes mean that the app asked wrongly (RFC 6749 §4.1.2.1)."""
    return _PROBLEMS.get(code, _UNTRUSTED)


def ago(then: datetime, now: datetime) -> str:
    """ "12 days ago". Without a clock time: we do not know the person's zone. What lies ahead is "now"."""
    passed = now - then
    if passed < timedelta(minutes=1):
        return _("now")
    if timedelta(days=1) <= passed < timedelta(days=2):
        return _("yesterday")
    if passed >= timedelta(days=730):
        return ngettext("%(num)s year ago", "%(num)s years ago", passed.days // 365)
    if passed > timedelta(days=90):
        return ngettext("%(num)s month ago", "%(num)s months ago", passed.days // 30)
    if passed.days:
        return ngettext("%(num)s day ago", "%(num)s days ago", passed.days)
    if passed.seconds >= 3600:
        return ngettext("%(num)s hour ago", "%(num)s hours ago", passed.seconds // 3600)
    return ngettext("%(num)s minute ago", "%(num)s minutes ago", passed.seconds // 60)


def span(length: timedelta) -> str:
    """The largest whole unit: "30 days", "3 months", "1 hour". Months begin after 90 days: limits are set in days."""
    seconds = max(int(length.total_seconds()), 0)
    days = seconds // 86400
    if days >= 730:
        return ngettext("%(num)s year", "%(num)s years", days // 365)
    if days > 90:
        return ngettext("%(num)s month", "%(num)s months", days // 30)
    if days:
        return ngettext("%(num)s day", "%(num)s days", days)
    if seconds >= 3600:
        return ngettext("%(num)s hour", "%(num)s hours", seconds // 3600)
    if seconds >= 60:
        return ngettext("%(num)s minute", "%(num)s minutes", seconds // 60)
    return ngettext("%(num)s second", "%(num)s seconds", seconds)


def initial(name: str) -> str:
    """The letter on an app's tile."""
    return next((letter.upper()[:1] for letter in name if letter.isalnum()), "·")


def _all(names: Sequence[str]) -> str:
    """ "Notes, Calendar and Files"."""
    if len(names) == 1:
        return names[0]
    return _("%(first)s and %(last)s", first=", ".join(names[:-1]), last=names[-1])
