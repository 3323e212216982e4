"""All that is kept of a person, for them to take away: a JSON file without anything secret (GDPR Articles 15, 20)."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import orjson

from mintmark import belongings
from mintmark.events import PersonalCopyTaken
from mintmark.pages.account import frame
from mintmark.pages.account.frame import Visit
from mintmark.protocol import throttling
from mintmark.protocol.errors import TooManyAttempts
from mintmark.protocol.throttling import Wait
from mintmark.server import decided
from mintmark.store import throttles
from mintmark.store.changes import Change
from mintmark.texts import _
from mintmark.wire.answer import NO_STORE, NOSNIFF, Answer, Headers

PLACE = "download"
WINDOW = timedelta(days=1)


async def show(visit: Visit) -> Answer:
    return frame.page(visit, "download.html", PLACE, fresh=await frame.is_fresh(visit))


async def submit(visit: Visit) -> Answer:
    """Counted before anything is looked up. Raises TooManyAttempts."""

    async def count() -> None:
        event = PersonalCopyTaken(person_id=visit.id, session_id=visit.session.id)
        await visit.server.commit(await _counted(visit), [event], visit.asked, visit.now)

    await decided(count)
    found = await belongings.of(visit.server, visit.id, visit.now)
    return _file(visit, found)


async def _counted(visit: Visit) -> list[Change]:
    limit = visit.server.settings.throttle_download
    if limit is None:
        return []
    row = f"download:{sha256(visit.id.encode()).hexdigest()}"
    count = (await throttles.find(visit.server.store, row, row)).get(row)
    ticked = throttling.from_address(count, visit.now, most=limit.count, per=limit.per or WINDOW)
    if isinstance(ticked, Wait):
        raise TooManyAttempts(
            _("You took your data away several times today. Try again tomorrow."),
            ticked.seconds,
            check="throttle download",
            expected=str(limit),
        )
    return [throttles.count(row, count, ticked, visit.now)]


def _file(visit: Visit, found: dict[str, Any]) -> Answer:  # Any: JSON
    name = f"account-{visit.now.date().isoformat()}.json".encode()
    headers: Headers = (
        (b"content-type", b"application/json"),
        (b"content-disposition", b'attachment; filename="' + name + b'"'),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-resource-policy", b"same-origin"),
        *NO_STORE,
        *NOSNIFF,
    )
    return Answer(200, headers, orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
