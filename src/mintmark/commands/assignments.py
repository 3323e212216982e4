"""`member=value` as people type it (docs: commands): JSON where it looks like JSON, otherwise text."""

import json
from collections.abc import Collection, Sequence
from typing import Any

import typer

from mintmark.commands.opening import Refused

_WORDS = {"true": True, "false": False, "null": None}
OBJECTS = ("policy", "claims", "address")  # `policy.require_pkce=false` is a member of a member


def read(words: Sequence[str], *, lists: Collection[str], numbers: Collection[str]) -> dict[str, object]:
    """lists: members whose plain text is split at commas; numbers: members whose plain digits are a number."""
    found: dict[str, object] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{word!r} is not of the form member=value")
        _put(found, name, _value(name, text, lists, numbers))
    return found


def must_not_be_secret(members: dict[str, object], secrets: dict[str, str]) -> None:
    """A command's arguments are seen by everybody on the machine. secrets: member, and the command that reads it."""
    for name in members:
        if name in secrets:
            raise Refused(f"{name} is not set by an argument, which others would see; {secrets[name]}")


def _put(found: dict[str, object], name: str, value: object) -> None:
    first, dot, rest = name.partition(".")
    if not dot or first not in OBJECTS:
        if name in found:
            raise typer.BadParameter(f"{name} stands there twice")
        found[name] = value
        return
    inner = found.setdefault(first, {})
    if not isinstance(inner, dict) or rest in inner:
        raise typer.BadParameter(f"{name} stands there twice")
    inner[rest] = value


def _value(name: str, text: str, lists: Collection[str], numbers: Collection[str]) -> Any:  # Any: JSON
    if text in _WORDS:
        return _WORDS[text]
    if text[:1] in ("[", "{", '"'):
        try:
            return json.loads(text)
        except ValueError:
            raise typer.BadParameter(f"{name} begins like JSON, and is none") from None
    if name.startswith("claims."):  # a claim of one's own is what JSON says: 5 is a number, "5" is text
        try:
            return json.loads(text)
        except ValueError:
            return text
    if name in numbers and text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    if name in lists:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text
