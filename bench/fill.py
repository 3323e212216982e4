"""Fills Mintmark's database as years would: people, clients, sessions, authorizations and live refresh tokens.

Each row is a copy of one that Mintmark wrote itself (one sign-in, one code flow) with keys of its own, so this file
knows the tables' keys and nothing else of them.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table

from mintmark.protocol import ids
from mintmark.store import schema

PEOPLE, CLIENTS, REFRESH_TOKENS = 100_000, 10_000, 1_000_000
BATCH = 20_000
FIRST_ISSUED = datetime.now(UTC) - timedelta(days=1)
APART = timedelta(milliseconds=20)

Row = dict[str, Any]  # a column's value: text, number, bytes or None
Keys = Callable[[int], Row]


@dataclass(frozen=True, slots=True)
class Filling:
    """`count` copies of the newest row of the table; `keys(n)` is what differs in the nth."""

    table: Table
    count: int
    keys: Keys


def fillings(tokens: int = REFRESH_TOKENS, people: int = PEOPLE, clients: int = CLIENTS) -> Sequence[Filling]:
    """One session a person, one live refresh token an authorization."""
    return (
        Filling(schema.clients, clients, lambda n: {"id": _client(n)}),
        Filling(schema.client_secrets, clients, lambda n: {"id": _id(), "client_id": _client(n), "digest": _digest()}),
        Filling(schema.people, people, _person_keys),
        Filling(schema.sessions, people, lambda n: {"id": _n("session", n), "secret_digest": _digest()} | _holder(n)),
        Filling(
            schema.authorizations,
            tokens,
            lambda n: (
                {"id": _n("authorization", n), "client_id": _client(n % clients)}
                | {"session_id": _n("session", n % people)}
                | _holder(n % people)
            ),
        ),
        Filling(schema.refresh_tokens, tokens, _refresh_token_keys),
    )


def fill(database_url: str, wanted: Sequence[Filling]) -> None:
    """The server must be stopped; it must have served one code flow with a refresh token before."""
    if database_url.startswith("sqlite:///"):
        _fill_sqlite(database_url.removeprefix("sqlite:///"), wanted)
    else:
        asyncio.run(_fill_postgresql(database_url, wanted))


def _fill_sqlite(path: str, wanted: Sequence[Filling]) -> None:
    import pysqlite3

    db = pysqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous=OFF")
    for filling in wanted:
        names = [column.name for column in filling.table.columns]
        newest = db.execute(_newest(filling.table)).fetchone()
        places = ", ".join("?" * len(names))
        db.execute("BEGIN")
        db.executemany(f"INSERT INTO {filling.table.name} VALUES ({places})", _rows(filling, names, newest))
        db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


async def _fill_postgresql(url: str, wanted: Sequence[Filling]) -> None:
    import asyncpg

    connection = await asyncpg.connect(url)
    for filling in wanted:
        names = [column.name for column in filling.table.columns]
        newest = await connection.fetchrow(_newest(filling.table))
        for batch in _batches(_rows(filling, names, tuple(newest))):
            await connection.copy_records_to_table(filling.table.name, records=batch, columns=names)
    await connection.execute("VACUUM ANALYZE")  # autovacuum would get there too, in the middle of a round
    await connection.close()


def _newest(table: Table) -> str:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    order = "created_at" if "created_at" in table.columns else "updated_at"
    return f"SELECT {columns} FROM {table.name} ORDER BY {order} DESC LIMIT 1"


def _rows(filling: Filling, names: Sequence[str], newest: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    pattern = dict(zip(names, newest, strict=True))
    for n in range(filling.count):
        row = pattern | filling.keys(n)
        yield tuple(row[name] for name in names)


def _batches(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    batch: list[tuple[Any, ...]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _person_keys(n: int) -> Row:
    name = f"filled-{n}"
    return {"id": _n("person", n), "username": name, "username_key": name, "email": None, "email_key": None}


def _refresh_token_keys(n: int) -> Row:
    unspent = {"spent_at": None, "heir_digest": None, "heir_key_id": None}
    return {"digest": _digest(), "authorization_id": _n("authorization", n)} | unspent


def _holder(n: int) -> Row:
    return {"person_id": _n("person", n)}


def _client(n: int) -> str:
    return f"filled-client-{n}"


def _n(kind: str, n: int) -> str:
    """The same id for the same row each time; ids sort by time, as Mintmark's own."""
    return ids.uuid7(FIRST_ISSUED + n * APART, hashlib.sha256(f"{kind} {n}".encode()).digest())


def _id() -> str:
    return ids.uuid7(datetime.now(UTC), secrets.token_bytes(10))


def _digest() -> bytes:
    return secrets.token_bytes(32)
