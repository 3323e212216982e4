"""An operator's own look: their accent, logo, templates and style, read once at start."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

from mintmark import colours
from mintmark.protocol import picture
from mintmark.settings import Settings

MOST_LOGO = 16_000  # bytes: a page stays under 60 kB, all in
OWN_STYLE = "own.css"

_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp", "image/svg+xml": "svg"}


class BadBranding(ValueError):
    """What the operator gave cannot be shown."""


@dataclass(frozen=True, slots=True)
class Look:
    style: bytes = b""  # after ours
    logo: tuple[str, str, bytes] | None = None  # its name with a digest, its kind, itself; None: our coin
    templates: Path | None = None  # that take the place of ours; None: none

    @classmethod
    def read(cls, settings: Settings) -> Self:
        """Raises BadBranding with a sentence that says what to mend."""
        style = b"" if settings.accent_color is None else _accented(settings.accent_color)
        if settings.templates is not None:
            if not settings.templates.is_dir():
                raise BadBranding(f"MINTMARK_TEMPLATES: {settings.templates} is no folder")
            own = settings.templates / OWN_STYLE
            style += own.read_bytes() if own.is_file() else b""
            _try(settings.templates)
        return cls(style, None if settings.logo is None else _logo(settings.logo), settings.templates)


def _try(folder: Path) -> None:
    """Whether they can be read at all: a slip is told at the start, and not to the first person who comes."""
    from jinja2 import Environment, TemplateError

    for path in sorted(folder.rglob("*.html")):
        try:
            Environment(autoescape=True, extensions=["jinja2.ext.i18n"]).parse(path.read_text("utf-8"))
        except (OSError, UnicodeError, TemplateError) as error:
            line = f", line {error.lineno}" if hasattr(error, "lineno") else ""
            raise BadBranding(f"MINTMARK_TEMPLATES: {path.name}{line}: {error}") from None


def _logo(path: Path) -> tuple[str, str, bytes]:
    try:
        body = path.read_bytes()
    except OSError as error:
        raise BadBranding(f"MINTMARK_LOGO does not open: {error.strerror}") from None
    found = picture.shown(body) if len(body) <= MOST_LOGO else None
    if found is None:
        raise BadBranding(f"MINTMARK_LOGO must be a PNG, JPEG, GIF, WebP or SVG of at most {MOST_LOGO} bytes")
    kind, shown = found
    return f"logo.{sha256(shown).hexdigest()[:16]}.{_ENDINGS[kind]}", kind, shown


def _accented(colour: str) -> bytes:
    """The same names in the style sheet, with the operator's colours."""
    dark = _variables(colours.accent(colour, colours.DARK))
    light = _variables(colours.accent(colour, colours.LIGHT))
    return f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}".encode()


def _variables(accent: colours.Accent) -> str:
    return (
        f"--mint:{accent.colour};--mint-up:{accent.under_finger};--on-mint:{accent.on_it};"
        f"--wash:{accent.wash};--ring:{accent.ring}"
    )
