"""What clients did and were told, in order, and what must be true of it (security, faults: invariants I1 to I6)."""

import json
import time
from base64 import urlsafe_b64decode
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.faults.talking import Caller, Lost, Reply

Outcome = Literal["done", "refused", "unknown"]


@dataclass(frozen=True)
class Act:
    kind: str  # refresh, redeem, end, introspect
    subject: str  # the authorization that it is about
    given: str  # the token, code or id that was presented
    began: float
    ended: float
    outcome: Outcome
    status: int  # 0: no answer came
    got: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.kind} of {self.subject}, {self.status} {self.outcome}, {self.got.get('error', '')}"


@dataclass
class History:
    """Append-only. 503 and no answer at all are unknown; another 5xx is unknown too, and a fault of its own."""

    acts: list[Act] = field(default_factory=list)

    async def ask(
        self, kind: str, subject: str, given: str, caller: Caller, path: str, form: Mapping[str, Any], **more: Any
    ) -> Act:
        began = time.monotonic()
        reply: Reply | None
        try:
            reply = await caller.post(path, form, **more)
        except Lost:
            reply = None
        act = Act(kind, subject, given, began, time.monotonic(), *judged(reply))
        self.acts.append(act)
        return act

    def count(self, outcome: Outcome) -> int:
        return sum(act.outcome == outcome for act in self.acts)

    def of(self, kind: str) -> list[Act]:
        return [act for act in self.acts if act.kind == kind]


def judged(reply: Reply | None) -> tuple[Outcome, int, Mapping[str, Any]]:
    if reply is None:
        return "unknown", 0, {}
    try:
        got = reply.json()
    except ValueError:
        got = {}
    if reply.status < 400:
        return "done", reply.status, got
    return ("refused" if reply.status < 500 else "unknown"), reply.status, got


def single_use(acts: Iterable[Act]) -> list[str]:
    """I1: whatever is presented has one effect; the same heir again is the same effect."""
    effects: dict[tuple[str, str], set[str]] = defaultdict(set)
    for act in acts:
        if act.outcome == "done" and act.kind in ("refresh", "redeem"):
            effects[act.kind, act.given].add(act.got["refresh_token"])
    return [f"I1 {kind} {given[:8]} had {len(got)} effects" for (kind, given), got in effects.items() if len(got) > 1]


def nobody_was_refused(acts: Iterable[Act]) -> list[str]:
    """I4: whoever holds the newest token it was given can go on."""
    return [f"I4 {act}" for act in acts if act.outcome == "refused"]


def no_faults(acts: Iterable[Act]) -> list[str]:
    """I7: what cannot be done is a 503, never another 5xx."""
    return [f"I7 {act}" for act in acts if act.status >= 500 and act.status != 503]


def everybody_went_on(acts: Sequence[Act]) -> list[str]:
    """I4: the last that each was told is good."""
    last = {act.subject: act for act in acts}
    return [f"I4 it ended with {act}" for act in last.values() if act.outcome != "done"]


def nothing_after_an_end(acts: Sequence[Act]) -> list[str]:
    """I5: what begins after an end was acknowledged hands nothing out and calls nothing active."""
    over: dict[str, float] = {}
    for act in acts:
        if act.kind == "end" and act.outcome == "done":
            over[act.subject] = min(act.ended, over.get(act.subject, act.ended))
    return [f"I5 {act}" for act in acts if is_alive(act) and act.began >= over.get(act.subject, float("inf"))]


def is_alive(act: Act) -> bool:
    if act.kind == "introspect":
        return act.outcome == "done" and bool(act.got.get("active"))
    return act.outcome == "done" and act.kind in ("refresh", "redeem")


def nobody_is_mixed_up(acts: Iterable[Act], owners: Mapping[str, tuple[str, str]]) -> list[str]:
    """I6: each token speaks of the person and the client of its request. owners: subject -> person, client."""
    found = []
    for act in acts:
        if act.outcome == "done" and "access_token" in act.got:
            claims = payload(act.got["access_token"])
            if (claims["sub"], claims["client_id"], claims["aid"]) != (*owners[act.subject], act.subject):
                found.append(f"I6 {act} got a token of {claims['sub']} for {claims['client_id']}")
    return found


def payload(jwt: str) -> Mapping[str, Any]:
    part = jwt.split(".")[1]
    claims: Mapping[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


@dataclass(frozen=True)
class Row:
    """A refresh token as it is stored."""

    digest: bytes
    authorization_id: str
    is_spent: bool
    heir: bytes | None


def chains(rows: Iterable[Row]) -> list[str]:
    """I2: the tokens of an authorization are one chain with one live end."""
    families: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        families[row.authorization_id].append(row)
    return [fault for id, family in families.items() for fault in chain(id, family)]


def chain(id: str, family: Sequence[Row]) -> Iterator[str]:
    by_digest = {row.digest: row for row in family}
    heirs = [row.heir for row in family if row.heir is not None]
    roots = [row for row in family if row.digest not in heirs]
    if 1 != sum(not row.is_spent for row in family):
        yield f"I2 {id} has {sum(not row.is_spent for row in family)} live ends"
    if 1 != len(roots) or len(set(heirs)) != len(heirs):
        yield f"I2 {id} has {len(roots)} beginnings"
        return
    steps, row = 1, roots[0]
    while row.heir is not None and row.heir in by_digest and steps <= len(family):
        steps, row = steps + 1, by_digest[row.heir]
    if steps != len(family) or row.is_spent:
        yield f"I2 {id} is no chain: {steps} of {len(family)} follow one another"


def acknowledged(acts: Iterable[Act], stored: Mapping[bytes, Row], digest: Any) -> list[str]:
    """I3: every token that somebody was given is there."""
    given = {act.got["refresh_token"] for act in acts if act.outcome == "done" and "refresh_token" in act.got}
    return [f"I3 {token[:8]} was given and is gone" for token in given if digest(token) not in stored]
