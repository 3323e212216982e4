"""What the store promises when many ask at once (house.md: "The central idea")."""

import asyncio
import os
import random
from collections import Counter

import pytest

from mintmark.store.changes import Conflict, Update
from mintmark.store.schema import codes, throttles
from tests.store import rows
from tests.store.rows import counted, stands, throttle

FULL = "TEST_FULL" in os.environ
INTERLEAVINGS = 1_000 if FULL else 200


@pytest.fixture
async def nodes(database):
    """Three processes' worth of executors; SQLite has one process that serves."""
    executors = [await database.connect() for _ in range(3 if database.dialect == "postgresql" else 1)]
    yield executors
    for executor in executors:
        await executor.close()


async def test_of_fifty_that_spend_one_code_one_has_an_effect(nodes):
    await nodes[0].commit([rows.code(b"d")])
    sets = [[rows.spent(b"d", n), rows.event(f"spent {n:02}"), throttle(f"heir {n}")] for n in range(50)]
    outcomes = await asyncio.gather(
        *[nodes[n % len(nodes)].commit(one) for n, one in enumerate(sets)], return_exceptions=True
    )

    (winner,) = [n for n, outcome in enumerate(outcomes) if outcome is None]
    assert {Conflict} == {type(outcome) for n, outcome in enumerate(outcomes) if n != winner}
    assert [(b"d", winner)] == await nodes[0].fetch(rows.CODE, digest=b"d")
    assert [(f"heir {winner}", 0)] == await nodes[0].fetch(rows.COUNTED)
    assert 1 == len(await nodes[0].fetch(rows.EVENTS))


async def test_of_fifty_that_refresh_one_token_one_has_an_effect(nodes):
    await nodes[0].commit([rows.client(), rows.person(), rows.authorization("a"), rows.refresh_token("t", "a")])
    sets = [rows.refresh("t", f"heir {n}", "a") for n in range(50)]
    outcomes = await asyncio.gather(
        *[nodes[n % len(nodes)].commit(one) for n, one in enumerate(sets)], return_exceptions=True
    )

    (winner,) = [n for n, outcome in enumerate(outcomes) if outcome is None]
    assert [("a", f"heir {winner}".encode(), None), ("a", b"t", 5)] == await nodes[0].fetch(
        rows.TOKENS, authorization_id="a"
    )


async def test_updates_of_one_row_without_a_guard_all_happen(nodes):
    await nodes[0].commit([throttle("a")])
    sets = [[Update(throttles, {"id": "a"}, {"failures": n}), rows.event(f"u {n:02}")] for n in range(30)]
    await asyncio.gather(*[nodes[n % len(nodes)].commit(one) for n, one in enumerate(sets)])

    assert 30 == len(await nodes[0].fetch(rows.EVENTS))


async def test_no_count_is_lost_when_all_retry(nodes):
    await nodes[0].commit([throttle("a")])

    async def add(node):
        while True:
            ((_, failures, *_),) = await node.fetch(rows.THROTTLE, id="a")
            try:
                return await node.commit([counted("a", failures, failures + 1)])
            except Conflict:
                continue

    await asyncio.gather(*[add(nodes[n % len(nodes)]) for n in range(24)])

    assert [("a", 24)] == await nodes[0].fetch(rows.COUNTED)


async def test_after_an_end_was_acknowledged_no_token_is_born(nodes):
    """An end against a refresh: whichever is first, nothing is written to an authorization that is over."""
    first, last = nodes[0], nodes[-1]
    await first.commit([rows.client(), rows.person()])
    chance = random.Random(7)
    seen: Counter[bool] = Counter()
    for n in range(INTERLEAVINGS):
        a = f"a{n}"
        await first.commit([rows.authorization(a), rows.refresh_token(f"{a} 0", a)])
        born = await interleave(first, last, a, chance)
        seen[born] += 1

    assert 0 < seen[True]
    assert 0 < seen[False]


async def interleave(first, last, a, chance):
    """Answers whether the refresh won; then the token must have been there when the end was acknowledged."""
    order = [("end", last, rows.end(a)), ("refresh", first, rows.refresh(f"{a} 0", f"{a} 1", a))]
    chance.shuffle(order)
    acknowledged = []

    async def act(name, node, changes):
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        try:
            await node.commit(changes)
        except Conflict:
            return
        acknowledged.append(name)
        if name == "end":
            acknowledged.append(len(await node.fetch(rows.TOKENS, authorization_id=a)))

    await asyncio.gather(*[act(*one) for one in order])
    tokens = await first.fetch(rows.TOKENS, authorization_id=a)
    at_the_end = next(one for one in acknowledged if isinstance(one, int))
    assert "end" in acknowledged
    assert len(tokens) == at_the_end, "a token was born after the end had been acknowledged"
    assert ("refresh" in acknowledged) == (2 == len(tokens))
    return 2 == len(tokens)


async def test_rows_relied_on_and_changed_crosswise_never_hang(nodes):
    """Locks are taken in one order, so nothing deadlocks; what is decided equals some order of the sets."""
    names = [f"t{n}" for n in range(8)]
    for name in names:
        await nodes[0].commit([throttle(name), rows.code(name.encode())])
    chance = random.Random(3)

    async def walk(node, number):
        for step in range(40 if FULL else 15):
            one, other = chance.sample(names, 2)
            ((_, failures, *_),) = await node.fetch(rows.THROTTLE, id=one)
            ((_, relied, *_),) = await node.fetch(rows.THROTTLE, id=other)
            event = rows.event(f"{one} {number:02} {step:03}")
            changes = [
                [counted(one, failures, failures + 1), event],
                [stands(other, relied), counted(one, failures, failures + 1), event],
                [
                    counted(one, failures, failures + 1),
                    Update(codes, {"digest": other.encode()}, {"nonce": "n"}),
                    event,
                ],
            ]
            try:
                await node.commit(chance.choice(changes))
            except Conflict:
                continue

    async with asyncio.timeout(60):
        await asyncio.gather(*[walk(nodes[n % len(nodes)], n) for n in range(12)])

    events = Counter(event for event, _ in await nodes[0].fetch(rows.EVENTS))
    assert dict(events) == {name: failures for name, failures in await nodes[0].fetch(rows.COUNTED) if failures}


async def test_many_at_once_cost_few_statements_on_postgresql(nodes):
    store = nodes[0]
    await store.commit([rows.client(), rows.person()])
    for n in range(16):
        await store.commit([rows.authorization(f"a{n}"), rows.refresh_token(f"t{n}", f"a{n}")])
    before = store.statements
    await asyncio.gather(*[store.fetch(rows.TOKENS, authorization_id=f"a{n}") for n in range(16)])
    read = store.statements - before
    await asyncio.gather(*[store.commit(rows.refresh(f"t{n}", f"heir{n}", f"a{n}")) for n in range(16)])
    wrote = store.statements - before - read

    assert {"postgresql": (1, 1), "sqlite": (16, 64)}[store.dialect] == (read, wrote)


async def test_a_refresh_alone_costs_two_statements_on_postgresql_and_five_on_sqlite(nodes):
    store = nodes[0]
    await store.commit([rows.client(), rows.person(), rows.authorization("a"), rows.refresh_token("t", "a")])
    before = store.statements
    await store.fetch(rows.TOKENS, authorization_id="a")
    await store.commit(rows.refresh("t", "heir", "a"))

    assert {"postgresql": 2, "sqlite": 5}[store.dialect] == store.statements - before
