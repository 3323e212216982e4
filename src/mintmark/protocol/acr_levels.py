"""The levels of authentication as an operator defines them, and what a policy's `require_factors` comes to."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from mintmark import durations, nearest
from mintmark.protocol.acr import LEVELS, Level

MEMBERS = ("kinds", "factors", "phishing_resistant", "fresh")
_NAME = re.compile(r"[\x21-\x7e]{1,200}")

SECOND = "second_factor"
RESISTANT = "phishing_resistant"
FACTORS = ("password", "passkey", "totp", "email_code", "external")
WORDS = (SECOND, RESISTANT, *FACTORS)  # of `require_factors`
# What an authorization tells of the factors that earned it, long after (RFC 8176 §2). Of others it tells nothing.
_TOLD: Mapping[str, frozenset[str]] = {
    "password": frozenset({"pwd"}),
    "totp": frozenset({"otp"}),
    "passkey": frozenset({"hwk", "swk"}),
}


def read(document: Mapping[str, object] | None) -> tuple[Level, ...]:
    """The built-in levels with those of the document: one of the same name takes its place, others are stronger.

    Raises ValueError.
    """
    found = {level.name: level for level in LEVELS}
    for name, members in (document or {}).items():
        found[name] = _level(name, members)
    return tuple(found.values())


def demanded(words: Iterable[str]) -> Level | None:
    """What a policy demands; None: nothing."""
    asked = frozenset(words)
    if not asked:
        return None
    return Level(
        "",
        kinds=2 if SECOND in asked else 1,
        resists_phishing=RESISTANT in asked,
        each=asked.intersection(FACTORS),
    )


def unmet(
    words: Collection[str], acr: str, amr: Collection[str], levels: Sequence[Level], age: timedelta = timedelta(0)
) -> list[str]:
    """The words that an authorization of this `acr` and `amr` does not live up to, as far as these tell."""
    level = next((one for one in levels if one.name == acr), Level(acr))
    is_stale = level.fresh is not None and age > level.fresh
    return [word for word in words if is_stale or not _told(word, level, amr)]


def _told(word: str, level: Level, amr: Collection[str]) -> bool:
    if word == SECOND:
        return level.kinds > 1 or "mfa" in amr
    if word == RESISTANT:
        return level.resists_phishing
    return word not in _TOLD or not _TOLD[word].isdisjoint(amr)


def serving(words: Iterable[str], levels: Sequence[Level]) -> list[Level]:
    """The levels that are at least as much as these words, as far as a level can say it."""
    level = demanded(words) or Level("")
    return [one for one in levels if one.kinds >= level.kinds and (one.resists_phishing or not level.resists_phishing)]


def _level(name: str, members: object) -> Level:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be a level's name: printable ASCII without spaces")
    if not isinstance(members, Mapping):
        raise ValueError(f"{name} must be an object of members")
    for member in members:
        if member not in MEMBERS:
            raise ValueError(f"{name}: {member} is no member of a level{nearest.hint(str(member), MEMBERS)}")
    only = members.get("factors")
    return Level(
        name,
        kinds=_kinds(name, members.get("kinds", 1)),
        resists_phishing=_flag(name, members.get("phishing_resistant", False)),
        only=None if only is None else _factors(name, only),
        fresh=_fresh(name, members.get("fresh")),
    )


def _kinds(name: str, value: object) -> int:
    if value not in (1, 2, 3) or isinstance(value, bool):
        raise ValueError(f"{name}: kinds must be 1, 2 or 3")
    return int(str(value))


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name}: phishing_resistant must be true or false")
    return value


def _factors(name: str, value: Any) -> frozenset[str]:  # Any: JSON
    known = (*FACTORS, "recovery_code", "trusted_browser")
    if not isinstance(value, list) or not value or not all(one in known for one in value):
        raise ValueError(f"{name}: factors must be a list of some of {', '.join(known)}")
    return frozenset(value)


def _fresh(name: str, value: object) -> timedelta | None:
    try:
        return None if value is None else durations.parse(value)
    except ValueError as error:
        raise ValueError(f"{name}: fresh {error}") from None
