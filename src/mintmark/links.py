"""Links that are sent to people, each good once: made, found, and spent in the commit of what they bring about.

The address of a link is on its way through mail servers and their scanners: looking at it spends nothing, a page asks,
and its POST spends.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from mintmark.protocol import ids, link
from mintmark.protocol.errors import UntrustedRequest
from mintmark.protocol.link import Account, Kind, Link
from mintmark.server import Server
from mintmark.store import links
from mintmark.store.changes import Change
from mintmark.store.executor import Executor
from mintmark.texts import _

GONE = _(
    "This link cannot be used any more: it was used, it is too old, or the account has changed since. Ask for another."
)


class Maker(Protocol):
    """Who makes links: the server, or a command."""

    @property
    def store(self) -> Executor: ...
    @property
    def random(self) -> Callable[[int], bytes]: ...


class LinkOver(UntrustedRequest):
    """The same words for whatever it was; only operators are told which."""


@dataclass(frozen=True, slots=True)
class Made:
    """A new link: its secret, and the change that must be written before anybody gets it."""

    secret: str
    expires_at: datetime
    change: Change


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that is good at this moment."""

    link: Link
    account: Account | None  # None: it is bound to none

    @property
    def person_id(self) -> str:
        """Of a link that is bound to an account."""
        return self.link.person_id or ""


async def make(
    maker: Maker,
    kind: Kind,
    person_id: str | None,
    lifetime: timedelta,
    now: datetime,
    *,
    email: str | None = None,
    detail: Mapping[str, object] | None = None,
    secret: str | None = None,
    account: Account | None = None,
) -> Made | None:
    """person_id: whose account it is bound to, as that is now; None: nobody's. None: there is no such person.

    secret: one that was made before, and may be known to its digest already. account: of a person who is added in the
    same commit; None: as it is stored.
    """
    if person_id is not None and account is None:
        account = await links.account(maker.store, person_id)
        if account is None:
            return None
    secret = secret or ids.secret(link.PREFIX, maker.random(link.SECRET_BYTES))
    expires_at = now + lifetime
    state = None if account is None else link.state(kind, account)
    found = Link(ids.digest(secret), kind, person_id, email, detail or {}, state, 0, now, expires_at, None)
    return Made(secret, expires_at, links.add(found))


def url(server: Server, secret: str) -> str:
    """Built from the issuer, never from what a request says of the host."""
    return address(server.issuer, secret)


def address(issuer: str, secret: str) -> str:
    return f"{issuer}/link?token={secret}"


async def open(server: Server, secret: str, kinds: tuple[Kind, ...], now: datetime) -> Opened:
    """Spends nothing. kinds: what it is shown for. Raises LinkOver."""
    found = None
    if secret.startswith(link.PREFIX) and len(secret) <= link.LONGEST:
        found = await links.find(server.store, ids.digest(secret))
    return await judged(server, found, kinds, now)


async def judged(server: Server, found: Link | None, kinds: tuple[Kind, ...], now: datetime) -> Opened:
    """What was found, if it is good. Raises LinkOver."""
    whose = None if found is None else found.person_id
    account = None if whose is None else await links.account(server.store, whose)
    why = link.over(found, kinds, account, now, server.registry.ended_before)
    if found is None or why is not None:
        raise _over(why or "link unknown", found)
    return Opened(found, account)


def spend(opened: Opened, now: datetime) -> list[Change]:
    """Goes with what it brings about, in one commit. Conflict where another was first, or the account changed."""
    found = opened.link
    spent = [links.spend(found, now)]
    if found.person_id is None or opened.account is None:
        return spent
    return [links.stands(found.person_id, opened.account), *spent]


def _over(why: str, found: Link | None) -> LinkOver:
    expected = "a link that was sent" if found is None else f"a link of the kind {found.kind}, once and in time"
    return LinkOver(GONE, check=why, expected=expected)
