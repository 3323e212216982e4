"""PNG files with few colours: what a page's picture needs, at a third of the bytes (ISO/IEC 15948)."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
Colour = tuple[int, int, int]


def reduced(png: bytes, colours: int = 160) -> bytes:
    """The same picture with its commonest colours; of the others each becomes the nearest of them.

    png: with eight bits a channel and without interlacing, as browsers take it.
    """
    width, height, channels, pixels = _read(png)
    rows = [
        [(line[at], line[at + 1], line[at + 2]) for at in range(0, width * channels, channels)]
        for line in _lines(pixels, width * channels, height, channels)
    ]
    counted = Counter(pixel for row in rows for pixel in row)
    palette = _palette(counted, colours)
    nearest = {pixel: _nearest(pixel, palette) for pixel in counted}
    body = b"".join(b"\0" + bytes(nearest[pixel] for pixel in row) for row in rows)
    return b"".join(
        (
            SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", bytes(channel for colour in palette for channel in colour)),
            _chunk(b"IDAT", zlib.compress(body, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _palette(counted: Counter[Colour], most: int) -> list[Colour]:
    """The commonest, but none that lies close to one that is there already: a shadow must not take every place."""
    chosen: list[Colour] = []
    for apart in (30, 5, 0):
        for colour, _ in counted.most_common(4000):
            if len(chosen) == most:
                return chosen
            if colour not in chosen and all(_distance(colour, other) >= apart for other in chosen):
                chosen.append(colour)
    return chosen


def _nearest(colour: Colour, palette: list[Colour]) -> int:
    return min(range(len(palette)), key=lambda at: _distance(colour, palette[at]))


def _distance(one: Colour, other: Colour) -> int:
    return sum((left - right) ** 2 for left, right in zip(one, other, strict=True))


def _read(png: bytes) -> tuple[int, int, int, bytes]:
    """Width, height, channels, and the lines with their filters."""
    if not png.startswith(SIGNATURE):
        raise ValueError("no PNG")
    header, body, at = b"", b"", len(SIGNATURE)
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        chunk = png[at + 8 : at + 8 + length]
        header, body = (chunk if kind == b"IHDR" else header), (body + chunk if kind == b"IDAT" else body)
        at += 12 + length
    width, height, depth, kind_of_colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    channels = {2: 3, 6: 4}.get(kind_of_colour)
    if depth != 8 or channels is None or interlaced:
        raise ValueError("not as browsers take pictures")
    return width, height, channels, zlib.decompress(body)


def _lines(pixels: bytes, length: int, height: int, step: int) -> Iterator[bytearray]:
    """Without the filters (§9.2)."""
    above = bytearray(length)
    for number in range(height):
        start = number * (length + 1)
        how, line = pixels[start], bytearray(pixels[start + 1 : start + 1 + length])
        for at in range(length):
            left = line[at - step] if at >= step else 0
            corner = above[at - step] if at >= step else 0
            line[at] = (line[at] + _predicted(how, left, above[at], corner)) & 255
        above = line
        yield line


def _predicted(how: int, left: int, above: int, corner: int) -> int:
    if how == 4:
        guess = left + above - corner
        return min((left, above, corner), key=lambda one: abs(guess - one))
    return (0, left, above, (left + above) // 2)[how]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
