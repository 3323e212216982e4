"""Whether a client's logo may be shown: what kind of picture its own bytes say it is, and how large it unpacks.

PNG (W3C PNG §11.2.2), JPEG (ITU-T T.81 §B.2.2), GIF (GIF89a §18) and WebP (RFC 9649 §2). SVG may be a program: of it
the drawing alone is kept.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from mintmark.protocol import drawing

SVG = "image/svg+xml"
MOST_BYTES = 20_000  # a page that shows it stays under 60 kB, all in
MOST_PIXELS = 2048  # on each side: a few kilobytes may unpack to gigabytes
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # JPEG markers before which the size stands
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})  # JPEG markers without a length

Size = tuple[int, int]


def shown(body: bytes) -> tuple[str, bytes] | None:
    """Its kind, and what is shown of it. None: no picture that is, whatever its sender said of it."""
    if len(body) > MOST_BYTES:
        return None
    for kind, size in _KINDS.items():
        found = size(body)
        if found is not None:
            return (kind, body) if all(0 < side <= MOST_PIXELS for side in found) else None
    drawn = drawing.clean(body)
    return None if drawn is None else (SVG, drawn)


def _png(body: bytes) -> Size | None:
    if not body.startswith(b"\x89PNG\r\n\x1a\n") or body[12:16] != b"IHDR" or len(body) < 24:
        return None
    return int.from_bytes(body[16:20]), int.from_bytes(body[20:24])


def _gif(body: bytes) -> Size | None:
    if body[:6] not in (b"GIF87a", b"GIF89a") or len(body) < 10:
        return None
    return int.from_bytes(body[6:8], "little"), int.from_bytes(body[8:10], "little")


def _jpeg(body: bytes) -> Size | None:
    """Segment by segment up to the frame's; a thumbnail inside an earlier one is passed over with it."""
    if not body.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    while at + 9 <= len(body) and body[at] == 0xFF:
        marker = body[at + 1]
        if marker in _FRAMES:
            return int.from_bytes(body[at + 7 : at + 9]), int.from_bytes(body[at + 5 : at + 7])
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker in _BARE:
            at += 2
        else:
            at += 2 + int.from_bytes(body[at + 2 : at + 4])
    return None


def _webp(body: bytes) -> Size | None:
    if body[:4] != b"RIFF" or body[8:12] != b"WEBP" or len(body) < 30:
        return None
    match body[12:16]:
        case b"VP8X":
            return int.from_bytes(body[24:27], "little") + 1, int.from_bytes(body[27:30], "little") + 1
        case b"VP8L":
            bits = int.from_bytes(body[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = int.from_bytes(body[26:28], "little"), int.from_bytes(body[28:30], "little")
            return width & 0x3FFF, height & 0x3FFF
    return None


_KINDS: Mapping[str, Callable[[bytes], Size | None]] = MappingProxyType(
    {"image/png": _png, "image/jpeg": _jpeg, "image/gif": _gif, "image/webp": _webp}
)
