"""The clients that took part in a session: who hears of its end (OIDC Back-Channel Logout §2.3, Front-Channel §3)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, cast, delete, exists, insert, literal, select

from mintmark.store import listing, schema
from mintmark.store.changes import Change, Run, Values
from mintmark.store.executor import Executor, Read
from mintmark.store.times import ms

_TABLE, _AUTHORIZATIONS = schema.session_clients, schema.authorizations
MOST = listing.MOST  # sessions that are asked for together
_OPENID = literal(" ").concat(_AUTHORIZATIONS.c.scope).concat(" ").like("% openid %")
_OF = Read(
    select(_TABLE.c.session_id, _TABLE.c.client_id, _TABLE.c.subject)
    .where(_TABLE.c.session_id.in_(listing.IDS))
    .order_by(_TABLE.c.session_id, _TABLE.c.client_id)
)
# Who registered a logout address only after the person had signed in to it.
_SIGNED_IN = Read(
    select(_AUTHORIZATIONS.c.session_id, _AUTHORIZATIONS.c.client_id)
    .where(_AUTHORIZATIONS.c.session_id.in_(listing.IDS), _OPENID)
    .distinct()
)
_THERE = exists().where(_TABLE.c.session_id == bindparam("of_session"), _TABLE.c.client_id == bindparam("of_client"))
_NEW = select(  # PostgreSQL does not guess the types of what is selected from nowhere
    *(cast(bindparam(name), column.type) for name, column in
      (("of_session", _TABLE.c.session_id), ("of_client", _TABLE.c.client_id), ("as_subject", _TABLE.c.subject),
       ("at", _TABLE.c.since)))
).where(~_THERE)  # fmt: skip
_ADD = insert(_TABLE).from_select(["session_id", "client_id", "subject", "since"], _NEW)
_FORGET = delete(_TABLE).where(_TABLE.c.session_id == bindparam("of_session"))


def add(session_id: str, client_id: str, subject: str, now: datetime) -> Change:
    """Nothing where it takes part already. subject: `sub`, as the client knows it."""
    parameters: Values = {
        "of_session": session_id, "of_client": client_id, "as_subject": subject, "at": ms(now),
    }  # fmt: skip
    return Run(_ADD, parameters)


def forget(session_id: str) -> Change:
    """Once they were told."""
    return Run(_FORGET, {"of_session": session_id})


async def of(store: Executor, session_ids: Sequence[str]) -> Mapping[str, Mapping[str, str | None]]:
    """Session to client to `sub`; None: the client took part, and as whom it knows the person was not written down.

    MOST sessions at a time.
    """
    found: dict[str, dict[str, str | None]] = defaultdict(dict)
    if session_ids:
        wanted = listing.named(session_ids)
        for session_id, client_id in await store.fetch(_SIGNED_IN, **wanted):
            found[session_id][client_id] = None
        for session_id, client_id, subject in await store.fetch(_OF, **wanted):
            found[session_id][client_id] = subject
    return found
