"""The languages that pages and mails are written in: which one a person reads, and its catalogue (RFC 4647 §3.4).

English is in the code; every other is a gettext catalogue in `locales`, compiled by `tools/generated.py`.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from types import MappingProxyType
from typing import Final, Literal

from mintmark.texts import SEPARATOR, Text

ENGLISH: Final = "en"

# Tag to what the language calls itself.
NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español", "ja": "日本語", "ar": "العربية"}
)
TAGS: Final = tuple(NAMES)
_FROM_RIGHT_TO_LEFT: Final = frozenset({"ar"})

RIGHT_TO_LEFT, AS_IT_BEGINS, END = "\u2067", "\u2068", "\u2069"
MOST = 20  # of the languages somebody names that are looked at
_RANGE: Final = re.compile(r"(?i)([a-z]{1,8}(?:-[a-z0-9]{1,8})*|\*)(?:[ \t]*;[ \t]*q=([01](?:\.[0-9]{0,3})?))?")


@dataclass(frozen=True, slots=True)
class Language:
    """One of them, with its catalogue."""

    tag: str
    catalogue: NullTranslations

    @property
    def dir(self) -> Literal["ltr", "rtl"]:
        return "rtl" if self.tag in _FROM_RIGHT_TO_LEFT else "ltr"

    def say(self, value: object) -> object:
        """The text in this language. What is no text, a person's name for one, stays as it is."""
        if not isinstance(value, Text):
            return value
        if value.parts:
            parts = (str(self.say(part)) for part in value.parts)
            return SEPARATOR.join(parts if self.dir == "ltr" else map(_isolated, parts))
        if value.plural is None:
            said = self.catalogue.gettext(value.message)
        else:
            number = value.values["num"]
            said = self.catalogue.ngettext(value.message, value.plural, number if isinstance(number, int) else 0)
        return said % {name: self.say(one) for name, one in value.values.items()} if value.values else said


def _isolated(part: str) -> str:
    """So that on a line from right to left a name, an address and a time do not run into each other (UAX #9 §2.4).

    With a word of that language it goes that way as well: "Firefox on Linux". Without one, as it would by itself: an
    IPv6 address begins with digits.
    """
    goes_along = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in part)
    return f"{RIGHT_TO_LEFT if goes_along else AS_IT_BEGINS}{part}{END}"


@dataclass(frozen=True)  # no slots: a catalogue is read when somebody reads its language
class Languages:
    """All of them; `default` is for whoever names none that we know."""

    default: str = ENGLISH
    _read: dict[str, Language] = field(default_factory=dict)

    def best(self, wanted: Iterable[str]) -> Language:
        """The first of the wanted tags that we have: `de-AT` finds `de`. A `*` is the default."""
        for tag in (*wanted, self.default):
            found = self.default if tag == "*" else _known(tag)
            if found is not None:
                return self._language(found)
        raise AssertionError("the default is one of them")

    def _language(self, tag: str) -> Language:
        if tag not in self._read:
            self._read[tag] = Language(tag, _catalogue(tag))
        return self._read[tag]

    @cached_property
    def english(self) -> Language:
        return self._language(ENGLISH)


def accepted(header: str | None) -> tuple[str, ...]:
    """What `Accept-Language` asks for, the most wanted first (RFC 9110 §12.5.4). Nonsense in it is passed over."""
    ranges = [_RANGE.fullmatch(part.strip()) for part in (header or "")[:500].split(",")[:MOST]]
    weighed = [(float(found[2] or 1), found[1]) for found in ranges if found is not None]
    return tuple(tag for weight, tag in sorted(weighed, key=lambda one: -one[0]) if weight > 0)


def named(ui_locales: str | None) -> tuple[str, ...]:
    """The tags of `ui_locales`, the most wanted first (OIDC Core §3.1.2.1). Nonsense in it is never an error."""
    return tuple((ui_locales or "")[:500].split()[:MOST])


def _known(tag: str) -> str | None:
    """The tag that we have for a wanted one: cut from its end until it fits (RFC 4647 §3.4)."""
    cut = tag.lower()
    while cut and cut not in NAMES:
        cut = cut.rpartition("-")[0]
    return cut or None


def _catalogue(tag: str) -> NullTranslations:
    if tag == ENGLISH:
        return NullTranslations()
    with (files("mintmark") / "locales" / tag / "LC_MESSAGES" / "mintmark.mo").open("rb") as compiled:
        return GNUTranslations(compiled)
