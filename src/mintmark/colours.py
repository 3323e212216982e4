"""Colours and how well they are told apart (WCAG 2.2, "relative luminance" and "contrast ratio"), and an accent's look.

An operator names one colour. Where it is too pale for light paper, or too dark for dark paper, it is darkened or
lightened just so far that everything written in it, and on it, can be read.
"""

import re
from dataclasses import dataclass
from typing import Final

TEXT: Final = 4.5  # the least contrast of text (WCAG 2.2 §1.4.3, AA)
_STEPS: Final = 100
_BLACK, _WHITE = "#000000", "#ffffff"
_HEX: Final = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Scheme:
    """The papers that an accent stands on; they are those of the style sheet."""

    paper: str
    card: str
    away: str  # towards which an accent is moved until it can be read
    ring: str  # how opaque the ring around what has the focus is, in hexadecimal


LIGHT: Final = Scheme("#f6f4ef", "#fffdf9", _BLACK, "33")
DARK: Final = Scheme("#12110e", "#1b1a16", _WHITE, "40")


@dataclass(frozen=True, slots=True)
class Accent:
    """One colour, and what is made of it."""

    colour: str
    under_finger: str
    on_it: str
    wash: str
    ring: str


def read(text: str) -> str:
    """`#0f7b5f` or `#fff`, as six small digits. ValueError for anything else."""
    lowered = text.strip().lower()
    if re.fullmatch(r"#[0-9a-f]{3}", lowered):
        lowered = "#" + "".join(digit * 2 for digit in lowered[1:])
    if not _HEX.fullmatch(lowered):
        raise ValueError("must be a colour such as #0f7b5f")
    return lowered


def contrast(one: str, other: str) -> float:
    """From 1, the same, to 21, black on white."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def accent(colour: str, scheme: Scheme) -> Accent:
    """The colour itself where it can be read, else the nearest that can."""
    for step in range(_STEPS + 1):
        moved = _mixed(colour, scheme.away, step / _STEPS)
        wash = _mixed(scheme.card, moved, 0.1)
        if min(contrast(moved, back) for back in (scheme.paper, scheme.card, wash)) >= TEXT:
            break
    else:  # the last of them is black, or white
        raise AssertionError("black and white can be read")
    return Accent(moved, _mixed(moved, scheme.away, 0.14), _on(moved), wash, moved + scheme.ring)


def _on(colour: str) -> str:
    """What is written on it."""
    return max((_WHITE, _mixed(colour, _BLACK, 0.88)), key=lambda ink: contrast(ink, colour))


def _mixed(one: str, other: str, share: float) -> str:
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(value / 255) for value in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
