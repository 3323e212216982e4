"""What changes of people's accounts, each guarded by what it was: what they prove themselves by, and their address."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from mintmark.store import people, schema, trusted_browsers
from mintmark.store.changes import Change, Update, Value, Values
from mintmark.store.people import Person
from mintmark.store.times import ms

_TABLE = schema.people
_NOTHING: Mapping[str, Value] = MappingProxyType({})


def change_proofs(person: Person, now: datetime, columns: Values = _NOTHING) -> list[Change]:
    """Goes with every change of a password or of another factor, whoever makes it, in its commit: sign-ins under way
    are over, and no browser is trusted any more. Sessions go on, unless what it goes with ends them.

    columns: what changes of the person with it. Conflict where anything of the account changed since it was read.
    """
    return [people.move_on(person, now, columns), trusted_browsers.end_all_of(person.holder.id)]


def set_password(person: Person, password_hash: str, now: datetime, columns: Values = _NOTHING) -> list[Change]:
    """A password that was asked for is there then."""
    new: Values = {"password_hash": password_hash, "password_changed_at": ms(now), "reset_required_at": None}
    return change_proofs(person, now, {**columns, **new})


def forget_password(person: Person, now: datetime) -> list[Change]:
    """It is good for nothing any more, whatever it was; they must choose another."""
    return change_proofs(person, now, {"password_hash": None, "reset_required_at": ms(now)})


def change_email(
    id: str, old: str | None, username: str, username_key: str, email: str, email_key: str, now: datetime
) -> Change:
    """To one that is proved to be theirs. Conflict where it was changed meanwhile, and where somebody else has it."""
    values: Values = {
        "username": username,
        "username_key": username_key,
        "email": email,
        "email_key": email_key,
        "updated_at": ms(now),
    }
    return Update(_TABLE, {"id": id, "email": old, "disabled_at": None}, values)
