"""How the store is asked and how it is written: one narrow interface, with an executor for each database."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Final, Literal, Protocol

from sqlalchemy import Select, literal, select

from mintmark.store.changes import Change, Value

# A row as the driver gives it, in the order of the selected columns: str, int, bytes or None, which only the
# statement knows. Hence Any: the file that owns the statement gives its rows their types.
Row = tuple[Any, ...]


ASKED: Final = select(literal(1).label("one")).subquery("asked")  # one row, of whoever asks


@dataclass(frozen=True, eq=False, slots=True)
class Read:
    """A SELECT with bindparams, compiled once by each executor that is asked it. Made once, at the top of a module.

    With a `key`, reads of one tick of the loop are asked together on PostgreSQL (`= ANY`). Then the first selected
    column is the one that the WHERE compares with `bindparam(key)`, and neither LIMIT nor GROUP BY may stand in it.

    With parameters `beside` the key, all of them texts, the statement selects from ASKED and what is joined to it, the
    parameters themselves first; it has no WHERE.

    one: what it finds is one row of many columns, of which all but the first are texts or numbers.
    """

    statement: Select[*tuple[Any, ...]]
    _: KW_ONLY
    key: str | None = None  # None: asked by itself
    beside: tuple[str, ...] = ()
    one: bool = False


class Executor(Protocol):
    """Promises: what `fetch` answers was committed; what `commit` returned from is durable, whole, and read by all."""

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """Which database this is."""

    @property
    def statements(self) -> int:
        """How many were sent so far; BEGIN, SAVEPOINT and COMMIT are left out. For tests that count."""

    async def fetch(self, read: Read, /, **parameters: Value) -> list[Row]:
        """The rows that stand now. Raises Unavailable."""

    async def commit(self, changes: Sequence[Change], /) -> None:
        """Writes all of the changes or none. Raises Conflict (nothing was written) or Unavailable (nobody knows)."""

    async def close(self) -> None:
        """Finishes what waits and lets go of the database."""
