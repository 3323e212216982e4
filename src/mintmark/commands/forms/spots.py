"""Where something stands in a text: lines and columns, counted from 1 as editors do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from mintmark.commands.opening import Refused

DEEPEST = 50  # levels; nothing that means anything is half as deep
TOO_DEEP = f"it is nested more than {DEEPEST} levels deep"
_ENDS = ".[ ,:="  # what may stand behind a name in a sentence


class Unreadable(Refused):
    """The text is not of its language. line None: nobody knows where."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(f"{at(line, column)}: {message}" if line is not None else message)
        self.line, self.column = line, column


def at(line: int | None, column: int | None) -> str:
    return f"line {line}" if column is None else f"line {line}, column {column}"


Inside = Callable[[], Iterator[tuple[str | int, "Spot"]]]  # name of a member or number of an item, and its spot


@dataclass(slots=True)
class Spot:
    """A member's name or an item, and what stands inside, which is looked at when somebody asks."""

    line: int
    column: int
    inside: Inside = field(repr=False, default=lambda: iter(()))
    _found: list[tuple[str | int, "Spot"]] | None = field(repr=False, default=None)

    def parts(self) -> list[tuple[str | int, "Spot"]]:
        if self._found is None:
            self._found = list(self.inside())
        return self._found


def find(sentence: str, whole: Spot) -> Spot | None:
    """The innermost spot of the path that a sentence begins with (`clients[1].policy.rotate is no …`). None: no path.

    Names may hold whatever ends a name, so they are not taken apart: each is looked for as it stands in the text.
    """
    rest, found = sentence, None
    spot: Spot | None = whole
    while spot is not None:
        step = max((one for one in spot.parts() if _begins(rest, one[0])), key=_length, default=None)
        if step is None:
            return found
        found = spot = step[1]
        rest = rest[_length(step) :].removeprefix(".")
    return found


def _begins(rest: str, name: str | int) -> bool:
    token = _token(name)
    return rest.startswith(token) and (isinstance(name, int) or rest[len(token) : len(token) + 1] in ("", *_ENDS))


def _length(part: tuple[str | int, Spot]) -> int:
    return len(_token(part[0]))


def _token(name: str | int) -> str:
    return f"[{name}]" if isinstance(name, int) else name


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    before = text.rfind("\n", 0, offset)
    return text.count("\n", 0, offset) + 1, offset - before


class Lines:
    """Line and column of many offsets of one text."""

    def __init__(self, text: str) -> None:
        self._starts = [0]
        start = text.find("\n")
        while start >= 0:
            self._starts.append(start + 1)
            start = text.find("\n", start + 1)

    def of(self, offset: int) -> tuple[int, int]:
        from bisect import bisect_right

        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1
