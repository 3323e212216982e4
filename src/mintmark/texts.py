"""Texts that people read: English where they are written, and said in a person's language where a page or mail is made.

How to write one:

- In a template: `{% trans %}Sign in{% endtrans %}`, `{% trans name=client.name %}Let {{ name }} in?{% endtrans %}`, and
  in an attribute `{{ _("Close") }}`. Whole sentences, with names as placeholders: word order differs.
- In Python: `_("Sign in again")`, `_("Signed in on %(device)s", device=device)`, and where it counts
  `ngettext("%(num)s day", "%(num)s days", days)`. What comes out is the English string, so logs and the wire go on
  as they are; a page translates it when it shows it. Never an f-string, nor `+` or `join` over such texts: `listed`.
- A refusal that a page shows: `UntrustedRequest(_("This form is too old."), check=…)`.
- Then `tools/generated.py --write` brings it into every catalogue (locales/*/LC_MESSAGES/mintmark.po), and a test fails
  until each language has it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Self


class Text(str):
    """A string in English that remembers what it was made of."""

    __slots__ = ("message", "parts", "plural", "values")

    message: str  # the key in the catalogues; empty: a list of parts
    plural: str | None  # with it, values["num"] decides
    values: Mapping[str, object]  # what goes into the placeholders; may be texts
    parts: tuple[str, ...]

    @classmethod
    def of(cls, message: str, plural: str | None, values: Mapping[str, object]) -> Self:
        english = message if plural is None or values["num"] == 1 else plural
        made = cls(english % values if values else english)
        made.message, made.plural, made.values, made.parts = message, plural, values, ()
        return made


def _(message: str, /, **values: object) -> Text:
    """A text to be said in the language of whoever reads it. Without values, a `%` is a `%`."""
    return Text.of(message, None, values)


def ngettext(one: str, many: str, number: int, /, **values: object) -> Text:
    """The same, of one or of many: `%(num)s` is the number."""
    return Text.of(one, many, {"num": number, **values})


def listed(parts: Iterable[str]) -> Text:
    """Parts in one line, each in its own right: "Firefox on Linux · 198.51.100.7 · now"."""
    given = tuple(parts)
    made = Text(SEPARATOR.join(given))
    made.message, made.plural, made.values, made.parts = "", None, {}, given
    return made


def written(text: str) -> object:
    """As JSON, to be said in a language that is not known yet. A plain string is one there, too."""
    if not isinstance(text, Text):
        return text
    if text.parts:
        return {"parts": [written(part) for part in text.parts]}
    values = {name: written(value) if isinstance(value, str) else value for name, value in text.values.items()}
    return {"message": text.message, "plural": text.plural, "values": values}


def read(document: Any) -> str:  # Any: JSON of `written`
    if isinstance(document, str):
        return document
    if "parts" in document:
        return listed(read(part) for part in document["parts"])
    values = {name: value if isinstance(value, int) else read(value) for name, value in document["values"].items()}
    return Text.of(document["message"], document["plural"], values)


SEPARATOR = " · "
