"""The languages of an apply file: JSON, TOML and YAML, and at which line of it stands what a sentence speaks of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

from mintmark.commands.forms import as_json, as_toml, as_yaml
from mintmark.commands.forms.spots import Spot, Unreadable

__all__ = ["FORMS", "Form", "Spot", "Unreadable", "of_name"]


@dataclass(frozen=True, slots=True)
class Form:
    """`parse` raises Unreadable; `spots` is asked of a text that was parsed, and only when something is wrong in it."""

    name: str
    endings: tuple[str, ...]
    parse: Callable[[str], Any]  # Any: what a document may be, plus TOML's dates and times
    spots: Callable[[str], Spot]


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "json": Form("JSON", (".json",), as_json.parse, as_json.spots),
        "toml": Form("TOML", (".toml",), as_toml.parse, as_toml.spots),
        "yaml": Form("YAML", (".yaml", ".yml"), as_yaml.parse, as_yaml.spots),
    }
)


def of_name(name: str) -> Form | None:
    """By the ending of a file's name. None: it says nothing."""
    ending = PurePath(name).suffix.lower()
    return next((form for form in FORMS.values() if ending in form.endings), None)
