"""Failed sign-ins that are counted, as operators see and clear them: of a person, of an address, of everybody."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mintmark import factors
from mintmark.events import Configured, Event
from mintmark.factors.throttle import EVERYBODY, Attempt
from mintmark.protocol import throttling
from mintmark.protocol.authorization import Holder
from mintmark.protocol.throttling import Count
from mintmark.registry import Registry
from mintmark.settings import Settings, Throttle
from mintmark.store import throttles
from mintmark.store.changes import Change
from mintmark.store.executor import Executor


@dataclass(frozen=True, slots=True)
class Throttled:
    """Failures that count until they are forgotten."""

    of: str  # person, address or everybody
    factor: str | None  # None: of whatever factor
    known_browser: bool | None  # those from browsers that a person signed in from before are counted apart
    failures: int
    waits_until: datetime | None  # None: nobody waits
    forgotten_at: datetime

    def document(self) -> dict[str, Any]:  # Any: JSON
        return {
            "of": self.of,
            "factor": self.factor,
            "known_browser": self.known_browser,
            "failures": self.failures,
            "waits_until": None if self.waits_until is None else _when(self.waits_until),
            "forgotten_at": _when(self.forgotten_at),
        }


async def of_person(store: Executor, registry: Registry, holder: Holder, now: datetime) -> list[Throttled]:
    """Each factor counts by itself."""
    found = []
    for factor in factors.FACTORS:
        rows = dict(_rows(registry, holder, factor))
        read = await throttles.find(store, *rows)
        for row, is_known in rows.items():
            count = _live(read.get(row), now)
            if count is not None:
                waits = count.waits_until if count.waits_until > now else None
                found.append(Throttled("person", factor, is_known, count.failures, waits, count.expires_at))
    return found


async def elsewhere(store: Executor, settings: Settings, address: str | None, now: datetime) -> list[Throttled]:
    """Of an address, where one is named, and of everybody together."""
    rows: list[tuple[str, str, Throttle | None]] = [("everybody", EVERYBODY, settings.throttle_sign_in_everybody)]
    if address is not None:
        rows.insert(0, ("address", _of_address(address), settings.throttle_sign_in_address))
    read = await throttles.find(store, *(row for _, row, _ in rows))
    found = []
    for of, row, budget in rows:
        count = _live(read.get(row), now)
        if count is not None and budget is not None:
            waits = count.expires_at if count.failures >= budget.count else None
            found.append(Throttled(of, None, None, count.failures, waits, count.expires_at))
    return found


def cleared(address: str | None, *, everybody: bool, actor: str | None) -> tuple[list[Change], list[Event]]:
    """An address, of IPv6 its whole /64, or everybody together, may try again at once. Of a person: `remedies`.

    The trail does not say which address it was.
    """
    changes = [] if address is None else [throttles.clear(_of_address(address))]
    changes += [throttles.clear(EVERYBODY)] if everybody else []
    members = " ".join(name for name, is_meant in (("address", address), ("everybody", everybody)) if is_meant)
    return changes, [Configured(kind="throttle", subject="sign-in", change="unthrottle", members=members, actor=actor)]


def _rows(registry: Registry, holder: Holder, factor: str) -> Iterator[tuple[str, bool]]:
    account = throttling.account_key(holder.username)
    device = throttling.device_key(account, registry.mac("device", holder.id.encode()))
    for known in (None, device):
        row = Attempt(account, "", known, factor=factor).account_id
        if row is not None:
            yield row, known is not None


def _of_address(address: str) -> str:
    return Attempt(None, address).address_id


def _live(count: Count | None, now: datetime) -> Count | None:
    return count if count is not None and count.failures and now < count.expires_at else None


def _when(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
