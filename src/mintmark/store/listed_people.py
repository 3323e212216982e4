"""People as an operator lists them: newest first, or by the name and the address that they have."""

from collections.abc import Mapping
from itertools import product
from types import MappingProxyType

from sqlalchemy import bindparam, or_

from mintmark.protocol.names import normalise_username
from mintmark.store import listing, people, schema
from mintmark.store.executor import Executor, Read
from mintmark.store.people import Person

_TABLE = schema.people


def _page(username: bool, email: bool) -> Read:
    where = []
    if username:
        where.append(_TABLE.c.username_key == bindparam("username_key"))
    if email:  # a verified address in any spelling; another one as it was written, or in small letters
        written = _TABLE.c.email.in_((bindparam("email"), bindparam("email_key")))
        where.append(or_(_TABLE.c.email_key == bindparam("email_key"), written))
    return listing.paged(people.COLUMNS, _TABLE, _TABLE.c.id, *where)


_PAGES: Mapping[tuple[bool, ...], Read] = MappingProxyType(
    {wanted: _page(*wanted) for wanted in product((False, True), repeat=2)}
)


async def page(
    store: Executor, *, after: str | None, limit: int, username: str | None = None, email: str | None = None
) -> list[Person]:
    rows = await store.fetch(
        _PAGES[username is not None, email is not None],
        after=after or listing.START,
        limit=limit,
        username_key=normalise_username(username or ""),
        email=email,
        email_key=normalise_username(email or ""),
    )
    return [people.read_row(row) for row in rows]
