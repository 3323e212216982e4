"""What each migration says of itself in its `facts`: its kind, the tables that it touches, what follows its commit.

Kinds (docs/upgrades.md): `expand` adds what an older version does not look at, so that both serve together; `contract`
takes away what only older versions need; `data` changes what is stored. An expanding one may fill what it has added,
and put a narrower index in the place of one: an older version still finds everything, only more slowly.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["expand", "contract", "data"]
How = Literal[
    "creates", "adds column", "builds index", "builds index beside", "fills", "rewrites", "drops index", "drops"
]


@dataclass(frozen=True, slots=True)
class Touch:
    """One thing that is done to a table."""

    table: str
    how: How
    name: str = ""  # of the column or index
    row_bytes: int = 0  # what it adds for each row that is there, at most


@dataclass(frozen=True, slots=True)
class Fill:
    """After the commit: rows changed batch by batch, each in a commit with its progress, so that none is done twice.

    `statement` is an UPDATE for the rows whose key is beyond :after and not beyond :upto.
    """

    table: str
    key: str  # the one column of the primary key
    statement: str
    batch: int = 500


@dataclass(frozen=True, slots=True)
class BuildIndex:
    """After the commit: an index built beside writers (PostgreSQL: CONCURRENTLY). Half of one is made anew."""

    name: str
    table: str
    columns: tuple[str, ...]
    where: str = ""  # of which rows; empty: of all

    @property
    def sql(self) -> str:
        return f"{self.name} ON {self.table} ({', '.join(self.columns)})" + (
            f" WHERE {self.where}" if self.where else ""
        )


Afterwards = Fill | BuildIndex


@dataclass(frozen=True, slots=True)
class Facts:
    kind: Kind
    release: str  # of Mintmark that brought it
    touches: tuple[Touch, ...]
    afterwards: tuple[Afterwards, ...] = ()
    of: str | None = None  # for `contract`: the expanding revision, of an earlier release, that made this needless


def creates(*tables: str) -> tuple[Touch, ...]:
    return tuple(Touch(table, "creates") for table in tables)
