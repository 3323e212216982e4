import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from mintmark.keys.sealing import Sealer, WrongSealingKey
from mintmark.protocol import totp
from mintmark.store import enrolled, totps
from mintmark.store.changes import Conflict

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SEED = b"s" * 20
OLD, NEW = b"o" * 32, b"n" * 32


def sealed(id, sealer):
    return sealer.seal(SEED, bound_to=totps.bound_to(id))


async def added(store, id="t", person="p", sealer=None):
    await store.commit(totps.add(id, person, "Phone", sealed(id, sealer or Sealer([OLD])), NOW))
    return next(one for one in await totps.of_person(store, person) if one.id == id)


async def confirmed(store, id="t", person="p"):
    await store.commit([totps.confirm(await added(store, id, person), 7, NOW)])
    return next(one for one in await totps.of_person(store, person) if one.id == id)


async def test_an_app_is_pending_until_it_is_confirmed_and_a_quarter_of_an_hour_at_most(store):
    pending = await added(store)

    assert pending.is_pending(NOW)
    assert not pending.is_pending(NOW + timedelta(minutes=15))
    assert 0 == await totps.count(store, "p")
    assert not (await confirmed(store, "u")).is_pending(NOW)
    assert 1 == await totps.count(store, "p")


async def test_a_new_seed_takes_the_place_of_one_that_is_pending_and_of_no_other(store):
    await confirmed(store, "a")
    await added(store, "b")
    await added(store, "c")
    await added(store, "d", "somebody else")

    assert ["a", "c"] == [one.id for one in await totps.of_person(store, "p")]
    assert ["d"] == [one.id for one in await totps.of_person(store, "somebody else")]


async def test_an_app_is_confirmed_once(store):
    pending = await added(store)
    await store.commit([totps.confirm(pending, 7, NOW)])

    with pytest.raises(Conflict):
        await store.commit([totps.confirm(pending, 8, NOW)])
    assert 7 == (await totps.of_person(store, "p"))[0].last_step


async def test_of_fifty_uses_of_one_code_one_succeeds(store):
    one = await confirmed(store)
    found = await asyncio.gather(*(store.commit([totps.use(one, 9, NOW)]) for _ in range(50)), return_exceptions=True)

    assert [None] == [outcome for outcome in found if not isinstance(outcome, Conflict)]
    assert 9 == (await totps.of_person(store, "p"))[0].last_step


async def test_nobody_uses_an_app_that_is_pending_or_that_was_removed(store):
    pending = await added(store)
    with pytest.raises(Conflict):
        await store.commit([totps.use(await confirmed(store, "u"), 9, NOW), totps.confirm(pending, 7, NOW)])
    one = next(one for one in await totps.of_person(store, "p") if one.id == "u")
    await store.commit([totps.remove("u", "p")])

    with pytest.raises(Conflict):
        await store.commit([totps.use(one, 9, NOW)])


async def test_nobody_removes_the_app_of_somebody_else(store):
    await confirmed(store)

    with pytest.raises(Conflict):
        await store.commit([totps.remove("t", "somebody else")])
    assert 1 == await totps.count(store, "p")


async def test_a_person_who_goes_takes_theirs_along(store):
    await confirmed(store, "a")
    await added(store, "b")
    await confirmed(store, "c", "somebody else")
    await store.commit(enrolled.forget_person("p"))

    assert [] == await totps.of_person(store, "p")
    assert 1 == await totps.count(store, "somebody else")


async def test_a_seed_opens_in_its_own_row_only_and_is_shown_nowhere(store):
    one = await added(store)

    assert SEED == Sealer([OLD]).open(one.seed, bound_to=totps.bound_to("t"))
    with pytest.raises(WrongSealingKey):
        Sealer([OLD]).open(one.seed, bound_to=totps.bound_to("u"))
    assert "seed" not in repr(one)
    assert SEED not in one.seed


async def test_every_seed_is_sealed_anew_under_the_first_key(store, monkeypatch):
    monkeypatch.setattr(totps, "PAGE", 2)
    for number in range(5):
        await added(store, f"t{number}", f"p{number}")
    await added(store, "t9", "p9", Sealer([NEW]))
    both = Sealer([NEW, OLD])
    pages = [page async for page in totps.seeds(store)]
    changes = [change for page in pages for change in totps.resealed(page, both)]
    await store.commit(changes)

    assert [2, 2, 2] == [len(page) for page in pages]
    assert 5 == len(changes)
    for number in (0, 1, 2, 3, 4, 9):
        one = (await totps.of_person(store, f"p{number}"))[0]
        assert SEED == Sealer([NEW]).open(one.seed, bound_to=totps.bound_to(one.id))


async def test_the_last_step_of_a_new_app_is_none(store):
    assert totp.NEVER == (await added(store)).last_step
