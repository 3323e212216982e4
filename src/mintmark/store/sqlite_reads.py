"""How SQLite is asked: a row of many columns comes as one text."""

from dataclasses import dataclass

import orjson
from sqlalchemy import LargeBinary, func

from mintmark.store import sql
from mintmark.store.executor import Read, Row
from mintmark.store.sql import Statement
from mintmark.store.sqlite_steps import DIALECT

FEW = 8  # columns that cost less by themselves than as one text


@dataclass(frozen=True, slots=True)
class Compiled:
    """packed: all columns but the first come as one JSON array."""

    statement: Statement
    packed: bool

    def rows(self, found: list[Row]) -> list[Row]:
        """As they were selected."""
        return [(first, *orjson.loads(rest)) for first, rest in found] if self.packed else found


def compiled(read: Read) -> Compiled:
    """The driver describes every column anew with each call, with two objects each, of which nobody asks for one.

    Where one row is found by its key, and many columns are wanted of it, that costs more than the row.
    """
    columns = list(read.statement.selected_columns)
    packed = (
        (read.one or read.key is not None)
        and len(columns) > FEW
        and not any(isinstance(one.type, LargeBinary) for one in columns[1:])
    )
    statement = read.statement
    if packed:
        statement = statement.with_only_columns(columns[0], func.json_array(*columns[1:]), maintain_column_froms=True)
    return Compiled(sql.statement(statement, DIALECT), packed)
