"""The known name that an unknown one was probably meant to be."""

from collections.abc import Iterable
from difflib import SequenceMatcher

_MOST_CHARACTERS = 80  # comparing takes time in the square of the length, and the name may be a stranger's


def known(name: str, names: Iterable[str]) -> str | None:
    """Always one of them, however far it is. None: there are none. Upper and lower case count as the same."""
    wanted = SequenceMatcher(b=name[:_MOST_CHARACTERS].lower(), autojunk=False)

    def likeness(candidate: str) -> float:
        wanted.set_seq1(candidate[:_MOST_CHARACTERS].lower())
        return wanted.ratio()

    return max(sorted(names), key=likeness, default=None)


def hint(name: str, names: Iterable[str]) -> str:
    """The end of a refusal: `; did you mean 'scope'?`, or nothing where nothing is known."""
    found = known(name, names)
    return f"; did you mean {found!r}?" if found else ""
