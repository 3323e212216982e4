"""What happened on somebody's account, newest first, as the audit trail has it: a page at a time."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mintmark import devices, texts
from mintmark.pages import words
from mintmark.pages.account import frame, happened
from mintmark.pages.account.frame import Visit
from mintmark.server import Server
from mintmark.store import listed_audit, sessions
from mintmark.store.listed_audit import Entry, Wanted
from mintmark.texts import _
from mintmark.wire.answer import Answer

PLACE = "activity"
AT_ONCE = 50  # entries of the trail that a page is made of
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def show(visit: Visit) -> Answer:
    """`after` is where the page before ended; whatever it names, the entries are this person's."""
    store = visit.server.store
    after = visit.params.get("after") or ""
    begins = after if _ID.fullmatch(after) else None
    found = await listed_audit.page(store, Wanted(person_id=visit.id), limit=AT_ONCE + 1, after=begins)
    shown, more = found[:AT_ONCE], len(found) > AT_ONCE
    rows = folded(shown)
    session_ids = {row.entry.session_id for row in rows if row.entry.session_id is not None}
    agents = await sessions.agents(store, visit.id, sorted(session_ids))
    return frame.page(
        visit,
        "activity.html",
        PLACE,
        rows=[await _row(visit.server, row, agents, visit.now) for row in rows],
        next=f"{visit.address(PLACE)}?after={shown[-1].id}" if more else None,
        first=begins is None,
    )


@dataclass(frozen=True, slots=True)
class Row:
    """An entry, and how many like it happened in a row: an app that refreshes every ten minutes is one line."""

    entry: Entry
    times: int


def folded(entries: Sequence[Entry]) -> list[Row]:
    """Newest first, as they came; of several in a row that say the same, the newest."""
    rows: list[Row] = []
    for entry in entries:
        if rows and _alike(rows[-1].entry, entry):
            rows[-1] = replace(rows[-1], times=rows[-1].times + entry.count)
        else:
            rows.append(Row(entry, entry.count))
    return rows


def _alike(one: Entry, other: Entry) -> bool:
    names = ("event", "client_id", "session_id", "address", "actor")
    return happened.is_often(one.event) and all(getattr(one, name) == getattr(other, name) for name in names)


async def _row(server: Server, row: Row, agents: Mapping[str, str], now: datetime) -> dict[str, object]:
    entry = row.entry
    client = None if entry.client_id is None else await server.registry.client(entry.client_id)
    app = entry.client_id if client is None else client.name
    detail = [words.ago(entry.at, now)]
    if entry.actor is not None:
        detail.append(_("by whoever runs this place"))
    else:
        agent = agents.get(entry.session_id or "")
        detail += [] if agent is None else [devices.name(agent)]
        detail += [entry.address] if entry.address is not None and not happened.is_of_app(entry.event) else []
    if row.times > 1:
        detail.append(texts.ngettext("%(num)s time", "%(num)s times", row.times))
    return {
        "title": happened.told(entry.event, entry.detail, app),
        "detail": texts.listed(detail),
        "at": entry.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "alarm": entry.outcome != "done",
    }
