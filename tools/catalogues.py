"""The catalogues of texts: drawn from the code and the templates, kept in step, and compiled (GNU gettext)."""

import importlib
import struct
from collections.abc import Iterator, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.core import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
HOUSE = ROOT / "src" / "mintmark"
LOCALES = HOUSE / "locales"
FUNCTIONS = {"_": None, "gettext": None, "ngettext": (1, 2)}
IN_TEMPLATES = {"trimmed": "true", "silent": "false", "newstyle_gettext": "true"}
WIDE = 118

# How many forms a number can ask for, and the rule in C. CLDR has a third in French and Spanish, for millions alone.
PLURALS = {
    "de": (2, "(n != 1)"),
    "fr": (2, "(n > 1)"),
    "es": (2, "(n != 1)"),
    "ja": (1, "0"),
    "ar": (6, "(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 && n%100<=99 ? 4 : 5)"),
}


def tags() -> list[str]:
    """Every language but English, which is in the code."""
    languages = importlib.import_module("mintmark.languages")
    return [tag for tag in languages.TAGS if tag != languages.ENGLISH]


def path(tag: str, suffix: str) -> Path:
    return LOCALES / tag / "LC_MESSAGES" / f"mintmark.{suffix}"


@cache
def drawn() -> Catalog:
    """What the code and the templates say now, each with the files that say it."""
    catalogue = Catalog(fuzzy=False)
    for file, method in _files():
        options = IN_TEMPLATES if method == "jinja2" else {}
        place = file.relative_to(HOUSE).as_posix()
        for _line, message, _comments, context in extract_from_file(method, file, FUNCTIONS, options=options):
            catalogue.add(message, locations=[(place, 0)], context=context)
    return catalogue


def _files() -> Iterator[tuple[Path, str]]:
    for file in sorted(HOUSE.rglob("*")):
        if "templates" in file.parts and file.suffix in {".html", ".jinja", ".txt"}:
            yield file, "jinja2"
        elif file.suffix == ".py":
            yield file, "python"


def kept(tag: str) -> Catalog:
    """What has been translated."""
    file = path(tag, "po")
    return read_po(BytesIO(file.read_bytes() if file.exists() else b""), locale=tag)


def written(tag: str) -> str:
    """The catalogue with everything that is said now, and nothing that is not."""
    fresh, old = read_po(BytesIO(_header(tag).encode()), locale=tag), kept(tag)
    for message in drawn():
        if message.id:
            known = old.get(message.id, message.context)
            empty = ("",) * PLURALS[tag][0] if message.pluralizable else ""
            string = known.string if known is not None and bool(known.pluralizable) == message.pluralizable else empty
            fresh.add(message.id, string, sorted(set(message.locations)), known.flags if known else ())
    out = BytesIO()
    write_po(out, fresh, width=WIDE, omit_header=True, sort_by_file=True, include_lineno=False)
    return _header(tag) + out.getvalue().decode()


def compiled(tag: str) -> bytes:
    """As Python's gettext reads it: two tables of lengths and offsets, sorted by key, then the strings."""
    pairs = {b"": _told(tag).encode()}
    for message in read_po(BytesIO(written(tag).encode()), locale=tag):
        if message.id and message.string and not message.fuzzy:
            pairs["\0".join(_forms(message.id)).encode()] = "\0".join(_forms(message.string)).encode()
    keys = sorted(pairs)
    start, tables, strings = 28, b"", b""
    first = start + 16 * len(keys)
    for text in (*keys, *(pairs[key] for key in keys)):
        tables += struct.pack("<2I", len(text), first + len(strings))
        strings += text + b"\0"
    return struct.pack("<7I", 0x950412DE, 0, len(keys), start, start + 8 * len(keys), 0, 0) + tables + strings


def _forms(text: str | Sequence[str]) -> Sequence[str]:
    return (text,) if isinstance(text, str) else text


def _header(tag: str) -> str:
    lines = "".join(f'"{line}\\n"\n' for line in _told(tag).splitlines())
    return f'# {Locale.parse(tag).english_name} texts of Mintmark\'s pages and mails.\nmsgid ""\nmsgstr ""\n{lines}\n'


def _told(tag: str) -> str:
    """What a catalogue says of itself: without dates and versions, which would differ each time."""
    forms, rule = PLURALS[tag]
    return (
        f"Language: {tag}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
        f"Content-Transfer-Encoding: 8bit\nPlural-Forms: nplurals={forms}; plural={rule};\n"
    )
