"""An SVG drawing, written anew of what draws and nothing else (SVG 2): no script, no style sheet, no link, no foreign
thing. It is shown as a picture only, in which browsers run nothing anyway; this is the first of two doors.
"""

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

DEEPEST = 32  # elements in one another
_SVG = "{http://www.w3.org/2000/svg}"
# `use` is left out: a few of them in one another draw for hours. `style` and `image` load things.
_ELEMENTS = frozenset(
    {
        "svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "defs",
        "linearGradient", "radialGradient", "stop", "clipPath", "mask", "title", "desc",
    }
)  # fmt: skip
_ATTRIBUTES = frozenset(
    {
        "id", "d", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy", "width", "height",
        "viewBox", "preserveAspectRatio", "points", "transform", "offset", "fill", "fill-opacity", "fill-rule",
        "clip-rule", "clip-path", "mask", "opacity", "stroke", "stroke-width", "stroke-opacity",
        "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-dasharray", "stroke-dashoffset",
        "stop-color", "stop-opacity", "gradientUnits", "gradientTransform", "spreadMethod", "clipPathUnits",
        "maskUnits", "color", "style",
    }
)  # fmt: skip
_WORDED = frozenset({"title", "desc"})
_VALUE = re.compile(r"(?:[A-Za-z0-9#.,:;%()+\-_ \t\n]|url\(#[A-Za-z0-9_-]+\))*")
_LINK = re.compile(r"url\((?!#[A-Za-z0-9_-]+\))", re.IGNORECASE)


def clean(body: bytes) -> bytes | None:
    """The drawing with everything else left out; None: it is none that we know how to read."""
    try:
        text = body.decode("utf-8")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:  # what expands, and what is fetched
            return None
        root = ET.fromstring(text)  # noqa: S314  nothing is declared in it, so nothing expands
    except (ValueError, ET.ParseError):
        return None
    if root.tag != f"{_SVG}svg":
        return None
    return "".join(_written(root, 1)).encode("utf-8")


def _written(element: ET.Element, depth: int) -> Iterator[str]:
    name = str(element.tag).removeprefix(_SVG)
    if name not in _ELEMENTS or not str(element.tag).startswith(_SVG) or depth > DEEPEST:
        return
    root = ' xmlns="http://www.w3.org/2000/svg"' if depth == 1 else ""
    yield f"<{name}{root}{''.join(_attributes(element))}>"
    if name in _WORDED:
        yield escape(element.text or "")
    for child in element:
        yield from _written(child, depth + 1)
    yield f"</{name}>"


def _attributes(element: ET.Element) -> Iterator[str]:
    for name, value in element.attrib.items():
        if name in _ATTRIBUTES and _VALUE.fullmatch(value) and not _LINK.search(value):
            yield f" {name}={quoteattr(value)}"
