"""Recovery codes of whoever is signed in: how many are left, and new ones, which are shown once to be printed."""

from collections.abc import Sequence
from datetime import datetime

from mintmark import browser as browsers
from mintmark.factors import recovery_code as factor
from mintmark.pages import answers, changing, words
from mintmark.protocol import recovery_code
from mintmark.server import Server, decided
from mintmark.store import people, recovery_codes
from mintmark.store.people import Person
from mintmark.store.recovery_codes import Counted
from mintmark.wire.answer import Answer
from mintmark.wire.asked import Asked

PAGE = "recovery-codes"  # of the account


async def show(server: Server, asked: Asked) -> Answer:
    now = server.clock()
    who = await changing.who(server, asked, PAGE, now)
    if isinstance(who, Answer):
        return who
    browser, person = who
    counted = await recovery_codes.count(server.store, person.holder.id)
    return answers.page(
        server,
        "recovery_codes.html",
        browser=browser,
        coop=True,
        left=counted.left,
        few=recovery_code.are_few(counted.left),
        made=None if counted.made_at is None else words.ago(counted.made_at, now),
        count=recovery_code.COUNT,
        csrf_token=browsers.csrf_token(server, browser),
    )


async def submit(server: Server, asked: Asked) -> Answer:
    """New ones, in place of all that there were; the answer is the only place where they ever stand."""
    now = server.clock()
    params = asked.form()
    params.refuse_repeated()
    browsers.check_form(server, asked, params, await browsers.read(server, asked, now))
    who = await changing.who(server, asked, PAGE, now)
    if isinstance(who, Answer):
        return who
    _, person = who

    async def decide() -> Sequence[str]:
        before = await recovery_codes.count(server.store, person.holder.id)
        made = factor.make(server, person.holder.id, before, now)
        await server.commit([people.stands(person.holder), *made.changes], made.facts, asked, now)
        return made.codes

    return sheet(server, person, await decided(decide), now)


def sheet(server: Server, person: Person, codes: Sequence[str], now: datetime, *, added: str | None = None) -> Answer:
    """To be printed, or written down. added: the app that was confirmed with it."""
    return answers.page(
        server,
        "recovery_sheet.html",
        coop=True,
        codes=codes,
        username=person.holder.username,
        date=now.date().isoformat(),
        added=added,
    )


async def warning(server: Server, person_id: str) -> int | None:
    """How many are left where they are few; None: there is nothing to warn of, or the person never had any."""
    counted: Counted = await recovery_codes.count(server.store, person_id)
    return counted.left if counted.made and recovery_code.are_few(counted.left) else None
