import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from mintmark.store import enrolled, recovery_codes
from mintmark.store.changes import Conflict
from mintmark.store.recovery_codes import Counted

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
CODES = [bytes([number]) * 32 for number in range(10)]


async def made(store, person="p", codes=CODES, now=NOW):
    before = await recovery_codes.count(store, person)
    await store.commit(recovery_codes.replace(person, before, codes, now))


async def test_who_never_made_any_has_none(store):
    assert Counted(0, 0, None) == await recovery_codes.count(store, "p")
    assert await recovery_codes.is_good(store, "p", CODES[0]) is None


async def test_each_is_good_once(store):
    await made(store)
    assert await recovery_codes.is_good(store, "p", CODES[0])
    await store.commit([recovery_codes.spend("p", CODES[0], NOW)])

    assert await recovery_codes.is_good(store, "p", CODES[0]) is False
    assert await recovery_codes.is_good(store, "p", CODES[1])
    assert 9 == (await recovery_codes.count(store, "p")).left
    with pytest.raises(Conflict):
        await store.commit([recovery_codes.spend("p", CODES[0], LATER)])


async def test_of_fifty_uses_at_once_one_succeeds(store):
    await made(store)
    spends = [store.commit([recovery_codes.spend("p", CODES[3], NOW)]) for _ in range(50)]
    found = await asyncio.gather(*spends, return_exceptions=True)

    assert [None] == [outcome for outcome in found if not isinstance(outcome, Conflict)]


async def test_those_of_somebody_else_are_good_for_nothing(store):
    await made(store)

    assert await recovery_codes.is_good(store, "somebody else", CODES[0]) is None
    with pytest.raises(Conflict):
        await store.commit([recovery_codes.spend("somebody else", CODES[0], NOW)])


async def test_new_ones_take_the_place_of_all_that_there_were(store):
    await made(store)
    await store.commit([recovery_codes.spend("p", CODES[0], NOW)])
    await made(store, codes=[b"n" * 32], now=LATER)

    assert Counted(1, 0, LATER) == await recovery_codes.count(store, "p")
    assert await recovery_codes.is_good(store, "p", CODES[1]) is None


async def test_of_two_who_replace_the_same_ones_the_second_must_look_again(store):
    await made(store)
    before = await recovery_codes.count(store, "p")
    await store.commit(enrolled.forget_person("p"))

    with pytest.raises(Conflict):
        await store.commit(recovery_codes.replace("p", before, [b"n" * 32], LATER))
    assert 0 == (await recovery_codes.count(store, "p")).left
