"""What all tables have in common."""

from typing import Any

from sqlalchemy import Column, ColumnElement, Index, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite keeps the rows in the order of their key: one tree for each table less to read, and to write.
BY_KEY: Any = {"sqlite_with_rowid": False}  # Any: a Table's own loose options


def partial(name: str, *columns: Column[Any], where: ColumnElement[bool]) -> Index:
    """An index of the rows where it holds. No statement names one: `schema.spelled` says it in the databases' words.

    To know PostgreSQL's would take every start on SQLite a twentieth longer.
    """
    return Index(name, *columns, info={"where": where})
