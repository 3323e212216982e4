"""Strict JSON (RFC 8259): no name twice, no NaN, no number that is none."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from mintmark.commands.forms.spots import DEEPEST, TOO_DEEP, Lines, Spot, Unreadable, line_and_column

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder(strict=True)


class _Twice(Exception):
    pass


class _NoNumber(Exception):
    pass


def parse(text: str) -> Any:  # Any: JSON
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number, parse_float=_float)
    except json.JSONDecodeError as error:
        raise _malformed(text, error) from None
    except RecursionError:
        raise Unreadable(TOO_DEEP) from None
    except _Twice as twice:
        line, column = _second(text, str(twice))
        raise Unreadable(f"{str(twice)!r} stands twice in one object: which of the two is meant?", line, column) from (
            None
        )
    except _NoNumber as word:
        raise Unreadable(f"{str(word)[:40]} is no JSON number", *_place_of(text, str(word))) from None
    except ValueError:  # Python reads 4300 digits and no more
        raise Unreadable("a number has more digits than anybody could mean") from None


def spots(text: str) -> Spot:
    return _spot(text, Lines(text), 0, _after_space(text, 0))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        raise _Twice(next(name for name, _ in pairs if name in seen or seen.add(name)))  # type: ignore[func-returns-value]
    return found


def _no_number(word: str) -> float:
    raise _NoNumber(word)


def _float(digits: str) -> float:
    found = float(digits)
    if math.isinf(found):
        raise _NoNumber(digits)
    return found


def _malformed(text: str, error: json.JSONDecodeError) -> Unreadable:
    if error.pos >= len(text.rstrip()):
        whole = "it is empty" if not text.strip() else "the file ends in the middle of it: was it cut off?"
        return Unreadable(f"this is no JSON: {whole}", error.lineno, error.colno)
    return Unreadable(f"this is no JSON: {error.msg}", error.lineno, error.colno)


def _place_of(text: str, word: str) -> tuple[int | None, int | None]:
    for found in re.finditer(rf'"(?:[^"\\]|\\.)*"|{re.escape(word)}', text):
        if not found[0].startswith('"'):
            return line_and_column(text, found.start())
    return None, None


def _second(text: str, name: str) -> tuple[int | None, int | None]:
    """Where the name stands for the second time in one object."""
    waiting = [spots(text)]
    for _ in range(DEEPEST):
        deeper: list[Spot] = []
        for spot in waiting:
            seen = False
            for member, inner in spot.parts():
                if member == name and seen:
                    return inner.line, inner.column
                seen = seen or member == name
                deeper.append(inner)
        waiting = deeper
    return None, None


def _spot(text: str, lines: Lines, at: int, value: int) -> Spot:
    """at: where it begins as people see it; value: where its value begins."""
    return Spot(*lines.of(at), lambda: _inside(text, lines, value))


def _inside(text: str, lines: Lines, start: int) -> Iterator[tuple[str | int, Spot]]:
    """Members or items of what begins there, in a text that is known to be JSON."""
    opened = text[start : start + 1]
    if opened not in ("{", "["):
        return
    place, number = _after_space(text, start + 1), 0
    while text[place] not in "}]":
        at = place
        name: str | int = number
        if opened == "{":
            name, place = _DECODER.raw_decode(text, at)
            place = _after_space(text, _after_space(text, place) + 1)
        yield name, _spot(text, lines, at, place)
        place = _after_space(text, _DECODER.raw_decode(text, place)[1])
        if text[place] == ",":
            place = _after_space(text, place + 1)
        number += 1


def _after_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return place if found is None else found.end()
