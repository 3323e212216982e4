"""Recovery codes: how many are left, and new ones, which are shown once to be printed."""

from collections.abc import Sequence

from mintmark.factors import recovery_code as factor
from mintmark.mails.notices import notice
from mintmark.pages import words
from mintmark.pages.account import frame
from mintmark.pages.account.frame import Visit
from mintmark.protocol import recovery_code
from mintmark.server import decided
from mintmark.store import recovery_codes
from mintmark.wire.answer import Answer

PLACE = "recovery-codes"


async def show(visit: Visit) -> Answer:
    counted = await recovery_codes.count(visit.server.store, visit.id)
    return frame.page(
        visit,
        "recovery_codes.html",
        PLACE,
        fresh=await frame.is_fresh(visit),
        left=counted.left,
        few=recovery_code.are_few(counted.left),
        made=None if counted.made_at is None else words.ago(counted.made_at, visit.now),
    )


async def submit(visit: Visit) -> Answer:
    """New ones, in place of all that there were; the answer is the only place where they ever stand."""
    visit.params.refuse_repeated()
    server, now = visit.server, visit.now

    async def decide() -> Sequence[str]:
        before = await recovery_codes.count(server.store, visit.id)
        made = factor.make(server, visit.id, before, now)
        languages = visit.asked.languages
        letter = await notice(server, "factor_added", visit.holder, now, languages=languages, factor=factor.TITLE)
        changes = [*await frame.change_proofs(visit), *made.changes, *letter]
        await server.commit(changes, made.facts, visit.asked, now)
        return made.codes

    return sheet(visit, await decided(decide))


def sheet(visit: Visit, codes: Sequence[str], *, added: str | None = None) -> Answer:
    """To be printed, or written down. added: the app that was confirmed with it."""
    return frame.page(
        visit,
        "recovery_sheet.html",
        PLACE,
        codes=codes,
        username=visit.holder.username,
        date=visit.now.date().isoformat(),
        added=added,
    )


async def few(visit: Visit) -> int | None:
    """How many are left where they are few; None: there is nothing to warn of, or the person never had any."""
    counted = await recovery_codes.count(visit.server.store, visit.id)
    return counted.left if counted.made and recovery_code.are_few(counted.left) else None
