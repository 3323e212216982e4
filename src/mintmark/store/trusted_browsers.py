"""Browsers that need no second factor of a person for a while: the secret is in the browser, its digest here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select

from mintmark.store import schema
from mintmark.store.changes import Change, Insert, Run, Update
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.times import at, ms

_TABLE = schema.trusted_browsers
_COLUMNS = (
    _TABLE.c.id, _TABLE.c.person_id, _TABLE.c.user_agent, _TABLE.c.address, _TABLE.c.created_at, _TABLE.c.last_used_at,
    _TABLE.c.expires_at,
)  # fmt: skip
_FIND = Read(select(*_COLUMNS).where(_TABLE.c.digest == bindparam("digest")))
_NEWEST = (
    select(_TABLE.c.id)
    .where(_TABLE.c.person_id == bindparam("key_person"))
    .order_by(_TABLE.c.id.desc())
    .limit(bindparam("most"))
)
_TRIM = delete(_TABLE).where(_TABLE.c.person_id == bindparam("key_person"), _TABLE.c.id.not_in(_NEWEST))
_END_ALL_OF = delete(_TABLE).where(_TABLE.c.person_id == bindparam("key_person"))


@dataclass(frozen=True, slots=True)
class TrustedBrowser:
    id: str
    person_id: str
    user_agent: str
    address: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


async def find(store: Executor, digest: bytes) -> TrustedBrowser | None:
    """Expired or not."""
    rows = await store.fetch(_FIND, digest=digest)
    return _read(rows[0]) if rows else None


def add(browser: TrustedBrowser, digest: bytes, most: int) -> list[Change]:
    """The newest of the person stay, `most` of them."""
    values: dict[str, str | int | bytes] = {
        "id": browser.id, "person_id": browser.person_id, "digest": digest, "user_agent": browser.user_agent[:300],
        "address": browser.address, "created_at": ms(browser.created_at), "last_used_at": ms(browser.last_used_at),
        "expires_at": ms(browser.expires_at),
    }  # fmt: skip
    return [Insert(_TABLE, values), Run(_TRIM, {"key_person": browser.person_id, "most": most})]


def used(browser: TrustedBrowser, now: datetime) -> Change:
    """The guard, too: nobody has ended it meanwhile."""
    return Update(_TABLE, {"id": browser.id, "person_id": browser.person_id}, {"last_used_at": ms(now)})


def end_all_of(person_id: str) -> Change:
    """With every change of what they prove themselves by (`accounts.change_proofs`), and when an operator says so."""
    return Run(_END_ALL_OF, {"key_person": person_id})


def _read(row: Row) -> TrustedBrowser:
    id, person_id, agent, address, created, used, expires = row
    return TrustedBrowser(id, person_id, agent, address, at(created), at(used), at(expires))
