"""The pictures in docs/pages: each is shown somewhere, and small."""

import re
import struct
import zlib
from pathlib import Path

import pytest

from tools.pictures import reduced
from tools.screenshots import OWN, PICTURED

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pages"


def shown():
    """The pictures that a document or the README names."""
    documents = {ROOT / "README.md": "docs/pages/", **dict.fromkeys((ROOT / "docs").glob("*.md"), "pages/")}
    return {
        name
        for document, folder in documents.items()
        for name in re.findall(rf"[\"(]{folder}([a-z-]+\.png)[\")]", document.read_text())
    }


def test_every_picture_is_shown_and_every_picture_that_is_shown_is_there():
    taken = {f"{name}-{look}.png" for name, looks in PICTURED.items() for look in looks} | {f"{OWN}-light.png"}

    assert taken == {path.name for path in PICTURES.iterdir()}
    assert taken == shown()


@pytest.mark.parametrize("picture", sorted(PICTURES.glob("*.png")), ids=lambda picture: picture.stem)
def test_a_picture_is_small(picture):
    assert picture.stat().st_size < 40_000


def png(pixels, width):
    """As a browser takes it: every line with the filter that looks up, in red, green and blue."""
    lines = [b"".join(bytes(pixel) for pixel in pixels[at : at + width]) for at in range(0, len(pixels), width)]
    above = [bytes(3 * width), *lines]
    body = b"".join(
        b"\2" + bytes((here - up) & 255 for here, up in zip(line, above[number], strict=True))
        for number, line in enumerate(lines)
    )
    header = struct.pack(">IIBBBBB", width, len(lines), 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def colours(picture):
    """Of a picture with a palette, pixel by pixel."""
    parts, at = {}, 8
    while at < len(picture):
        length, kind = struct.unpack(">I4s", picture[at : at + 8])
        parts[kind] = picture[at + 8 : at + 8 + length]
        at += 12 + length
    width = struct.unpack(">I", parts[b"IHDR"][:4])[0]
    palette, lines = parts[b"PLTE"], zlib.decompress(parts[b"IDAT"])
    indices = [index for start in range(0, len(lines), width + 1) for index in lines[start + 1 : start + 1 + width]]
    return [tuple(palette[3 * index : 3 * index + 3]) for index in indices]


def test_few_colours_stay_what_they_were_and_of_many_each_becomes_the_nearest():
    pixels = [(255, 255, 255), (0, 0, 0), (15, 123, 95), (255, 255, 255), (0, 0, 0), (250, 250, 250)]

    assert pixels == colours(reduced(png(pixels, 3)))
    assert [*pixels[:5], (255, 255, 255)] == colours(reduced(png(pixels, 3), colours=3))


def test_what_is_no_picture_of_a_browser_is_refused():
    with pytest.raises(ValueError, match="no PNG"):
        reduced(b"GIF89a")
