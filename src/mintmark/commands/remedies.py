"""`mintmark users factors`, `remove-factor`, `require-reset`, `unthrottle`, `distrust`: how somebody signs in."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from mintmark import mails, remedies
from mintmark.commands import verbs
from mintmark.commands.opening import NotFound, Opened, Refused
from mintmark.commands.verbs import Document, JsonOption
from mintmark.commands.whom import find
from mintmark.remedies import Acts
from mintmark.store.people import Person

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Username, verified e-mail address, or id.")]
COLUMNS = ("kind", "id", "name", "created_at", "last_used_at")


def factors(name: NameArgument, json: JsonOption = False) -> None:
    """List what a person can sign in by."""

    async def work(opened: Opened) -> list[Document]:
        return await remedies.factors(opened.store, await find(opened, name))

    verbs.listed(verbs.do(work, changing=False), json, COLUMNS)


def remove_factor(
    name: NameArgument,
    factor: Annotated[str, typer.Argument(metavar="ID", help="See users factors.")],
    json: JsonOption = False,
) -> None:
    """Remove a passkey, an authenticator app, or all recovery codes (their id is recovery_codes)."""

    async def acts(opened: Opened, person: Person) -> Acts:
        if factor == remedies.PASSWORD:
            raise Refused("mintmark users require-reset is for a password")
        found = await remedies.removed(opened, person, factor, opened.now, opened.actor)
        if found is None:
            raise NotFound(f"they have no factor {factor!r}; mintmark users factors shows which")
        return found

    _do(name, acts, json, "removed a factor of {}")


def require_reset(
    name: NameArgument,
    mail: Annotated[bool, typer.Option("--mail", help="Send them a link to choose another.")] = False,
    json: JsonOption = False,
) -> None:
    """Make a password good for nothing, and end all that it began."""

    async def acts(opened: Opened, person: Person) -> Acts:
        if mail and not mails.is_on(opened):
            raise Refused("no mail is sent here: MINTMARK_SMTP_URL is not set")
        return remedies.reset_required(opened, person, opened.now, opened.actor, mail=mail)

    _do(name, acts, json, "{} must choose another password")


def unthrottle(name: NameArgument, json: JsonOption = False) -> None:
    """Let a person try again at once, though there were too many failures."""

    async def acts(opened: Opened, person: Person) -> Acts:
        return remedies.unthrottled(opened.registry, person.holder, opened.actor)

    _do(name, acts, json, "{} may try again")


def distrust(name: NameArgument, json: JsonOption = False) -> None:
    """Trust none of a person's browsers any more: each needs the second factor again."""

    async def acts(opened: Opened, person: Person) -> Acts:
        return remedies.distrusted(person.holder, opened.actor)

    _do(name, acts, json, "no browser of {} is trusted")


def _do(name: str, acts: Callable[[Opened, Person], Awaitable[Acts]], json: bool, said: str) -> None:
    async def work(opened: Opened) -> Document:
        person = await find(opened, name)
        changes, events = await acts(opened, person)
        await opened.commit(changes, events)
        return {"id": person.holder.id, "username": person.holder.username}

    done = verbs.do(work)
    verbs.answer(done, json, said.format(done["username"]))


def add_to(app: typer.Typer) -> None:
    app.command("factors")(factors)
    app.command("remove-factor")(remove_factor)
    app.command("require-reset")(require_reset)
    app.command("unthrottle")(unthrottle)
    app.command("distrust")(distrust)
