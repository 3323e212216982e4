"""Duties of one node at a time: who has the turn, what the others see, and what happens when the one dies."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from mintmark import app, keyring, turns, upkeep
from mintmark.store import duties
from mintmark.store.changes import Unavailable
from mintmark.upkeep import Duty
from tests import issuer as issuers
from tests.databases import *  # noqa: F403


@pytest.fixture
async def issuer(database, monkeypatch):
    """Without upkeep of its own: a test says when something is done."""
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    async for one in issuers.start(database):
        yield one


@asynccontextmanager
async def nodes(issuer, number):
    """Other processes on the same database, with the same clock."""
    made = [await app.open_server(issuer.settings, clock=issuer.server.clock) for _ in range(number)]
    try:
        yield [issuer.server, *made]
    finally:
        for one in made:
            await one.store.close()


class Counted:
    """A duty that says who did it."""

    def __init__(self, every=60.0):
        self.did = []
        self.duty = Duty("rotation", every, self.do)

    async def do(self, server):
        self.did.append(server)
        await asyncio.sleep(0)


async def test_of_several_nodes_one_does_it(issuer):
    counted = Counted()
    async with nodes(issuer, 4) as servers:
        for _ in range(5):
            await asyncio.gather(*(upkeep.attempt(server, counted.duty) for server in servers))
            issuer.later(seconds=60)

    assert 5 == len(counted.did)
    assert 1 == len(set(map(id, counted.did)))


async def test_when_the_one_dies_another_goes_on(issuer):
    counted = Counted()
    async with nodes(issuer, 1) as [first, second]:
        await upkeep.attempt(first, counted.duty)
        issuer.later(seconds=89)
        await upkeep.attempt(second, counted.duty)
        before = list(counted.did)
        issuer.later(seconds=2)
        await upkeep.attempt(second, counted.duty)
        await upkeep.attempt(first, counted.duty)

    assert [first] == before
    assert [first, second] == counted.did


async def test_a_process_that_ends_gives_its_turns_back(issuer):
    counted = Counted()
    async with nodes(issuer, 1) as [first, second]:
        await upkeep.attempt(first, counted.duty)
        await upkeep.let_go(first)
        await upkeep.attempt(second, counted.duty)

    assert [first, second] == counted.did


async def test_a_duty_of_every_second_is_not_a_write_of_every_second(issuer):
    counted = Counted(every=1.0)
    await upkeep.attempt(issuer.server, counted.duty)
    before = issuer.server.store.statements
    for _ in range(10):
        issuer.later(seconds=1)
        await upkeep.attempt(issuer.server, counted.duty)

    assert 11 == len(counted.did)
    assert 0 == issuer.server.store.statements - before


async def test_the_turn_is_renewed_before_it_is_over(issuer):
    counted = Counted(every=1.0)
    async with nodes(issuer, 1) as [first, second]:
        for _ in range(120):
            issuer.later(seconds=1)
            await upkeep.attempt(first, counted.duty)
            await upkeep.attempt(second, counted.duty)

    assert [first] * 120 == counted.did


async def test_what_came_of_it_stands_where_everybody_can_see_it(issuer):
    counted = Counted()
    await upkeep.attempt(issuer.server, counted.duty)
    [turn] = await duties.all(issuer.server.store)
    state = issuer.server.upkeep_state.of("rotation")

    assert ("rotation", "done", issuer.server.clock()) == (turn.name, turn.outcome, turn.ended_at)
    assert issuer.server.upkeep_state.holder == turn.holder
    assert (1, 0) == (state.runs, state.failures)


async def test_a_duty_that_fails_is_told_and_tried_again(issuer):
    outcomes = [RuntimeError("a fault of ours"), Unavailable("gone"), None]

    async def fails(server):
        if (error := outcomes.pop(0)) is not None:
            raise error

    duty = Duty("purge", 60.0, fails)
    seen = []
    for _ in range(3):
        await upkeep.attempt(issuer.server, duty)
        seen += [turn.outcome for turn in await duties.all(issuer.server.store)]
        issuer.later(seconds=60)
    told = [line for line in issuer.lines if line["event"] == "upkeep_failed"]
    issuer.lines.clear()
    state = issuer.server.upkeep_state.of("purge")

    assert ["failed", "failed", "done"] == seen
    assert ["purge", "purge"] == [line["duty"] for line in told]
    assert (3, 2) == (state.runs, state.failures)


async def test_a_run_that_takes_long_keeps_its_turn(issuer, monkeypatch):
    monkeypatch.setattr(turns, "LEAST", turns.LEAST / 1000)  # ten milliseconds between renewals
    began, may_end = asyncio.Event(), asyncio.Event()

    async def slow(server):
        began.set()
        await may_end.wait()

    counted = Counted(every=0.01)
    async with nodes(issuer, 1) as [first, second]:
        running = asyncio.create_task(upkeep.attempt(first, Duty("rotation", 0.01, slow)))
        await began.wait()
        held = first.upkeep_state.of("rotation").held_until
        issuer.later(milliseconds=25)
        while first.upkeep_state.of("rotation").held_until == held:
            await asyncio.sleep(0.005)
        issuer.later(milliseconds=10)  # the first turn would be over
        await upkeep.attempt(second, counted.duty)
        may_end.set()
        await running

    assert [] == counted.did


async def test_what_every_node_does_asks_for_no_turn(issuer):
    counted = Counted()
    duty = Duty("hashes", 60.0, counted.do, everywhere=True)
    async with nodes(issuer, 1) as servers:
        for server in servers:
            await upkeep.attempt(server, duty)

    assert 2 == len(counted.did)
    assert [] == await duties.all(issuer.server.store)


async def test_every_duty_can_be_done(issuer):
    for duty in upkeep.duties():
        await upkeep.attempt(issuer.server, duty)

    names = [duty.name for duty in upkeep.duties()]
    assert len(names) == len(set(names))
    assert set(names) == issuer.server.upkeep_state.duties.keys()
    assert all(state.failures == 0 for state in issuer.server.upkeep_state.duties.values())


async def test_a_key_that_only_a_client_wanted_is_followed_by_another_as_well(issuer):
    await keyring.make_first(issuer.server, "ES512", issuer.server.clock())
    issuer.server.registry.forget()
    await issuer.server.registry.current()
    issuer.later(days=100)

    await upkeep.turn_keys(issuer.server)
    ring = (await issuer.server.registry.current()).ring

    assert 2 == len([key for key in ring.keys if "ES512" == key.alg])


async def test_what_passwords_are_hashed_in_goes_back_when_nobody_signs_in(issuer):
    duty = next(duty for duty in upkeep.duties() if "memory" == duty.name)
    hashing = issuer.server.hashing
    await hashing.verify("a password", None)

    for left in (1, 0):
        await upkeep.attempt(issuer.server, duty)
        assert left == len(hashing._memory._free)
