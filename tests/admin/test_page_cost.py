"""What a page costs at 100,000 rows: steps of SQLite's machine, which no busy processor changes."""

import os
from contextlib import contextmanager
from datetime import timedelta

import pytest

from mintmark.protocol import ids
from mintmark.store import driver
from mintmark.store.times import ms
from tests.admin import operating

ROWS = 100_000
MOST = 5_000  # steps, twice what the dearest list takes; a page that read every row would take hundreds of thousands


def fill(path, now):
    """Copies of a person and a client, and a session of each person's."""
    connection = driver.sqlite().connect(path, isolation_level=None, timeout=30)
    made = [ids.uuid7(now - timedelta(milliseconds=number), os.urandom(10)) for number in range(ROWS)]
    moment = ms(now)
    until, acr = moment + 10**8, "urn:mintmark:acr:1"
    times = (moment, moment, moment, until, until, None, None)
    sessions = ((id, id.encode(), id, *times, "192.0.2.1", "Browser", acr, "pwd") for id in made)
    connection.execute("BEGIN")
    for table, rest in (("people", ("username", "username_key", "email_key")), ("clients", ())):
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        [row, *_] = connection.execute(f"SELECT * FROM {table} ORDER BY id DESC").fetchall()
        same = dict(zip(columns, row, strict=True))
        copies = (tuple({**same, "id": id, **dict.fromkeys(rest, id)}.values()) for id in made)
        connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", copies)
    names = [row[1] for row in connection.execute("PRAGMA table_info(sessions)")][:14]
    into = f"INSERT INTO sessions ({', '.join(names)}) VALUES ({', '.join('?' * 14)})"
    connection.executemany(into, sessions)
    connection.execute("COMMIT")
    connection.close()


@contextmanager
def steps(store):
    """How many steps of its machine SQLite takes meanwhile, for whatever is read."""
    taken = [0]

    def one():
        taken[0] += 1
        return 0  # go on

    connections = (store._reader, store._transaction._connection)
    for connection in connections:
        connection.set_progress_handler(one, 1)
    yield taken
    for connection in connections:
        connection.set_progress_handler(None, 1)


async def cost(operator, store, path, **query):
    with steps(store) as taken:
        answer = await operator.get(path, **query)
    assert 50 == len(answer.json()["items"])
    return taken[0]


async def test_a_page_costs_the_same_at_the_beginning_and_deep_inside(sqlite_issuer, sqlite_database):
    fill(sqlite_database.url.removeprefix("sqlite:///"), sqlite_issuer.server.clock())
    operator = await operating.operator(sqlite_issuer)
    store = sqlite_issuer.server.store
    for path in ("/sessions", "/users", "/clients"):
        after = None
        for _ in range(20):
            page = await operator.get(path, limit=200, **({"after": after} if after else {}))
            after = page.json()["next"]
        first, deep = await cost(operator, store, path), await cost(operator, store, path, after=after)

        assert 0 < first < MOST, path
        assert deep <= first * 1.1, path


@pytest.mark.usefixtures("without_upkeep")
@pytest.mark.parametrize(("path", "statements"), [("/users", 2), ("/clients", 2), ("/resources", 2), ("/keys", 2)])
async def test_a_page_costs_one_statement_beside_the_token(sqlite_issuer, path, statements):
    operator = await operating.operator(sqlite_issuer)
    await operator.items(path)
    before = sqlite_issuer.server.store.statements
    await operator.items(path)

    assert statements == sqlite_issuer.server.store.statements - before
