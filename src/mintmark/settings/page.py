"""The settings page of the documentation, made from the model so that the two cannot differ."""

from pydantic.fields import FieldInfo

import mintmark.settings.forms as forms
import mintmark.settings.sources as sources
from mintmark.settings.forms import Kind
from mintmark.settings.model import Settings


def page() -> str:
    """A Markdown table, one row a setting."""
    # What Settings has from its parts comes last.
    ordered = sorted(Settings.model_fields.items(), key=lambda item: item[0] not in Settings.__annotations__)
    rows = [_row(name, field) for name, field in ordered]
    return "\n".join(("| setting | type | default | what it is |", "|---|---|---|---|", *rows, ""))


def _row(name: str, field: FieldInfo) -> str:
    kind = next(mark.words for mark in field.metadata if isinstance(mark, Kind))
    return f"| `{sources.variable(name)}` | {kind} | {_default(field)} | {field.description} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = forms.shown(field.default)
    if value is None or value == []:
        return "unset"
    if isinstance(value, bool):
        return "`on`" if value else "`off`"
    return f"`{value}`"
