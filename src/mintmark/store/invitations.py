"""Invitations among the links: looked at by operators, and taken back."""

import json
from typing import Final

from sqlalchemy import bindparam, delete, select

from mintmark.protocol import invitation
from mintmark.protocol.invitation import Invitation
from mintmark.protocol.link import Kind, Link
from mintmark.store import links, schema
from mintmark.store.changes import Change, Run
from mintmark.store.executor import Executor, Read
from mintmark.store.times import at

KIND: Final[Kind] = "invite"
_TABLE = schema.links
_OURS = (_TABLE.c.person_id.is_(None), _TABLE.c.kind == KIND)
_PAGE = Read(
    select(
        _TABLE.c.digest, _TABLE.c.email, _TABLE.c.detail, _TABLE.c.created_at, _TABLE.c.expires_at, _TABLE.c.spent_at
    )
    .where(*_OURS, _TABLE.c.digest > bindparam("after"))
    .order_by(_TABLE.c.digest)
    .limit(bindparam("limit"))
)  # fmt: skip
_END = delete(_TABLE).where(*_OURS, _TABLE.c.digest == bindparam("key_digest"), _TABLE.c.spent_at.is_(None))


async def page(store: Executor, *, after: str | None, limit: int) -> list[Invitation]:
    """In the order of their ids, those that were used or have run out as well."""
    rows = await store.fetch(_PAGE, after=bytes.fromhex(after or ""), limit=limit)
    return [
        invitation.of(
            Link(bytes(digest), KIND, None, email, json.loads(detail), None, 0, at(created), at(expires), at(spent))
        )
        for digest, email, detail, created, expires, spent in rows
    ]


async def find(store: Executor, id: str) -> Invitation | None:
    try:
        digest = bytes.fromhex(id)
    except ValueError:
        return None
    found = await links.find(store, digest)
    return invitation.of(found) if found is not None and found.kind == KIND else None


def end(one: Invitation) -> Change:
    """Conflict where somebody used it meanwhile. Nothing of it stays but what the audit trail says."""
    return Run(_END, {"key_digest": bytes.fromhex(one.id)}, rows=1)
