"""Passkeys, by their credential and by their person."""

import orjson
from sqlalchemy import bindparam, delete, select

from mintmark.protocol.passkey import Passkey
from mintmark.store import people, schema
from mintmark.store.changes import Change, Insert, Run, Update
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.people import Person
from mintmark.store.times import at, ms

_TABLE = schema.passkeys
_COLUMNS = (
    _TABLE.c.id, _TABLE.c.person_id, _TABLE.c.credential_id, _TABLE.c.public_key, _TABLE.c.sign_count, _TABLE.c.name,
    _TABLE.c.aaguid, _TABLE.c.transports, _TABLE.c.discoverable, _TABLE.c.backup_eligible, _TABLE.c.backed_up,
    _TABLE.c.created_at, _TABLE.c.last_used_at,
)  # fmt: skip
_FIND = Read(
    select(*_COLUMNS, *people.COLUMNS)
    .select_from(_TABLE.join(schema.people, schema.people.c.id == _TABLE.c.person_id))
    .where(_TABLE.c.credential_id == bindparam("credential_id"))
)
_OF_PERSON = Read(select(*_COLUMNS).where(_TABLE.c.person_id == bindparam("person_id")).order_by(_TABLE.c.id))
_REMOVE = delete(_TABLE).where(_TABLE.c.id == bindparam("key_id"), _TABLE.c.person_id == bindparam("of"))


async def find(store: Executor, credential_id: bytes) -> tuple[Passkey, Person] | None:
    rows = await store.fetch(_FIND, credential_id=credential_id)
    if not rows:
        return None
    return _read(rows[0][: len(_COLUMNS)]), people.read_row(rows[0][len(_COLUMNS) :])


async def of_person(store: Executor, person_id: str) -> list[Passkey]:
    """Oldest first."""
    return [_read(row) for row in await store.fetch(_OF_PERSON, person_id=person_id)]


def add(passkey: Passkey) -> Change:
    """Conflict where the credential is somebody's already, whoever they are."""
    return Insert(
        _TABLE,
        {
            "id": passkey.id,
            "person_id": passkey.person_id,
            "credential_id": passkey.credential_id,
            "public_key": passkey.public_key,
            "sign_count": passkey.sign_count,
            "name": passkey.name,
            "aaguid": passkey.aaguid,
            "transports": orjson.dumps(passkey.transports).decode(),
            "discoverable": int(passkey.discoverable),
            "backup_eligible": int(passkey.backup_eligible),
            "backed_up": int(passkey.backed_up),
            "created_at": ms(passkey.created_at),
            "last_used_at": ms(passkey.last_used_at),
        },
    )


def use(before: Passkey, after: Passkey) -> Change:
    """Conflict where its counter went on meanwhile, or where it was removed."""
    values = {
        "sign_count": after.sign_count,
        "backed_up": int(after.backed_up),
        "last_used_at": ms(after.last_used_at),
    }
    return Update(_TABLE, {"id": before.id, "sign_count": before.sign_count}, values)


def rename(id: str, person_id: str, name: str) -> Change:
    return Update(_TABLE, {"id": id, "person_id": person_id}, {"name": name})


def remove(id: str, person_id: str) -> Change:
    """Conflict where the person has no such passkey any more."""
    return Run(_REMOVE, {"key_id": id, "of": person_id}, rows=1)


def _read(row: Row) -> Passkey:
    (
        id, person_id, credential_id, public_key, sign_count, name, aaguid, transports, discoverable, eligible,
        backed_up, created_at, used_at,
    ) = row  # fmt: skip
    return Passkey(
        id, person_id, credential_id, public_key, sign_count, name, aaguid, tuple(orjson.loads(transports)),
        bool(discoverable), bool(eligible), bool(backed_up), at(created_at), at(used_at),
    )  # fmt: skip
