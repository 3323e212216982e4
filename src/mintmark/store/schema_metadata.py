"""What all tables have in common."""

from typing import Any

from sqlalchemy import MetaData

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
