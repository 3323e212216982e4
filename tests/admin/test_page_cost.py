"""What a page costs at 100,000 rows: processor time of the whole request, the test's own client included."""

import os
import time
from datetime import timedelta

import pytest

from mintmark.protocol import ids
from mintmark.store import driver
from mintmark.store.times import ms
from tests.admin import operating

ROWS = 100_000
MOST = 0.005  # seconds


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


async def least(operator, path, **query):
    """Of ten: a busy machine only ever adds."""
    spent = []
    for _ in range(10):
        before = time.process_time()
        answer = await operator.get(path, **query)
        spent.append(time.process_time() - before)
        assert 50 == len(answer.json()["items"])
    return min(spent)


async def test_a_page_costs_the_same_at_the_beginning_and_deep_inside(sqlite_issuer, sqlite_database):
    fill(sqlite_database.url.removeprefix("sqlite:///"), sqlite_issuer.server.clock())
    operator = await operating.operator(sqlite_issuer)
    for path in ("/sessions", "/users", "/clients"):
        after = None
        for _ in range(20):
            page = await operator.get(path, limit=200, **({"after": after} if after else {}))
            after = page.json()["next"]
        first, deep = await least(operator, path), await least(operator, path, after=after)

        assert first < MOST, path
        assert deep < MOST, path


@pytest.mark.parametrize(("path", "statements"), [("/users", 2), ("/clients", 2), ("/resources", 2), ("/keys", 2)])
async def test_a_page_costs_one_statement_beside_the_token(sqlite_issuer, path, statements):
    operator = await operating.operator(sqlite_issuer)
    await operator.items(path)
    before = sqlite_issuer.server.store.statements
    await operator.items(path)

    assert statements == sqlite_issuer.server.store.statements - before
