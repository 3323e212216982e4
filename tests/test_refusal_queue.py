"""Of a flood of refusals some are kept and the rest is counted, and nobody who asks why is crowded out by it."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mintmark import refusal_queue, upkeep
from mintmark.events import RequestRefused
from mintmark.journal import Journal
from mintmark.refusal_queue import RefusalQueue
from mintmark.store import refusals
from mintmark.store.changes import Unavailable
from mintmark.store.refusals import Refused
from tests.databases import *  # noqa: F403
from tests.issuer import *  # noqa: F403
from tests.test_journal import Down, Lines

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ONE = Refused("0" * 12, NOW, "/token", "invalid_grant", "code", "no", "a code", "", "web", "192.0.2.1")


def numbered(number, **changed):
    return replace(ONE, id=f"{number:012x}", **changed)


def down():
    return Down()


def taken(queue, ones):
    return sum(queue.take(one) for one in ones)


def test_of_equal_refusals_of_a_second_a_few_are_kept():
    queue = RefusalQueue()

    assert refusal_queue.ALIKE == taken(queue, map(numbered, range(100)))
    assert 100 - refusal_queue.ALIKE == queue.count_dropped()
    assert 0 == queue.count_dropped()
    assert queue.take(numbered(101, client_id="shop"))
    assert queue.take(numbered(102, at=NOW + timedelta(seconds=1)))


def test_one_address_does_not_crowd_out_the_others():
    queue = RefusalQueue()
    flood = (numbered(number, client_id=f"c{number}") for number in range(1000))

    assert refusal_queue.FROM_ONE_ADDRESS == taken(queue, flood)
    assert queue.take(numbered(1001, address="192.0.2.2"))


def test_a_second_has_room_for_so_many_whoever_sends_them():
    queue = RefusalQueue()
    flood = [numbered(number, client_id=f"c{number}", address=f"a{number}") for number in range(1000)]

    assert refusal_queue.OF_A_SECOND == taken(queue, flood)
    assert refusal_queue.OF_A_SECOND == len(queue.waiting)


async def test_what_waits_is_written_once_the_database_answers(store):
    queue = RefusalQueue()
    taken(queue, [numbered(number, client_id=str(number)) for number in range(20)])
    with pytest.raises(Unavailable):
        await queue.flush(down())
    await queue.flush(store)
    before = store.statements
    await queue.flush(store)
    after = store.statements

    assert 20 == len(await refusals.page(store, limit=100))
    assert before == after, "where nothing waits, nothing is asked"


async def test_while_the_database_does_not_answer_memory_does_not_grow():
    queue = RefusalQueue()
    for second in range(100):
        taken(queue, [numbered(second * 100 + number, client_id=str(number), address=str(number),
                               at=NOW + timedelta(seconds=second)) for number in range(50)])  # fmt: skip

    assert refusal_queue.MOST == len(queue.waiting)
    assert len(queue._taken) < 200


async def test_one_that_is_there_already_holds_up_nothing(store):
    await store.commit([refusals.add(ONE)])
    queue = RefusalQueue()
    taken(queue, [ONE, numbered(1)])
    await queue.flush(store)

    assert [] == queue.waiting
    assert 2 == len(await refusals.page(store, limit=100))


async def test_on_postgresql_a_batch_is_few_statements(postgresql_database):
    store = await postgresql_database.connect()
    queue = RefusalQueue()
    taken(queue, [numbered(number, client_id=str(number), address=str(number)) for number in range(50)])
    before = store.statements
    await queue.flush(store)
    sent = store.statements - before
    kept = await refusals.page(store, limit=100)
    await store.close()

    assert 50 == len(kept)
    assert sent <= 5


async def test_in_a_flood_the_log_has_each_and_the_audit_trail_counts_them_together(store):
    lines = Lines()
    journal = Journal(lines, os.urandom)
    event = RequestRefused(door="/token", error="invalid_grant", check="code")
    for number in range(500):
        one = numbered(number, address=f"2001:db8::{number:x}")
        journal.refused(one, event, NOW, expected=one.expected, got=one.got)

    assert 500 == len(lines)
    assert {f"{number:012x}" for number in range(500)} == {fields["request"] for _, _, fields in lines}
    assert refusal_queue.OF_A_SECOND + 1 == len(journal.waiting)
    assert 500 == sum(one.count for one in journal.waiting.values())


async def test_what_was_dropped_is_told(sqlite_issuer):
    for _ in range(30):
        await sqlite_issuer.token(grant_type="nonsense")
    await upkeep.flush(sqlite_issuer.server)
    await upkeep.flush(sqlite_issuer.server)

    assert [25] == [line["number"] for line in sqlite_issuer.lines if "refusals_dropped" == line["event"]]
