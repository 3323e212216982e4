"""Empties a database of PostgreSQL that a test has used, so that it is what it was when it was new.

To make a new one takes longer than most tests. What the migrations wrote is put back; a database whose tables, indexes
or settings a test has changed stays as it is, and is told apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

# Whatever changes a table, an index, a constraint, a trigger or a setting writes into one of these.
_LOOKS = """
SELECT array(SELECT (count(*), max(xmin::text::bigint))::text FROM pg_attribute WHERE attrelid >= 16384
   UNION ALL SELECT (count(*), max(xmin::text::bigint))::text FROM pg_index WHERE indexrelid >= 16384
   UNION ALL SELECT (count(*), max(xmin::text::bigint))::text FROM pg_constraint WHERE oid >= 16384
   UNION ALL SELECT (count(*), max(xmin::text::bigint))::text FROM pg_trigger WHERE oid >= 16384
   UNION ALL SELECT (count(*), max(xmin::text::bigint))::text FROM pg_proc WHERE oid >= 16384
   UNION ALL SELECT (count(*), 0)::text FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase
              WHERE d.datname = current_database())
"""
_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_TABLES = """
SELECT relname, pg_relation_size(oid) FROM pg_class
 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
"""
_SMALL = 1 << 16  # bytes: below it to delete the rows is faster than to make the files of the table anew


@dataclass(frozen=True)
class New:
    """What a database is when nobody has used it."""

    looks: Sequence[str]
    rows: Mapping[str, str]  # those of the migrations, by table, as JSON


async def new(url: str) -> New:
    connection: Any = await asyncpg.connect(url)
    try:
        tables = [row["relname"] for row in await connection.fetch(_TABLES)]
        rows = {one: await connection.fetchval(f"SELECT json_agg(t) FROM {one} t") for one in tables}
        return New(await connection.fetchval(_LOOKS), rows)
    finally:
        await connection.close()


async def emptied(url: str, new: New) -> bool:
    """False: it looks different from a new one, and was left as it is."""
    connection: Any = await asyncpg.connect(url)
    try:
        await connection.execute(_OTHERS)
        if new.looks != await connection.fetchval(_LOOKS):
            return False
        tables = await connection.fetch(_TABLES)
        large = [f"TRUNCATE {table} CASCADE;" for table, size in tables if size >= _SMALL]
        small = [f"DELETE FROM {table};" for table, size in tables if size < _SMALL]
        # No foreign key is checked meanwhile: in the end there is nothing that could point anywhere.
        await connection.execute(f"SET session_replication_role = replica; {''.join([*large, *small])}")
        for table, rows in new.rows.items():
            back = f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, $1)"
            await connection.execute(back, rows)
    finally:
        await connection.close()
    return True
