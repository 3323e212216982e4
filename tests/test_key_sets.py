"""JWK Sets of others: fetched seldom, kept for a while, and nobody waits for a stranger's."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from mintmark import key_sets
from mintmark.key_sets import KeySets
from mintmark.keys import algorithms
from mintmark.outbound import NotReached, Reply

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
URI = "https://client.example/jwks"
PUBLIC = algorithms.members(algorithms.generate("ES256").public_key())


def jwks(*kids, **headers):
    body = json.dumps({"keys": [{**PUBLIC, "kid": kid} for kid in kids]}).encode()
    return Reply(200, [(name.encode(), value.encode()) for name, value in headers.items()], body, True)


class Others:
    """What stands at each address; a callable hangs, or raises."""

    def __init__(self):
        self.there = {}
        self.asked = []

    async def ask(self, method, url, headers=(), body=b"", *, seconds, most):
        self.asked.append(url)
        found = self.there.get(url, NotReached("no connection"))
        if callable(found):
            found = await found()
        if isinstance(found, Exception):
            raise found
        return found


async def hangs():
    await asyncio.Event().wait()


@pytest.fixture
def others():
    return Others()


@pytest.fixture
def find(others):
    kept = KeySets()
    find = partial(kept.find, others)
    find.kept = kept  # type: ignore[attr-defined]
    return find


@pytest.fixture
async def stuck(others, find):
    """So many who wait for strangers that do not answer before the test is over."""
    go = asyncio.Event()
    waiting: list[asyncio.Task[Any]] = []

    async def hang():
        await go.wait()
        raise NotReached("at last")

    async def many(number):
        uris = [f"https://stranger-{n}.example/jwks" for n in range(number)]
        others.there |= dict.fromkeys(uris, hang)
        waiting.extend(asyncio.create_task(find(uri, None, NOON)) for uri in uris)
        await asyncio.sleep(0)
        return waiting

    yield many
    go.set()
    assert all(not found.keys for found in await asyncio.gather(*waiting))


def kids(found):
    return [key.kid for key in found.keys]


async def test_a_set_is_fetched_once_and_kept(others, find):
    others.there[URI] = jwks("one")

    assert ["one"] == kids(await find(URI, "one", NOON))
    assert ["one"] == kids(await find(URI, None, NOON + timedelta(minutes=4, seconds=59)))
    assert [URI] == others.asked


async def test_after_five_minutes_it_is_fetched_anew(others, find):
    others.there[URI] = jwks("one")
    await find(URI, None, NOON)
    others.there[URI] = jwks("two")

    assert ["two"] == kids(await find(URI, None, NOON + timedelta(minutes=5)))


@pytest.mark.parametrize(
    ("said", "span"),
    [
        ("max-age=600", timedelta(minutes=10)),
        ("public, Max-Age=120, must-revalidate", timedelta(minutes=2)),
        ('max-age="600"', timedelta(minutes=10)),
        ("max-age=0", timedelta(minutes=1)),
        ("no-store", timedelta(minutes=1)),
        ("no-cache, max-age=3600", timedelta(minutes=1)),
        ("max-age=999999999", timedelta(hours=1)),
        ("max-age=-1", timedelta(minutes=5)),
        ("s-maxage=7200", timedelta(minutes=5)),
        ("public", timedelta(minutes=5)),
        ("max-age=99999999999999", timedelta(hours=1)),
    ],
)
async def test_its_owner_says_how_long_it_is_kept_within_bounds(others, find, said, span):
    others.there[URI] = jwks("one", **{"cache-control": said})
    await find(URI, None, NOON)
    await find(URI, None, NOON + span - timedelta(seconds=1))

    assert 1 == len(others.asked)
    await find(URI, None, NOON + span)
    assert 2 == len(others.asked)


async def test_a_new_key_works_as_soon_as_it_is_named(others, find):
    others.there[URI] = jwks("old")
    await find(URI, "old", NOON)
    others.there[URI] = jwks("old", "new")

    assert ["old", "new"] == kids(await find(URI, "new", NOON + timedelta(seconds=60)))


async def test_a_flood_of_forged_key_ids_causes_few_fetches(others, find):
    """Each in a request of its own, and many at once."""
    others.there[URI] = jwks("one")
    await find(URI, "one", NOON)
    for second in range(60):
        await asyncio.gather(*(find(URI, f"forged-{n}", NOON + timedelta(seconds=second)) for n in range(50)))

    assert len(others.asked) <= 1 + 60 // 15
    others.there[URI] = jwks("one", "new")
    assert "new" in kids(await find(URI, "new", NOON + timedelta(seconds=61)))


async def test_a_set_in_which_nothing_fitted_is_fetched_anew_within_the_same_bounds(others, find):
    others.there[URI] = jwks("old")
    before = await find(URI, None, NOON)
    others.there[URI] = jwks("new")

    assert ["old"] == kids(await find(URI, None, NOON + timedelta(seconds=14), newer_than=before))
    assert ["new"] == kids(await find(URI, None, NOON + timedelta(seconds=15), newer_than=before))
    assert 2 == len(others.asked)


async def test_of_many_who_want_it_one_fetches_and_the_others_wait_for_that(others, find):
    go = asyncio.Event()

    async def slowly():
        await go.wait()
        return jwks("one")

    others.there[URI] = slowly
    waiting = [asyncio.create_task(find(URI, "one", NOON)) for _ in range(50)]
    await asyncio.sleep(0)
    waiting[0].cancel()  # who gives up gives up for themselves
    await asyncio.sleep(0)
    go.set()

    assert all(["one"] == kids(found) for found in await asyncio.gather(*waiting[1:]))
    assert [URI] == others.asked


@pytest.mark.parametrize(
    "instead",
    [
        NotReached("no connection"),
        Reply(302, [(b"location", b"https://other.example/")], b"", True),
        Reply(404, [], b'{"keys":[]}', True),
        Reply(200, [], b'{"keys":[', False),
        Reply(200, [], b"<html>", True),
        Reply(200, [], b'{"keys":{}}', True),
    ],
    ids=["unreachable", "redirect", "404", "too long", "HTML", "no set"],
)
async def test_what_was_fetched_before_is_used_for_an_hour_while_nothing_better_can_be_had(others, find, instead):
    others.there[URI] = jwks("one")
    await find(URI, None, NOON)
    others.there[URI] = instead
    found = await find(URI, None, NOON + timedelta(minutes=64))

    assert ["one"] == kids(found)
    assert found.fault
    late = await find(URI, None, NOON + timedelta(minutes=65))
    assert ([], True) == (kids(late), bool(late.fault))
    others.there[URI] = jwks("two")
    assert ["two"] == kids(await find(URI, None, NOON + timedelta(minutes=75)))


async def test_an_address_that_never_answered_well_has_no_keys_and_is_asked_less_and_less(others, find):
    found = await find(URI, "one", NOON)

    assert ((), "no connection") == found
    for second in range(3600):
        await find(URI, "one", NOON + timedelta(seconds=second))
    assert len(others.asked) < 20
    others.there[URI] = jwks("one")
    assert ["one"] == kids(await find(URI, "one", NOON + timedelta(minutes=65)))


async def test_a_clock_that_was_set_back_makes_nothing_fresh(others, find):
    others.there[URI] = jwks("one")
    await find(URI, None, NOON)
    await find(URI, None, NOON - timedelta(days=1))

    assert 2 == len(others.asked)


async def test_a_fetch_has_its_time(others, find, monkeypatch):
    monkeypatch.setattr(key_sets, "SECONDS", 0.2)
    others.there[URI] = hangs

    assert ((), "no answer within 0.2 seconds") == await find(URI, None, NOON)


async def test_hanging_addresses_hold_up_nobody_else(others, find, stuck):
    others.there[URI] = jwks("one")
    there = await stuck(key_sets.AT_ONCE - 1)

    assert ["one"] == kids(await find(URI, None, NOON))
    assert not any(one.done() for one in there)


async def test_who_answered_before_does_not_wait_for_hundreds_of_strangers(others, find, stuck):
    others.there[URI] = jwks("one")
    await find(URI, None, NOON)
    others.there[URI] = jwks("two")
    there = await stuck(500)

    assert ["two"] == kids(await find(URI, "two", NOON + timedelta(minutes=1)))
    assert not any(one.done() for one in there)
    assert len([uri for uri in others.asked if uri != URI]) <= key_sets.AT_ONCE


async def test_so_many_sets_are_kept_and_the_least_lately_used_go(others, find, monkeypatch):
    monkeypatch.setattr(key_sets, "MOST_SETS", 3)
    uris = [f"https://client-{n}.example/jwks" for n in range(4)]
    others.there |= dict.fromkeys(uris, jwks("one"))
    for uri in (*uris[:3], uris[0], uris[3]):
        await find(uri, None, NOON)
    await find(uris[0], None, NOON)

    assert 4 == len(others.asked)
    await find(uris[1], None, NOON)
    assert 5 == len(others.asked)


async def test_so_many_keys_are_kept(others, find, monkeypatch):
    monkeypatch.setattr(key_sets, "MOST_KEYS", 10)
    uris = [f"https://client-{n}.example/jwks" for n in range(4)]
    others.there |= dict.fromkeys(uris, jwks(*"abcd"))
    for uri in uris:
        await find(uri, None, NOON)

    assert uris[2:] == list(find.kept._kept)
