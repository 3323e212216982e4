"""`mintmark throttles`: failed sign-ins that are counted, seen and cleared."""

from ipaddress import ip_address
from typing import Annotated

import typer

from mintmark import remedies, throttled
from mintmark.commands import verbs
from mintmark.commands.opening import Opened, Refused
from mintmark.commands.verbs import Document, JsonOption
from mintmark.commands.whom import find
from mintmark.events import Event
from mintmark.store.changes import Change
from mintmark.throttled import Throttled

COLUMNS = ("of", "factor", "known_browser", "failures", "waits_until", "forgotten_at")

UserOption = Annotated[
    str | None, typer.Option("--user", metavar="NAME", help="At whose account: username, verified address, or id.")
]
AddressOption = Annotated[str | None, typer.Option("--address", help="From which address; of IPv6 its whole /64.")]
app = verbs.group("Failed sign-ins that are counted: of a person, of an address, of everybody together.")


@app.command("list")
def list_(user: UserOption = None, address: AddressOption = None, json: JsonOption = False) -> None:
    """List what counts of everybody, and of the person or the address that is named."""
    _check(address)

    async def work(opened: Opened) -> list[Document]:
        found: list[Throttled] = []
        if user is not None:
            holder = (await find(opened, user)).holder
            found = await throttled.of_person(opened.store, opened.registry, holder, opened.now)
        found += await throttled.elsewhere(opened.store, opened.settings, address, opened.now)
        return [one.document() for one in found]

    verbs.listed(verbs.do(work, changing=False), json, COLUMNS)


@app.command()
def clear(
    user: UserOption = None,
    address: AddressOption = None,
    everybody: Annotated[bool, typer.Option("--everybody", help="The count of all failures together.")] = False,
    json: JsonOption = False,
) -> None:
    """Let them try again at once, though there were too many failures."""
    _check(address)
    if user is None and address is None and not everybody:
        raise Refused("name whom: --user NAME, --address ADDRESS or --everybody")

    async def work(opened: Opened) -> Document:
        changes: list[Change] = []
        events: list[Event] = []
        if user is not None:
            holder = (await find(opened, user)).holder
            changes, events = remedies.unthrottled(opened.registry, holder, opened.actor)
        if address is not None or everybody:
            more, facts = throttled.cleared(address, everybody=everybody, actor=opened.actor)
            changes, events = [*changes, *more], [*events, *facts]
        await opened.commit(changes, events)
        return {"user": user, "address": address, "everybody": everybody}

    done = verbs.do(work)
    verbs.answer(done, json, "they may try again")


def _check(address: str | None) -> None:
    try:
        ip_address(address or "::")
    except ValueError:
        raise Refused(f"--address {address!r} is no IP address") from None
