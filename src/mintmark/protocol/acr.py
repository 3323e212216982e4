"""How strongly somebody proved who they are: proofs, levels, and what is still missing (OIDC Core §2, RFC 8176)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any, Literal

Kind = Literal["knowledge", "possession", "inherence"]


@dataclass(frozen=True, slots=True)
class Means:
    """What a factor proves, once it is proved."""

    factor: str
    kinds: frozenset[Kind]  # something they know, have, are
    resists_phishing: bool = False
    begins: bool = False  # it says by itself who somebody is: a sign-in may begin with it


@dataclass(frozen=True, slots=True)
class Proof:
    """A factor that somebody proved: it stands by itself, whatever the factor will mean later."""

    means: Means
    at: datetime
    amr: tuple[str, ...]  # RFC 8176; (): nothing was shown, as by a browser that is trusted

    @property
    def factor(self) -> str:
        return self.means.factor


@dataclass(frozen=True, slots=True)
class Level:
    """What must have been proved. More proofs never make less of it."""

    name: str  # as `acr` says it; "": nobody asks for it by name
    kinds: int = 1  # how many different kinds
    resists_phishing: bool = False
    begins: bool = False  # one of them says who it is
    each: frozenset[str] = frozenset()  # these factors, all of them
    only: frozenset[str] | None = None  # only these factors count; None: any
    fresh: timedelta | None = None  # how long ago a proof that counts may be; None: as long as the session lives

    def reached(self, proofs: Iterable[Proof], now: datetime) -> bool:
        counted = [proof for proof in proofs if self._counts(proof, now)]
        kinds = {kind for proof in counted for kind in proof.means.kinds}
        return (
            bool(counted)
            and len(kinds) >= self.kinds
            and self.each <= {proof.factor for proof in counted}
            and (not self.resists_phishing or any(proof.means.resists_phishing for proof in counted))
            and (not self.begins or any(proof.means.begins for proof in counted))
        )

    def _counts(self, proof: Proof, now: datetime) -> bool:
        return (self.only is None or proof.factor in self.only) and (self.fresh is None or now - proof.at <= self.fresh)


ONE = "urn:mintmark:acr:1"
TWO = "urn:mintmark:acr:2"
RESISTANT = "urn:mintmark:acr:phr"
# The weakest first (contract, "Doors").
LEVELS = (Level(ONE), Level(TWO, kinds=2), Level(RESISTANT, kinds=2, resists_phishing=True))


@dataclass(frozen=True, slots=True)
class Needs:
    """What a sign-in, or an app, asks for."""

    every: tuple[Level, ...] = ()
    one_of: tuple[Level, ...] = ()  # (): none in particular
    not_before: datetime | None = None  # what was proved earlier does not count; None: it does

    def met(self, proofs: Iterable[Proof], now: datetime) -> bool:
        counted = [proof for proof in proofs if self.not_before is None or proof.at >= self.not_before]
        if not all(level.reached(counted, now) for level in self.every):
            return False
        return not self.one_of or any(level.reached(counted, now) for level in self.one_of)


def missing(needs: Needs, proofs: Sequence[Proof], has: Sequence[Means], now: datetime) -> tuple[str, ...] | None:
    """The factors one of which is to be proved next, of those that the person has: never one that adds nothing.

    (): nothing is missing. None: whatever they proved, it would not be enough.
    """
    if needs.met(proofs, now):
        return ()
    enough: list[frozenset[Means]] = []
    for size in range(1, len(has) + 1):
        for some in map(frozenset, combinations(has, size)):
            shown = [*proofs, *(Proof(means, now, ()) for means in some)]
            if not any(fewer <= some for fewer in enough) and needs.met(shown, now):
                enough.append(some)
    wanted = frozenset[Means]().union(*enough)
    return tuple(means.factor for means in has if means in wanted) or None


def merged(before: Iterable[Proof], *now: Proof) -> tuple[Proof, ...]:
    """Of each factor the latest proof."""
    found: dict[str, Proof] = {}
    for proof in sorted([*before, *now], key=lambda one: one.at):
        found.pop(proof.factor, None)
        found[proof.factor] = proof
    return tuple(found.values())


def highest(levels: Sequence[Level], proofs: Sequence[Proof], now: datetime) -> str:
    """The strongest level that is reached; of `levels` the weakest come first."""
    reached = [level.name for level in levels if level.reached(proofs, now)]
    return reached[-1] if reached else ONE


def amr(proofs: Iterable[Proof]) -> tuple[str, ...]:
    """RFC 8176 §2: `mfa` where things of more than one kind were shown."""
    shown = [proof for proof in proofs if proof.amr]
    words = dict.fromkeys(word for proof in shown for word in proof.amr)
    kinds = {kind for proof in shown for kind in proof.means.kinds}
    return (*words, "mfa") if len(kinds) > 1 and "mfa" not in words else tuple(words)


def authenticated_at(proofs: Iterable[Proof]) -> datetime | None:
    """When somebody last said who they are, and proved it: what adds to that moves no `auth_time`. None: never.

    A second factor alone would make an old sign-in look fresh (GHSA-hp74-gm6m-2qm5).
    """
    return max((proof.at for proof in proofs if proof.means.begins), default=None)


def written(proofs: Iterable[Proof]) -> str:
    """As it is stored."""
    return json.dumps([_written(proof) for proof in proofs], separators=(",", ":"))


def read(text: str) -> tuple[Proof, ...]:
    """What `written` wrote."""
    return tuple(map(_read, json.loads(text)))


def _written(proof: Proof) -> dict[str, Any]:
    means = proof.means
    return {
        "factor": means.factor,
        "at": round(proof.at.timestamp() * 1000),
        "amr": list(proof.amr),
        "kinds": sorted(means.kinds),
        "resists_phishing": means.resists_phishing,
        "begins": means.begins,
    }


def _read(stored: dict[str, Any]) -> Proof:
    means = Means(stored["factor"], frozenset(stored["kinds"]), stored["resists_phishing"], stored["begins"])
    seconds, rest = divmod(stored["at"], 1000)
    at = datetime.fromtimestamp(seconds, UTC) + timedelta(milliseconds=rest)
    return Proof(means, at, tuple(stored["amr"]))
