"""How often may be tried before one must wait, and how long: per account and per address (choices, "Limits").

An attempt is counted before it is known whether it fails, so that no number of parallel ones gets more than its share
(CVE-2024-4629); a success takes its count back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

from mintmark.protocol.names import normalise_username

FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=24)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Count:
    """What is remembered of the attempts at one account, or from one address."""

    failures: int
    first_at: datetime
    waits_until: datetime  # not later than first_at: nobody waits
    expires_at: datetime  # from then on as if it had never been


@dataclass(frozen=True, slots=True)
class Tick:
    """The count once this attempt is in it.

    below: the decision is the same for every count of this window under that number. None: only for the count as read.
    """

    count: Count
    below: int | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    """Go on: the attempt has been counted."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now; nothing was counted."""

    seconds: int  # whole ones, for Retry-After


def at_account(
    count: Count | None, now: datetime, *, free: int, forgotten_after: timedelta = FORGOTTEN_AFTER
) -> Tick | Wait:
    """`free` failures cost no wait; after each further one the wait doubles. A try during a wait does not extend it."""
    live = _live(count, now)
    if live is not None and live.waits_until > now:
        return Wait(_whole(live.waits_until - now))
    failures = 1 if live is None else live.failures + 1
    first_at = now if live is None else live.first_at
    waits_until = now + _wait(failures - free) if failures >= free else first_at
    tick = Count(failures, first_at, waits_until, now + forgotten_after)
    return Tick(tick, free - 1 if live is not None and failures < free else None)


def from_address(count: Count | None, now: datetime, *, most: int, per: timedelta) -> Tick | Wait:
    """So many in each window, which begins with the first; then nothing until it ends."""
    live = _live(count, now)
    if live is None:
        return Tick(Count(1, now, now, now + per))
    if live.failures >= most:
        return Wait(_whole(live.expires_at - now))
    return Tick(Count(live.failures + 1, live.first_at, live.waits_until, live.expires_at), most)


def _live(count: Count | None, now: datetime) -> Count | None:
    return count if count is not None and now < count.expires_at else None


def _wait(doublings: int) -> timedelta:
    return min(FIRST_WAIT * (1 << min(doublings, 16)), LONGEST_WAIT)


def _whole(span: timedelta) -> int:
    """Rounded up: who obeys Retry-After is not told to wait again."""
    return max(1, -(-span // _SECOND))


def account_key(name: str) -> bytes:
    """What the attempts at a name are counted under, whether or not anybody bears it.

    Of a person who was found by another name (the e-mail address), give the username: one person, one count
    (CVE-2025-24806).
    """
    return _key("account", normalise_username(name))


def device_key(account: bytes, device: bytes) -> bytes:
    """For a browser in which this account signed in before: a stranger's failures do not keep the owner out."""
    return _key("device", account.hex(), device.hex())


def address_key(address: str) -> bytes:
    return _key("address", counted_address(address))


def counted_address(address: str) -> str:
    """An IPv6 /64 counts as one: who has it has all its addresses (RFC 4291 §2.5.4). A mapped IPv4 address is IPv4."""
    try:
        found = ip_address(address)
    except ValueError:  # a Unix socket has none
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return f"{IPv6Address(int(found) >> 64 << 64)}/64"


def _key(*parts: str) -> bytes:
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
