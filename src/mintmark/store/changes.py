"""A change: one guarded statement of a change set, which is written whole or not at all.

A guard names the state that the decision relied on, as equality with what was read (None: the column IS NULL). If one
guard of a set fails, nothing of the set is written and the door decides again from a fresh read.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Executable, Table

Value = str | int | bytes | None
Values = Mapping[str, Value]


class Require(NamedTuple):
    """The row must stand as it was read; it is held (FOR SHARE on PostgreSQL) until the set is committed."""

    table: Table
    where: Values  # the primary key and the guard


class Update(NamedTuple):
    """Changes one row, named by its primary key or a unique column. Fails unless exactly one row matches."""

    table: Table
    where: Values
    values: Values


class Insert(NamedTuple):
    """Adds one row. A row that is there already fails the set."""

    table: Table
    values: Values


class Run(NamedTuple):
    """Any other Core statement: mass ends, upserts, counters. Never coalesced."""

    statement: Executable  # insert, update or delete with bindparams for `parameters`
    parameters: Values
    rows: int | None = None  # how many rows it must touch; None: any number
    few: bool = False  # a handful at most, found by their key: SQLite need not leave the loop for it
    # The parameter that names, by its key, the one row that it may touch: PostgreSQL gets such a set as one statement.
    row: str | None = None


Change = Require | Update | Insert | Run


class Conflict(Exception):
    """A guard failed, or a row was there already: nothing was written. Read again and decide again."""


class Unavailable(Exception):
    """The database did not answer, or answered with a fault: what was asked may or may not have happened."""
