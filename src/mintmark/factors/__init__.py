"""How a PERSON proves themself: one file per factor, and one entry here, in the order in which they are offered."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from mintmark.factors import email_code, external, passkey, password, recovery_code, totp
from mintmark.factors.factor import Factor
from mintmark.factors.throttle import Attempt
from mintmark.protocol import throttling
from mintmark.protocol.acr import Means
from mintmark.protocol.authorization import Holder
from mintmark.server import Server
from mintmark.store import throttles
from mintmark.store.changes import Change
from mintmark.store.held import Held

FACTORS: Final[Mapping[str, Factor]] = MappingProxyType(
    {
        "password": password.FACTOR,
        "passkey": passkey.FACTOR,
        "totp": totp.FACTOR,
        "recovery_code": recovery_code.FACTOR,
        "email_code": email_code.FACTOR,
        "external": external.FACTOR,
    }
)


def of(server: Server, holder: Holder, held: Held) -> Iterator[Means]:
    """What this person can prove."""
    for factor in FACTORS.values():
        if factor.available(server, holder, held):
            yield factor.means if factor.means_here is None else factor.means_here(server)


def oblige(server: Server, holder: Holder, held: Held) -> bool:
    """Whether one factor alone signs this person in no more."""
    return any(factor.obliges(server, holder, held) for factor in FACTORS.values())


@dataclass(frozen=True, slots=True)
class Throttled:
    """Failed proofs of one person by one factor, which count."""

    factor: str
    known_browser: bool  # those from browsers that the person signed in from before are counted apart
    failures: int
    waits_until: datetime | None  # None: nobody waits


async def throttled(server: Server, holder: Holder, now: datetime) -> list[Throttled]:
    """What operators see of it."""
    found = []
    for name in FACTORS:
        rows = [one.account_id or "" for one in _counted(server, holder, name)]
        read = await throttles.find(server.store, *rows)
        for is_known, row in zip((False, True), rows, strict=True):
            count = read.get(row)
            if count is not None and count.failures and now < count.expires_at:
                waits = count.waits_until if count.waits_until > now else None
                found.append(Throttled(name, is_known, count.failures, waits))
    return found


def unthrottle(server: Server, holder: Holder) -> list[Change]:
    """As if nobody had failed at this person's account; addresses keep their counts."""
    ids = [one.account_id for name in FACTORS for one in _counted(server, holder, name)]
    return [throttles.clear(id) for id in ids if id is not None]


def _counted(server: Server, holder: Holder, factor: str) -> tuple[Attempt, Attempt]:
    account = throttling.account_key(holder.username)
    device = throttling.device_key(account, server.registry.mac("device", holder.id.encode()))
    return Attempt(account, "", None, factor), Attempt(account, "", device, factor)
