"""Whether anybody may operate the server: a person of the group of operators, or a client with an admin scope."""

from mintmark.commands import opening
from mintmark.commands.opening import Opened
from mintmark.grants.earning import ADMINS
from mintmark.protocol import scope as scopes
from mintmark.protocol.client import Client
from mintmark.store import clients, people

LOOKED_AT = 500  # of each: whoever has more is no new server
HINT = "nobody may operate this server yet; `mintmark users invite --admin` makes a link for the first one"


async def are_there(opened: Opened) -> bool:
    known = await clients.page(opened.store, "", LOOKED_AT)
    if len(known) == LOOKED_AT or any(_operates(one) for one in known):
        return True
    persons = await people.page(opened.store, "", LOOKED_AT)
    return len(persons) == LOOKED_AT or any(
        ADMINS in one.holder.groups and one.holder.disabled_at is None for one in persons
    )


async def hint(opened: Opened) -> None:
    """Says so where nobody is there; nothing is made by itself, and no password ever is."""
    if not await are_there(opened):
        opening.say(HINT)


def _operates(one: Client) -> bool:
    return one.disabled_at is None and any(map(scopes.is_admin, one.may_use))
