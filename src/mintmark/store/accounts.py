"""What people change of their own accounts: password and address, each guarded by what it was."""

from datetime import datetime

from mintmark.store import schema
from mintmark.store.changes import Change, Update, Values
from mintmark.store.times import ms

_TABLE = schema.people


def change_password(id: str, old: str | None, new: str, now: datetime) -> Change:
    """Conflict where it was changed meanwhile, or the person disabled. A password that was asked for is there then."""
    values: Values = {
        "password_hash": new,
        "password_changed_at": ms(now),
        "reset_required_at": None,
        "updated_at": ms(now),
    }
    return Update(_TABLE, {"id": id, "password_hash": old, "disabled_at": None}, values)


def forget_password(id: str, now: datetime) -> Change:
    """It is good for nothing any more, whatever it was; they must choose another."""
    return Update(_TABLE, {"id": id}, {"password_hash": None, "reset_required_at": ms(now), "updated_at": ms(now)})


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
