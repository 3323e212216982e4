"""What a person has enrolled to prove who they are, as they see it in a list: nothing secret is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select

from mintmark.store import schema
from mintmark.store.changes import Change, Run
from mintmark.store.executor import Executor, Read
from mintmark.store.times import at, ms

_PASSKEYS, _TOTPS, _CODES = schema.passkeys, schema.totps, schema.recovery_codes
_BROWSERS, _LINKS = schema.trusted_browsers, schema.links
MOST = 100  # of each kind
_PASSKEYS_OF = Read(
    select(
        _PASSKEYS.c.id, _PASSKEYS.c.name, _PASSKEYS.c.created_at, _PASSKEYS.c.last_used_at, _PASSKEYS.c.aaguid,
        _PASSKEYS.c.transports, _PASSKEYS.c.backed_up,
    )
    .where(_PASSKEYS.c.person_id == bindparam("person_id"))
    .order_by(_PASSKEYS.c.id)
    .limit(MOST)
)  # fmt: skip
_TOTPS_OF = Read(
    select(_TOTPS.c.id, _TOTPS.c.name, _TOTPS.c.confirmed_at, _TOTPS.c.last_used_at)
    .where(_TOTPS.c.person_id == bindparam("person_id"), _TOTPS.c.confirmed_at.is_not(None))
    .order_by(_TOTPS.c.id)
    .limit(MOST)
)
_CODES_OF = Read(
    select(func.count(), func.count(_CODES.c.spent_at), func.max(_CODES.c.created_at), func.max(_CODES.c.spent_at))
    .where(_CODES.c.person_id == bindparam("person_id"))
)  # fmt: skip
_BROWSERS_OF = Read(
    select(
        _BROWSERS.c.id, _BROWSERS.c.user_agent, _BROWSERS.c.address, _BROWSERS.c.created_at, _BROWSERS.c.last_used_at,
        _BROWSERS.c.expires_at,
    )
    .where(_BROWSERS.c.person_id == bindparam("person_id"), _BROWSERS.c.expires_at > bindparam("now"))
    .order_by(_BROWSERS.c.id.desc())
    .limit(MOST)
)  # fmt: skip
_LINKS_OF = Read(
    select(_LINKS.c.kind, _LINKS.c.email, _LINKS.c.created_at, _LINKS.c.expires_at, _LINKS.c.spent_at)
    .where(_LINKS.c.person_id == bindparam("person_id"))
    .order_by(_LINKS.c.kind)
    .limit(MOST)
)


@dataclass(frozen=True, slots=True)
class EnrolledPasskey:
    id: str
    name: str
    created_at: datetime
    last_used_at: datetime | None  # None: never
    aaguid: str
    transports: str
    backed_up: bool


@dataclass(frozen=True, slots=True)
class EnrolledApp:
    """An authenticator app that was confirmed."""

    id: str
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class EnrolledCodes:
    """Recovery codes, all together."""

    made: int
    left: int
    created_at: datetime | None  # None: there are none
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class EnrolledBrowser:
    """A browser that needs no second factor."""

    id: str
    user_agent: str
    address: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SentLink:
    kind: str
    email: str | None
    created_at: datetime
    expires_at: datetime
    spent_at: datetime | None


async def passkeys(store: Executor, person_id: str) -> Sequence[EnrolledPasskey]:
    """Oldest first."""
    rows = await store.fetch(_PASSKEYS_OF, person_id=person_id)
    return [
        EnrolledPasskey(id, name, at(created), at(used), aaguid, transports, bool(backed_up))
        for id, name, created, used, aaguid, transports, backed_up in rows
    ]


async def apps(store: Executor, person_id: str) -> Sequence[EnrolledApp]:
    """Oldest first."""
    rows = await store.fetch(_TOTPS_OF, person_id=person_id)
    return [EnrolledApp(id, name, at(confirmed), at(used)) for id, name, confirmed, used in rows]


async def codes(store: Executor, person_id: str) -> EnrolledCodes:
    made, spent, created, used = (await store.fetch(_CODES_OF, person_id=person_id))[0]
    return EnrolledCodes(made, made - spent, at(created), at(used))


async def browsers(store: Executor, person_id: str, now: datetime) -> Sequence[EnrolledBrowser]:
    """Newest first."""
    rows = await store.fetch(_BROWSERS_OF, person_id=person_id, now=ms(now))
    return [
        EnrolledBrowser(id, agent, address, at(created), at(used), at(expires))
        for id, agent, address, created, used, expires in rows
    ]


async def links(store: Executor, person_id: str) -> Sequence[SentLink]:
    """That were sent to them, as far as they are kept."""
    rows = await store.fetch(_LINKS_OF, person_id=person_id)
    return [SentLink(kind, email, at(created), at(expires), at(spent)) for kind, email, created, expires, spent in rows]


_DISTRUST = delete(_BROWSERS).where(_BROWSERS.c.id == bindparam("key_id"), _BROWSERS.c.person_id == bindparam("whose"))


def distrust(id: str, person_id: str) -> Change:
    """Conflict where the person trusts no such browser any more."""
    return Run(_DISTRUST, {"key_id": id, "whose": person_id}, rows=1)


_FORGET = tuple(
    delete(table).where(table.c.person_id == bindparam("whose"))
    for table in (_PASSKEYS, _TOTPS, _CODES, _BROWSERS, _LINKS)
)


def forget_person(person_id: str) -> list[Change]:
    """All of it, when they are deleted."""
    return [Run(statement, {"whose": person_id}) for statement in _FORGET]
