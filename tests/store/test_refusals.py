"""Refusals in the store: pages, filters, and an end for what is old or too many."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mintmark.store import refusals
from mintmark.store.refusals import Refused

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ONE = Refused("0" * 12, NOW, "/token", "invalid_grant", "code", "no", "a code", "", "web", "192.0.2.1")


def some(count, **changed):
    """Two each moment, the newest last; ids in no order."""
    return [
        replace(ONE, id=f"{number * 7919 % 100_003:012x}", at=NOW + timedelta(seconds=number // 2), **changed)
        for number in range(count)
    ]


async def keep(store, ones):
    for one in ones:
        await store.commit([refusals.add(one)])


async def test_a_refusal_is_found_as_it_was_kept(store):
    anonymous = replace(ONE, id="f" * 12, client_id=None, address=None)
    await keep(store, [ONE, anonymous])

    assert ONE == await refusals.find(store, ONE.id)
    assert anonymous == await refusals.find(store, anonymous.id)
    assert None is await refusals.find(store, "1" * 12)


async def test_pages_go_from_the_newest_to_the_oldest_and_leave_nothing_out(store):
    ones = some(25)
    await keep(store, ones)
    walked, after = [], None
    while page := await refusals.page(store, limit=4, after=after):
        walked += page
        after = refusals.place(page[-1])

    assert sorted(ones, key=refusals.place, reverse=True) == walked


async def test_filters_narrow_and_join(store):
    shop = some(4, client_id="shop", door="/authorize", error="invalid_scope")
    await keep(store, [ONE, *(replace(one, id=f"a{one.id[1:]}") for one in shop)])

    assert 4 == len(await refusals.page(store, limit=9, client_id="shop"))
    assert 4 == len(await refusals.page(store, limit=9, door="/authorize", error="invalid_scope"))
    assert [ONE] == await refusals.page(store, limit=9, client_id="web", door="/token", error="invalid_grant")
    assert [] == await refusals.page(store, limit=9, client_id="web", error="invalid_scope")
    assert 2 == len(await refusals.page(store, limit=9, since=NOW + timedelta(seconds=1)))


async def test_what_is_old_goes_and_of_too_many_the_oldest(store):
    ones = some(40)
    await keep(store, ones)
    old = await refusals.forget(store, NOW + timedelta(seconds=5), 1000)
    many = await refusals.forget(store, NOW, 20)
    nothing = await refusals.forget(store, NOW, 20)
    left = await refusals.page(store, limit=100)

    assert (10, 10, 0) == (old, many, nothing)
    assert {one.id for one in ones[20:]} == {one.id for one in left}
