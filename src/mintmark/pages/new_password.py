"""A new password: whether it may be, and what changes with it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from mintmark import ending, passwords
from mintmark.events import Event, PasswordChanged
from mintmark.factors import hashing
from mintmark.mails import notices
from mintmark.protocol.authorization import Holder
from mintmark.server import Server
from mintmark.store import accounts
from mintmark.store.changes import Change
from mintmark.store.people import Person
from mintmark.texts import _

REASON = "password changed"


async def refusal(
    server: Server, chosen: str, holder: Holder | None, *, two: bool, names: Iterable[str | None] = ()
) -> str | None:
    """Why it may not be, as a sentence; None: it may. names: of somebody who has no account yet."""
    if not chosen:
        return _("Choose a password.")
    try:
        hashing.check(chosen)
    except ValueError as error:
        return _("The password %(why)s.", why=str(error))
    return await passwords.refusal(server, chosen, holder, two=two, names=names)


def shown(server: Server, *, two: bool) -> dict[str, Any]:  # Any: a template's context
    """What the page tells of the rules."""
    rules = passwords.rules(server.settings, two=two)
    return {"least": rules.least, "most": rules.most}


async def changed(
    server: Server,
    person: Person,
    chosen: str,
    how: str,
    now: datetime,
    *,
    keeping: str | None,
    languages: Sequence[str],
) -> tuple[list[Change], Sequence[Event]]:
    """keeping: the session that goes on; None: every one ends, with whatever apps got, if the operator wants that.
    languages: of the browser.

    Raises Overloaded.
    """
    holder = person.holder
    new = await server.hashing.hash(chosen)
    changes = accounts.set_password(person, new, now)
    events: list[Event] = [PasswordChanged(person_id=holder.id, how=how)]
    if server.settings.reset_ends_sessions:
        ends, told = await _ends(server, holder, now, keeping)
        changes, events = [*changes, *ends], [*events, *told]
    return [*changes, *await notices.notice(server, "password_changed", holder, now, languages=languages)], events


async def _ends(
    server: Server, holder: Holder, now: datetime, keeping: str | None
) -> tuple[list[Change], Sequence[Event]]:
    if keeping is None:
        return ending.everything(holder.id, REASON, now)
    # By one statement: a session that begins at this moment ends as well.
    return await ending.other_sessions(server, holder.id, keeping, REASON, now, everything=True)
