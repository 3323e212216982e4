import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from mintmark.store import purge, schema
from mintmark.store.changes import Insert, Value
from mintmark.store.executor import Read
from mintmark.store.times import ms
from tests.store import rows

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TABLES = [table for table, _ in purge.KEPT]


def row(table, number, expires_at):
    """Any row of the table: what it says does not matter."""
    values: dict[str, Value] = {}
    for column in table.columns:
        if not column.nullable:
            values[column.name] = {"TEXT": f"x{number}", "BLOB": f"x{number}".encode()}.get(str(column.type), number)
    return Insert(table, {**values, "expires_at": ms(expires_at)})


@pytest.mark.parametrize(("table", "kept"), purge.KEPT, ids=[table.name for table in TABLES])
async def test_what_expired_long_enough_ago_goes_and_the_rest_stays(store, table, kept):
    ends = [NOW - kept - timedelta(seconds=1), NOW - kept, NOW + timedelta(days=1)]
    await store.commit([row(table, number, end) for number, end in enumerate(ends)])

    assert 1 == await purge.purge(store, NOW)
    assert 0 == await purge.purge(store, NOW)
    assert [(2,)] == await store.fetch(Read(select(func.count()).select_from(table)))


async def test_many_go_in_small_batches(store, monkeypatch):
    monkeypatch.setattr(purge, "MOST", 3)
    for start in range(0, 2_000, 100):
        await store.commit([rows.throttle(f"t{start + n}") for n in range(100)])

    assert 1_500 == await purge.purge(store, NOW)
    assert 500 == await purge.purge(store, NOW)
    assert [] == await store.fetch(rows.COUNTED)


async def test_two_nodes_may_purge_at_once(database):
    nodes = [await database.connect() for _ in range(2)]
    for start in range(0, 1_200, 100):
        await nodes[0].commit([rows.throttle(f"t{start + n}") for n in range(100)])
    await asyncio.gather(*[purge.purge(node, NOW) for node in nodes])
    await purge.purge(nodes[0], NOW)

    assert [] == await nodes[0].fetch(rows.COUNTED)
    for node in nodes:
        await node.close()


def test_every_table_whose_rows_expire_is_purged_but_what_operators_gave_an_end():
    expiring = {table.name for table in schema.metadata.sorted_tables if "expires_at" in table.columns}

    assert expiring - {"client_secrets", "initial_access_tokens"} == {table.name for table in TABLES}
