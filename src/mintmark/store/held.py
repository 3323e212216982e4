"""Which factors somebody has: looked up with whatever is read of them, so that it costs no statement of its own."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, bindparam, exists, select

from mintmark.store import schema
from mintmark.store.executor import Executor, Read, Row


class Held(NamedTuple):
    """What a person has set up, and can prove themselves by."""

    password: bool = False
    passkey: bool = False
    totp: bool = False  # an authenticator app that was confirmed
    recovery_codes: bool = False  # one at least that was not used yet


NOTHING = Held()


def _columns() -> tuple[ColumnElement[bool], ...]:
    person_id = schema.people.c.id
    passkeys, totps, codes = schema.passkeys, schema.totps, schema.recovery_codes
    return (
        schema.people.c.password_hash.is_not(None),
        exists().where(passkeys.c.person_id == person_id),
        exists().where(totps.c.person_id == person_id, totps.c.confirmed_at.is_not(None)),
        exists().where(codes.c.person_id == person_id, codes.c.spent_at.is_(None)),
    )


COLUMNS = _columns()
_FIND = Read(select(*COLUMNS).where(schema.people.c.id == bindparam("id")))


async def find(store: Executor, person_id: str) -> Held:
    rows = await store.fetch(_FIND, id=person_id)
    return read(rows[0]) if rows else NOTHING


def read(row: Row) -> Held:
    """From COLUMNS."""
    return Held(*map(bool, row))
