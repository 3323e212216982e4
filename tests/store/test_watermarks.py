"""Watermarks only ever move forward, though the clocks of several nodes differ."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from mintmark.store import clients, people
from mintmark.store.changes import Conflict
from mintmark.store.executor import Read
from mintmark.store.schema import clients as clients_table
from mintmark.store.schema import people as people_table
from mintmark.store.times import EPOCH, MILLISECOND
from tests.store import rows

LATE = EPOCH + timedelta(days=1)
MS = timedelta(days=1) // MILLISECOND
PERSON = Read(select(people_table.c.sessions_ended_before, people_table.c.ended_before, people_table.c.disabled_at))
CLIENT = Read(select(clients_table.c.ended_before, clients_table.c.disabled_at))


@pytest.mark.parametrize("end", [people.end_sessions, people.end_everything, people.disable])
async def test_an_end_by_a_clock_that_is_behind_moves_no_persons_watermark_back(store, end):
    await store.commit([rows.person()])
    await store.commit([people.end_everything("p", LATE)])
    await store.commit([end("p", LATE - timedelta(minutes=1))])
    sessions, everything, _ = (await store.fetch(PERSON))[0]

    assert MS < sessions
    assert MS <= everything


async def test_an_end_is_noticed_by_whoever_read_the_watermark_before_it(store):
    await store.commit([rows.person()])
    await store.commit([people.end_sessions("p", LATE)])
    read = await people.find(store, "p")
    await store.commit([people.end_sessions("p", LATE)])

    assert read is not None
    with pytest.raises(Conflict):
        await store.commit([people.stands(read.holder), rows.event("e")])


async def test_an_end_by_a_clock_that_is_ahead_moves_it_to_its_instant(store):
    await store.commit([rows.person()])
    await store.commit([people.end_sessions("p", LATE)])

    assert [(MS, 0, None)] == await store.fetch(PERSON)


async def test_a_clients_watermark_moves_forward_alone_too(store):
    await store.commit([rows.client()])
    await store.commit(clients.disable("c", LATE))
    disabled = await store.fetch(CLIENT)
    await store.commit(clients.enable("c", LATE - timedelta(minutes=1)))

    assert [(MS, MS)] == disabled
    assert [(MS + 1, None)] == await store.fetch(CLIENT)


async def test_nobody_is_disabled_twice(store):
    await store.commit([rows.person(), rows.client()])
    await store.commit([people.disable("p", LATE), *clients.disable("c", LATE)])

    for again in ([people.disable("p", LATE)], clients.disable("c", LATE)):
        with pytest.raises(Conflict):
            await store.commit(again)
