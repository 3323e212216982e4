"""Whom a command speaks of."""

from mintmark.commands.opening import NotFound, Opened
from mintmark.protocol.names import normalise_username
from mintmark.store import people
from mintmark.store.people import Person


async def find(opened: Opened, name: str) -> Person:
    """By id, by username, or by verified address. Raises NotFound."""
    found = await people.find(opened.store, name)
    if found is None:
        found = await people.find_signing_in(opened.store, normalise_username(name))
    if found is None:
        raise NotFound(f"there is no person {name!r}; mintmark users list shows who is")
    return found
