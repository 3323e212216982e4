"""When signing keys come, sign and go: known before they sign, there while a token of theirs lives (OIDC Core §10.1.1).

Everything is planned as instants that stand with the key, so that each node finds the signing key from its clock alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise, takewhile
from typing import Final, TypeVar

# Nodes may be 2 s apart on the clock and a second behind on the rows, and answers take a while to arrive.
MARGIN: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """The instants of a key's life. It is published from `published_at` until it is removed."""

    kid: str
    alg: str
    published_at: datetime
    signs_from: datetime
    signs_until: datetime | None = None  # None: no successor yet
    leaves_at: datetime | None = None  # None: still signs, so nobody knows yet
    removed_at: datetime | None = None  # None: published; else it verifies nothing any more, on any node


@dataclass(frozen=True, slots=True)
class Schedule:
    """How often keys change. Refuses, with a ValueError, what would hand out tokens that cannot be verified."""

    rotate_every: timedelta
    announce: timedelta  # between publishing a key and its first signature
    jwks_max_age: timedelta  # how long a verifier may keep the JWKS
    # How long after a signature somebody may still check it: the longest token, or an old ID token shown as a hint at
    # sign-out. Policies may lengthen it at any time; shortened too early, keys leave before older, longer tokens.
    longest_token: timedelta

    def __post_init__(self) -> None:
        for name in ("rotate_every", "announce", "jwks_max_age", "longest_token"):
            if getattr(self, name) <= timedelta(0):
                raise ValueError(f"{name} must be longer than nothing")
        if self.announce < self.jwks_max_age + MARGIN:
            raise ValueError(
                f"a key must be announced for at least {self.jwks_max_age + MARGIN} (the JWKS max-age and "
                f"{MARGIN.seconds} s) before it signs, not {self.announce}: verifiers would not know it yet"
            )
        if self.rotate_every <= self.announce:
            raise ValueError(f"keys cannot change every {self.rotate_every} when each is announced for {self.announce}")

    def leaves_at(self, signs_until: datetime) -> datetime:
        return signs_until + self.longest_token + MARGIN


@dataclass(frozen=True, slots=True)
class Create:
    """Make a key with these instants."""

    alg: str
    published_at: datetime
    signs_from: datetime

    def facts(self, kid: str) -> KeyFacts:
        return KeyFacts(kid, self.alg, self.published_at, self.signs_from)


@dataclass(frozen=True, slots=True)
class Retire:
    """Write down when the key stops signing and when it leaves."""

    kid: str
    signs_until: datetime
    leaves_at: datetime


@dataclass(frozen=True, slots=True)
class Remove:
    """Take the key out of the JWKS; its private half can be destroyed."""

    kid: str
    removed_at: datetime


Step = Create | Retire | Remove


def plan(keys: Sequence[KeyFacts], now: datetime, schedule: Schedule, wanted_algs: Iterable[str]) -> list[Step]:
    """What is due now; to be written in one commit, guarded by the keys it was planned from. Often nothing.

    Keys of an algorithm that nobody wants any more stay as they are: they sign nothing, and can be wanted again.
    """
    wanted = list(dict.fromkeys(wanted_algs))
    steps: list[Step] = []
    for alg in [*wanted, *sorted({key.alg for key in keys} - set(wanted))]:
        line = _line(keys, alg)
        if alg in wanted and _successor_is_due(line, now, schedule):
            steps += _succeed(line, now, schedule, alg)
        steps += _corrections(line, now, schedule)
        steps += _departures(line, now)
    return steps


def rotate(keys: Sequence[KeyFacts], now: datetime, schedule: Schedule, alg: str) -> list[Step]:
    """An operator's wish for a new key: announced now, signing later. Nothing, if one is announced already."""
    line = _line(keys, alg)
    if line and line[-1].signs_from > now:
        return []
    return _succeed(line, now, schedule, alg)


def announce_anew(keys: Sequence[KeyFacts], now: datetime, schedule: Schedule, alg: str) -> list[Step]:
    """A key that no copy of the keys has, even where one is announced already: that one is in the copy as well."""
    return _succeed(_line(keys, alg), now, schedule, alg)


def rotate_emergency(keys: Sequence[KeyFacts], now: datetime, alg: str) -> list[Step]:
    """A key leaked: its successor signs at once and all others of `alg` are gone, with every token they signed.

    An announced key goes too: it lay where the leaked one lay.
    """
    return [Create(alg, now, now), *(Remove(key.kid, now) for key in _line(keys, alg))]


K = TypeVar("K", bound=KeyFacts)


def signing(keys: Sequence[K], now: datetime) -> K | None:
    """Which of the keys of one algorithm signs at `now`: the one that began last. None: there are no keys.

    A node whose clock is behind the one that made the very first key signs with that key all the same.
    """
    if len(keys) == 1 and keys[0].removed_at is None:  # nearly always, and asked at every token
        return keys[0]
    living = [key for key in keys if key.removed_at is None]
    begun = [key for key in living if key.signs_from <= now]
    if begun:
        return max(begun, key=_order)
    return min(living, key=_order, default=None)


def _line(keys: Sequence[KeyFacts], alg: str) -> list[KeyFacts]:
    return sorted((key for key in keys if key.alg == alg and key.removed_at is None), key=_order)


def _order(key: KeyFacts) -> tuple[datetime, str]:
    return key.signs_from, key.kid


def _successor_is_due(line: Sequence[KeyFacts], now: datetime, schedule: Schedule) -> bool:
    if not line or line[-1].signs_until is not None:  # none yet, or somebody took the successor away
        return True
    return now >= line[-1].signs_from + schedule.rotate_every - schedule.announce


def _succeed(line: Sequence[KeyFacts], now: datetime, schedule: Schedule, alg: str) -> list[Step]:
    if not line:  # nobody can have kept a JWKS in which this algorithm's first key is missing, and needed it
        return [Create(alg, now, now)]
    # Not before one that is announced already, though the time of announcement may have been longer then.
    signs_from = max(now + schedule.announce, line[-1].signs_from + MARGIN)
    return [Create(alg, now, signs_from), Retire(line[-1].kid, signs_from, schedule.leaves_at(signs_from))]


def _corrections(line: Sequence[KeyFacts], now: datetime, schedule: Schedule) -> list[Step]:
    """No two keys sign at once, none stops before its heir starts, and none leaves too early if tokens grew longer."""
    steps: list[Step] = []
    for key, heir in pairwise(line):
        until = heir.signs_from
        untrue = key.signs_until != until
        leaves_at = schedule.leaves_at(max(until, now) if untrue else until)
        too_early = key.leaves_at is None or (key.leaves_at < leaves_at and now < until + MARGIN)
        if untrue or too_early:
            steps.append(Retire(key.kid, until, max(leaves_at, key.leaves_at or leaves_at)))
    return steps


def _departures(line: Sequence[KeyFacts], now: datetime) -> list[Step]:
    """They leave in the order in which they signed; the last one never does."""
    gone = takewhile(lambda key: key.leaves_at is not None and key.leaves_at <= now, line[:-1])
    return [Remove(key.kid, now) for key in gone]
