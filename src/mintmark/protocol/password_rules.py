"""Which passwords are good enough (NIST SP 800-63B-4 §3.1.1.2): length, and not one that is tried first. Nothing is
asked of what it is composed of."""

import unicodedata
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Final

from mintmark.texts import _

LONGEST_UNIT: Final = 8  # characters: what is repeated again and again to make a password long
SHORTEST_WORD: Final = 4  # characters of a name that must not be most of a password
_RUNS: Final = ("abcdefghijklmnopqrstuvwxyz", "0123456789", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm")


@dataclass(frozen=True, slots=True)
class Rules:
    least: int  # characters
    most: int


def normalised(password: str) -> str:
    """As it is hashed, so that the same keys are the same password on every system."""
    return unicodedata.normalize("NFKC", password)


def refusal(password: str, rules: Rules, common: Container[str], words: Iterable[str]) -> str | None:
    """Why it is not good enough, as a sentence for whoever chose it; None: it is.

    common: passwords that everybody tries, folded. words: names that whoever attacks this account knows.
    """
    text = normalised(password)
    if len(text) > rules.most:
        return _("Use at most %(most)s characters.", most=rules.most)
    if len(text) < rules.least:
        return _(
            "Use at least %(least)s characters. A few words that do not belong together are easy to remember.",
            least=rules.least,
        )
    folded = text.casefold()
    if folded in common or _plain(folded) in common:
        return _("This password is among the most common ones: it is tried first. Choose another.")
    if _is_pattern(folded):
        return _("This password repeats itself or runs along the keys: it is tried first. Choose another.")
    for word in words:
        if _is_mostly(folded, word.casefold()):
            return _("This password is made of a name that is known here. Choose another.")
    return None


def _plain(folded: str) -> str:
    """Without the digits and signs that people put behind a word."""
    return folded.rstrip("0123456789!?.,-_ ")


def _is_pattern(folded: str) -> bool:
    unit = next((size for size in range(1, LONGEST_UNIT + 1) if _repeats(folded, size)), None)
    return unit is not None or any(_runs_along(folded, keys) for keys in _RUNS)


def _repeats(folded: str, size: int) -> bool:
    return len(folded) >= 2 * size and folded == (folded[:size] * (len(folded) // size + 1))[: len(folded)]


def _runs_along(folded: str, keys: str) -> bool:
    around = keys * (len(folded) // len(keys) + 2)
    return folded in around or folded in around[::-1]


def _is_mostly(folded: str, word: str) -> bool:
    """The name, and less than half of it beside it."""
    if len(word) < SHORTEST_WORD or word not in folded:
        return False
    rest = folded.replace(word, "")
    return len(rest) * 2 < len(word)


def words_of(*names: str | None) -> tuple[str, ...]:
    """Names as they are, and the parts of an address before and behind its sign."""
    found: dict[str, None] = {}
    for name in names:
        if name:
            found |= dict.fromkeys((name, *name.partition("@")[::2]))
    return tuple(word for word in found if word)
