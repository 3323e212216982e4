"""The shape of change sets that are alike: their changes, where each one's values lie, and what they rely on."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.types import TypeEngine

from mintmark.store import postgresql_counters as counters
from mintmark.store.changes import Change, Insert, Require, Run, Update
from mintmark.store.postgresql_locks import Lock, held_by, locks


class Place(NamedTuple):
    """Where the values of one change lie among those of its set."""

    change: Change
    where: dict[str, int]
    values: dict[str, int]

    @property
    def numbers(self) -> list[tuple[str, int]]:
        """Of all its values. A column may stand in both."""
        return [*self.where.items(), *self.values.items()]


class Plan:
    """Parameters: `v` and the number of a value; of a lock, the keys as arrays: `k`, its number, and the column."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self.places = list(_places(changes))
        self.locks = locks(changes)
        self.keys = [f"k{number}_{name}" for number, rows in enumerate(self.locks) for name in rows.key]

    @property
    def counts(self) -> bool:
        return any(isinstance(place.change, Run) for place in self.places)

    @property
    def is_plain(self) -> bool:
        """Whether a set relies on one row of each table at most."""
        tables = [rows.table for rows in self.locks]
        return len(set(tables)) == len(tables) and all(len(self.relying(rows)) == 1 for rows in self.locks)

    def relying(self, rows: Lock) -> list[Place]:
        """The changes whose rows this lock holds."""
        return [place for place in self.places if held_by(place.change, rows)]

    def types(self) -> dict[int, TypeEngine[Any]]:
        """Of each value, in their order."""
        found: dict[int, TypeEngine[Any]] = {}
        for place in self.places:
            types = _types(place.change)
            found |= {number: types[name] for name, number in place.numbers}
        return found


def _places(changes: Sequence[Change]) -> Iterator[Place]:
    numbers = itertools.count()
    for change in changes:
        first = {name: next(numbers) for name in _first_names(change)}
        if isinstance(change, Insert | Run):
            yield Place(change, {}, first)
        else:
            values = change.values if isinstance(change, Update) else ()
            yield Place(change, first, {name: next(numbers) for name in values})


def _first_names(change: Change) -> Iterable[str]:
    match change:
        case Insert():
            return change.table.columns.keys()
        case Run():
            return change.parameters
        case Require() | Update():
            return change.where


def _types(change: Change) -> Mapping[str, TypeEngine[Any]]:
    return counters.types(change) if isinstance(change, Run) else {c.key: c.type for c in change.table.columns}
