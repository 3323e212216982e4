"""JWK Sets of others, fetched from where they publish them, and kept for a while (RFC 7517 §5; OIDC Core §10.1.1).

Strangers choose the addresses, and what is asked of them: so many sets are kept, for so long, and an address is asked
so often, whatever key ids are shown to us.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from mintmark.keys import foreign
from mintmark.keys.foreign import PublicKey
from mintmark.outbound import NotReached, Outbound, Reply

SECONDS: Final = 5.0  # for one fetch
MOST_BYTES: Final = 256 * 1024
FRESH: Final = timedelta(minutes=5)  # where the answer says nothing of it
SHORTEST: Final = timedelta(minutes=1)  # whatever the answer says
LONGEST: Final = timedelta(hours=1)
STALE: Final = timedelta(hours=1)  # beyond its freshness, while nothing better can be had
AGAIN: Final = timedelta(seconds=15)  # between two fetches from one address, for a key that is not there
PATIENCE: Final = timedelta(minutes=5)  # the longest wait after failures, each of which doubles it
MOST_SETS: Final = 2_000
MOST_KEYS: Final = 10_000  # in all of them: a key takes two or three kilobytes
AT_ONCE: Final = 64  # fetches from addresses that answered before; as many from those that never did

_MAX_AGE = re.compile(r"(?:^|,)\s*max-age=\"?([0-9]{1,9})", re.IGNORECASE)
_NOT_KEPT = re.compile(r"(?:^|,)\s*(?:no-store|no-cache)\b", re.IGNORECASE)


class Found(NamedTuple):
    """The keys, perhaps none; `fault` says what kept us from newer ones, for operators. None: nothing did."""

    keys: Sequence[PublicKey]
    fault: str | None = None

    def has(self, kid: str) -> bool:
        return any(key.kid == kid for key in self.keys)


_NOTHING: Final = Found(())


@dataclass(slots=True)
class _Kept:
    found: Found = _NOTHING
    fetched_at: datetime | None = None  # None: it never was
    fresh_until: datetime | None = None
    asked_at: datetime | None = None  # the last try
    failures: int = 0  # one after the other
    fetching: "asyncio.Task[None] | None" = None

    def is_fresh(self, now: datetime) -> bool:
        at, until = self.fetched_at, self.fresh_until
        return at is not None and until is not None and at <= now < until  # a clock set back makes nothing fresh

    def may_ask(self, now: datetime) -> bool:
        if self.asked_at is None or now < self.asked_at - AGAIN:  # the clock was set back
            return True
        wait = AGAIN * (1 << max(0, min(self.failures, 10) - 1))
        return now - self.asked_at >= min(wait, PATIENCE)

    def usable(self, now: datetime) -> Found:
        if self.fresh_until is None or now >= self.fresh_until + STALE:
            return Found((), self.found.fault or "its keys are too old")
        return self.found


@dataclass(slots=True)
class KeySets:
    """One per process. Of several who want the same set one fetches it, and the others wait for that."""

    _kept: dict[str, _Kept] = field(default_factory=dict)  # the least lately used first
    _rooms: Mapping[bool, asyncio.Semaphore] = field(
        default_factory=lambda: {known: asyncio.Semaphore(AT_ONCE) for known in (True, False)}
    )

    async def find(
        self, outbound: Outbound, uri: str, kid: str | None, now: datetime, *, newer_than: Found | None = None
    ) -> Found:
        """The keys that stand at the address: as they are kept, or fetched. It waits for `SECONDS` at most.

        kid: the key that is wanted. Where it is not among those that are kept, they are fetched anew, but not more
        often than every `AGAIN`. newer_than: what was found before, in which nothing fitted.
        """
        kept = self._of(uri)
        lacks = (kid is not None and not kept.found.has(kid)) or kept.found is newer_than
        if kept.fetching is None and (lacks or not kept.is_fresh(now)) and kept.may_ask(now):
            kept.asked_at = now
            kept.fetching = asyncio.create_task(self._fetch(outbound, uri, kept, now))
        if kept.fetching is not None and (lacks or not kept.is_fresh(now)):
            await asyncio.shield(kept.fetching)  # who gives up gives up for themselves
        return kept.usable(now)

    def _of(self, uri: str) -> _Kept:
        self._kept[uri] = self._kept.pop(uri) if uri in self._kept else _Kept()
        return self._kept[uri]

    async def _fetch(self, outbound: Outbound, uri: str, kept: _Kept, now: datetime) -> None:
        try:
            async with asyncio.timeout(SECONDS), self._rooms[kept.fetched_at is not None]:
                reply = await outbound.ask(
                    "GET", uri, [("accept", "application/json")], seconds=SECONDS, most=MOST_BYTES
                )
            keys = _read(reply)
            kept.found = Found(keys, None if keys else "no key there is one that is taken")
            kept.fetched_at, kept.failures = now, 0
            kept.fresh_until = now + _age(reply)
        except (NotReached, TimeoutError, foreign.WrongKeys) as error:
            kept.failures += 1
            fault = str(error) or f"no answer within {SECONDS:g} seconds"
            kept.found = Found(kept.found.keys, fault)
        finally:
            kept.fetching = None
            self._make_room()

    def _make_room(self) -> None:
        """The least lately used go, until the bounds hold."""
        keys = sum(len(one.found.keys) for one in self._kept.values())
        for uri in [uri for uri, one in self._kept.items() if one.fetching is None]:
            if len(self._kept) <= MOST_SETS and keys <= MOST_KEYS:
                return
            keys -= len(self._kept.pop(uri).found.keys)


def _read(reply: Reply) -> tuple[PublicKey, ...]:
    if reply.status != 200:
        raise NotReached(f"the answer is {reply.status}, and not 200")
    if not reply.is_whole:
        raise NotReached(f"the answer is longer than {MOST_BYTES} bytes, or did not end in time")
    return foreign.parse_keys(reply.body)


def _age(reply: Reply) -> timedelta:
    """RFC 9111 §5.2.2, within our bounds."""
    said = ",".join(value.decode("latin-1") for name, value in reply.headers if name.lower() == b"cache-control")
    if _NOT_KEPT.search(said):
        return SHORTEST
    age = _MAX_AGE.search(said)
    return FRESH if age is None else min(max(timedelta(seconds=int(age[1])), SHORTEST), LONGEST)
