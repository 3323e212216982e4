"""People: who can sign in, what is known of them, and the watermarks that end what they gave."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import orjson
from sqlalchemy import BindParameter, bindparam, delete, func, or_, select, update

from mintmark.protocol import person_record
from mintmark.protocol.authorization import Holder
from mintmark.protocol.person_record import PersonRecord
from mintmark.store import held, schema, watermark
from mintmark.store.changes import Change, Insert, Require, Run, Update, Values
from mintmark.store.executor import Executor, Read, Row
from mintmark.store.held import Held
from mintmark.store.times import at, ms

_TABLE = schema.people
_HOLDER = (
    _TABLE.c.id, _TABLE.c.username, _TABLE.c.email, _TABLE.c.email_key, _TABLE.c.groups, _TABLE.c.claims,
    _TABLE.c.custom_claims, _TABLE.c.disabled_at, _TABLE.c.ended_before, _TABLE.c.sessions_ended_before,
    _TABLE.c.delete_after,
)  # fmt: skip
_COLUMNS = (*_HOLDER, _TABLE.c.password_hash, _TABLE.c.created_at, _TABLE.c.updated_at)
_FIND = Read(select(*_COLUMNS).where(_TABLE.c.id == bindparam("id")))
_SIGNING_IN = Read(
    select(_TABLE.c.username_key, *held.COLUMNS, *_COLUMNS).where(
        or_(_TABLE.c.username_key == bindparam("key"), _TABLE.c.email_key == bindparam("key"))
    )
)
AT_ONCE = 500  # names or addresses that are looked for together
_KEYS: Sequence[BindParameter[str]] = [bindparam(f"key_{number}") for number in range(AT_ONCE)]
_NAMED = Read(select(_TABLE.c.username_key, *_COLUMNS).where(_TABLE.c.username_key.in_(_KEYS)))
_ADDRESSED = Read(select(_TABLE.c.email_key, *_COLUMNS).where(_TABLE.c.email_key.in_(_KEYS)))
_PAGE = Read(select(*_COLUMNS).where(_TABLE.c.id > bindparam("after")).order_by(_TABLE.c.id).limit(bindparam("limit")))
_SCHEME = func.substr(_TABLE.c.password_hash, 1, 7)
_HASHES = Read(
    select(func.min(_TABLE.c.password_hash), func.max(_TABLE.c.password_hash))
    .where(_TABLE.c.password_hash.is_not(None))
    .group_by(_SCHEME)
)
_DELETE = delete(_TABLE).where(_TABLE.c.id == bindparam("key_id"))
_SESSIONS = {"sessions_ended_before": watermark.moved(_TABLE.c.sessions_ended_before)}
_EVERYTHING = {**_SESSIONS, "ended_before": watermark.moved(_TABLE.c.ended_before)}
_SESSIONS_OVER = update(_TABLE).where(_TABLE.c.id == bindparam("key_id")).values(_SESSIONS)
_ALL_OVER = update(_TABLE).where(_TABLE.c.id == bindparam("key_id")).values(_EVERYTHING)
_TOKENS_OVER = (
    update(_TABLE).where(_TABLE.c.id == bindparam("key_id")).values(ended_before=watermark.moved(_TABLE.c.ended_before))
)
_DISABLE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("key_id"), _TABLE.c.disabled_at.is_(None))
    .values({**_EVERYTHING, "disabled_at": bindparam("now"), "updated_at": bindparam("now")})
)


@dataclass(frozen=True, slots=True)
class Person:
    holder: Holder
    password_hash: str | None  # None: no password, so none is ever right
    created_at: datetime
    updated_at: datetime
    held: Held | None = None  # their factors; None: not looked up

    @property
    def state(self) -> int:
        """Moves on with every change to the account: what was begun before is over."""
        return max(ms(self.updated_at), self.holder.ended_before, self.holder.sessions_ended_before)

    def later(self, now: datetime) -> int:
        """The state after a change of now: another one, even where the clock of another node is ahead."""
        return max(ms(now), self.state + 1)


async def find(store: Executor, id: str) -> Person | None:
    rows = await store.fetch(_FIND, id=id)
    return _person(rows[0]) if rows else None


async def find_signing_in(store: Executor, key: str) -> Person | None:
    """By username, or by a verified address, after folding. A username wins over somebody's address."""
    rows = await store.fetch(_SIGNING_IN, key=key)
    rows.sort(key=lambda row: row[0] != key)
    if not rows:
        return None
    columns = len(held.COLUMNS) + 1
    return replace(_person(rows[0][columns:]), held=held.read(rows[0][1:columns]))


async def signing_in(store: Executor, keys: Sequence[str]) -> dict[str, Person]:
    """As `find_signing_in`, for up to AT_ONCE keys: whoever there is, by key."""
    wanted = {bind.key: keys[number] if number < len(keys) else "" for number, bind in enumerate(_KEYS)}
    found = await store.fetch(_ADDRESSED, **wanted)
    found += await store.fetch(_NAMED, **wanted)  # a username wins over somebody's address
    return {row[0]: _person(row[1:]) for row in found}


async def page(store: Executor, after: str, limit: int) -> list[Person]:
    return [_person(row) for row in await store.fetch(_PAGE, after=after, limit=limit)]


async def some_hashes(store: Executor) -> list[str]:
    """Two of each beginning, to learn which hash schemes are present."""
    return [stored for row in await store.fetch(_HASHES) for stored in row]


def stands(holder: Holder) -> Require:
    """The guard: still enabled, and nothing of theirs was ended since it was read."""
    return Require(
        _TABLE,
        {
            "id": holder.id,
            "disabled_at": None,
            "ended_before": holder.ended_before,
            "sessions_ended_before": holder.sessions_ended_before,
        },
    )


def unchanged(person: Person) -> Require:
    """The guard of `stands`, and: nobody changed anything of the account since it was read."""
    return Require(_TABLE, {**stands(person.holder).where, "updated_at": ms(person.updated_at)})


def move_on(person: Person, now: datetime, columns: Values) -> Change:
    """Sign-ins that were begun before are over. Conflict where anything of the account changed since it was read.

    columns: what changes of the person with it.
    """
    holder = person.holder
    as_read: Values = {
        "id": holder.id,
        "disabled_at": ms(holder.disabled_at),
        "ended_before": holder.ended_before,
        "sessions_ended_before": holder.sessions_ended_before,
        "updated_at": ms(person.updated_at),
    }
    return Update(_TABLE, as_read, {**columns, "updated_at": person.later(now)})


@dataclass(frozen=True, slots=True)
class Record:
    """What an operator sets of a person."""

    username: str
    username_key: str
    email: str | None
    email_key: str | None  # None: not verified, so it does not sign in
    claims: str
    custom_claims: str
    groups: tuple[str, ...]


def record(found: PersonRecord) -> Record:
    """What an operator wrote down, as it is stored."""
    return Record(
        username=found.username,
        username_key=found.username_key,
        email=found.email,
        email_key=found.email_key,
        claims=person_record.written(found.standard),
        custom_claims=person_record.written(found.custom),
        groups=found.groups,
    )


def add(id: str, record: Record, password_hash: str | None, now: datetime) -> Change:
    values: Values = {
        "id": id, **columns(record, now), "password_hash": password_hash, "created_at": ms(now), "disabled_at": None,
        "ended_before": 0, "sessions_ended_before": 0,
    }  # fmt: skip
    return Insert(_TABLE, values)


def change(id: str, record: Record, now: datetime) -> Change:
    return Update(_TABLE, {"id": id}, columns(record, now))


def rehash(id: str, old: str, new: str) -> Change:
    """Fails where the password was changed meanwhile."""
    return Update(_TABLE, {"id": id, "password_hash": old}, {"password_hash": new})


def disable(id: str, now: datetime) -> Change:
    """Ends everything of theirs, by watermark, for good: enabling again revives nothing."""
    return Run(_DISABLE, {"key_id": id, "now": ms(now)}, rows=1)


def enable(id: str, now: datetime) -> Change:
    return Update(_TABLE, {"id": id}, {"disabled_at": None, "updated_at": ms(now)})


def end_sessions(id: str, now: datetime) -> Change:
    """Every session, and what ends with a session: one row, however many they are."""
    return Run(_SESSIONS_OVER, {"key_id": id, "now": ms(now)}, rows=1)


def end_everything(id: str, now: datetime) -> Change:
    return Run(_ALL_OVER, {"key_id": id, "now": ms(now)}, rows=1)


def end_tokens(id: str, before: datetime) -> Change:
    """What was issued up to then; sessions stay."""
    return Run(_TOKENS_OVER, {"key_id": id, "now": ms(before)}, rows=1)


def delete_(id: str) -> Change:
    return Run(_DELETE, {"key_id": id}, rows=1)


def columns(record: Record, now: datetime) -> dict[str, str | int | None]:
    """What an operator sets, as it is stored."""
    return {
        "username": record.username,
        "username_key": record.username_key,
        "email": record.email,
        "email_key": record.email_key,
        "claims": record.claims,
        "custom_claims": record.custom_claims,
        "groups": orjson.dumps(list(record.groups)).decode(),
        "updated_at": ms(now),
    }


def holder(row: Row) -> Holder:
    """From the columns of `_HOLDER`."""
    id, username, email, email_key, groups, claims, custom, disabled_at, ended, sessions_ended, delete = row
    return Holder(
        id, username, email, email_key is not None, tuple(orjson.loads(groups)), claims, custom, at(disabled_at), ended,
        sessions_ended, at(delete),
    )  # fmt: skip


HOLDER_COLUMNS = _HOLDER


def signed_in(row: Row) -> Person:
    """From HOLDER_COLUMNS; of the rest nothing was read."""
    moment = at(0)
    return Person(holder(row), None, moment, moment)


def _person(row: Row) -> Person:
    return Person(holder(row[: len(_HOLDER)]), row[-3], at(row[-2]), at(row[-1]))


COLUMNS = _COLUMNS  # for the lists


def read_row(row: Row) -> Person:
    """From COLUMNS."""
    return _person(row)
