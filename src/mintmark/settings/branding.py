"""How an operator's pages look and speak, beside their name and their links."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from mintmark import colours
from mintmark.settings.forms import Colour, File, Kind

_Tag = Annotated[Literal["en", "de", "fr", "es", "ja", "ar"], Kind("`en`, `de`, `fr`, `es`, `ja` or `ar`")]


class Branding(BaseModel):
    """Part of Settings."""

    default_language: _Tag = Field(
        default="en", description="The language of pages and mails for whoever asks for none that there is."
    )
    accent_color: Colour = Field(
        default=None,
        description="The colour of buttons and links, such as `#0f7b5f`; what could not be read on light or dark paper "
        "is darkened or lightened until it can.",
    )
    logo: File = Field(
        default=None,
        description="A picture shown beside the name, at most 16 kB: PNG, JPEG, GIF, WebP or SVG; served from here.",
    )
    templates: File = Field(
        default=None,
        description="A folder whose templates take the place of ours by their names, and whose `own.css` is added to "
        "the style sheet.",
    )

    def unreadable(self) -> Iterator[str]:
        """A warning where the accent is shown otherwise than it was written."""
        if self.accent_color is not None:
            for paper, scheme in (("light", colours.LIGHT), ("dark", colours.DARK)):
                shown = colours.accent(self.accent_color, scheme).colour
                if shown != self.accent_color:
                    yield f"MINTMARK_ACCENT_COLOR is hard to read on {paper} paper: {shown} is shown instead"
