"""Which rows a change set relies on, and the statements that lock them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, ColumnElement, Select, Table, any_, bindparam, func, select, tuple_

from mintmark.store import sql
from mintmark.store.changes import Change, Require, Update


class Lock(NamedTuple):
    """The rows of one table that a set relies on."""

    table: Table
    key: tuple[str, ...]
    exclusive: bool  # FOR UPDATE; otherwise FOR SHARE
    guards: tuple[str, ...]


def lock(rows: Lock, parameter: str) -> Select[*tuple[Any, ...]]:
    """Locks them, in the order of their key, and answers key and guards as they are then."""
    columns = rows.table.c
    key = [columns[name] for name in rows.key]
    arrays = [bindparam(f"{parameter}_{name}", type_=ARRAY(columns[name].type)) for name in rows.key]
    if len(key) == 1:
        named: ColumnElement[bool] = key[0] == any_(arrays[0])
    else:
        named = tuple_(*key).in_(select(func.unnest(*arrays).table_valued(*rows.key).render_derived(name="keys")))
    answered = [*key, *(columns[name] for name in rows.guards)]
    statement = select(*answered).where(named).order_by(*key)
    return statement.with_for_update(read=not rows.exclusive, of=rows.table)


def locks(changes: Sequence[Change]) -> list[Lock]:
    """One for each table and key, in the fixed order of their names, as strong as the strongest change needs."""
    found: dict[tuple[str, tuple[str, ...]], Lock] = {}
    for change in changes:
        if not isinstance(change, Require | Update):
            continue
        key = sql.key(change.table, change.where)
        known = found.get((change.table.name, key))
        guards = [*(known.guards if known else ()), *(name for name in change.where if name not in key)]
        exclusive = isinstance(change, Update) or (known is not None and known.exclusive)
        found[change.table.name, key] = Lock(change.table, key, exclusive, tuple(dict.fromkeys(guards)))
    return [found[name] for name in sorted(found)]


def held_by(change: Change, rows: Lock) -> bool:
    """Whether this lock holds the row that the change relies on."""
    if not isinstance(change, Require | Update) or change.table is not rows.table:
        return False
    return sql.key(change.table, change.where) == rows.key
