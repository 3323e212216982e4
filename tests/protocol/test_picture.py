import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import picture


def png(width=1, height=1):
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def gif(width=1, height=1):
    return b"GIF89a" + struct.pack("<HH", width, height) + bytes(3)


def jpeg(width=1, height=1, before=b"\xff\xe0\x00\x04ab\xff\xff\x01"):
    return b"\xff\xd8" + before + b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + bytes(12)


def webp(kind, body):
    return b"RIFF" + struct.pack("<I", 100) + b"WEBP" + kind + struct.pack("<I", 50) + body + bytes(20)


def vp8(width=1, height=1):
    return webp(b"VP8 ", bytes(6) + struct.pack("<HH", width, height))


def vp8l(width=1, height=1):
    return webp(b"VP8L", b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14))


def vp8x(width=1, height=1):
    return webp(b"VP8X", bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"))


MAKERS = {
    png: "image/png",
    gif: "image/gif",
    jpeg: "image/jpeg",
    vp8: "image/webp",
    vp8l: "image/webp",
    vp8x: "image/webp",
}


@pytest.mark.parametrize("make", MAKERS)
def test_a_picture_is_known_by_its_own_bytes(make):
    for body in (make(), make(2048, 2048)):
        assert (MAKERS[make], body) == picture.shown(body)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("size", [(2049, 1), (1, 2049)])
def test_what_unpacks_to_more_than_a_page_shows_is_refused(make, size):
    assert picture.shown(make(*size)) is None


def test_a_picture_without_an_inside_is_none():
    assert picture.shown(png(0, 1)) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        png()[:20],
        gif()[:8],
        b"\xff\xd8\xff",
        jpeg(before=b"\xff\xe0\xff\xff"),
        jpeg(before=b"xxxx"),
        webp(b"VP9 ", b""),
        vp8()[:20],
        png() + bytes(picture.MOST_BYTES),
    ],
)
def test_what_is_none_is_refused(body):
    assert picture.shown(body) is None


@given(st.sampled_from([*MAKERS]).flatmap(lambda make: st.binary(max_size=40).map(lambda rest: make()[:12] + rest)))
def test_whatever_came_is_a_picture_or_is_not(body):
    found = picture.shown(body)

    assert found is None or found == (found[0], body)


def test_of_a_drawing_the_drawing_is_shown():
    assert ("image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg"></svg>') == picture.shown(
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
    )
