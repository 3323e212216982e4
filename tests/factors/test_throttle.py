import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from mintmark.factors import throttle
from mintmark.factors.throttle import Attempt, Turns
from mintmark.protocol.errors import Overloaded
from mintmark.protocol.throttling import Pass, Wait, account_key, device_key
from mintmark.settings import Throttle
from mintmark.store.changes import Conflict

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


FIVE = Throttle(5)
TEN = Throttle(10)
THOUSAND = Throttle(1000, HOUR)


@dataclass(frozen=True)
class Budgets:
    throttle_sign_in: Throttle | None = TEN
    throttle_sign_in_address: Throttle | None = THOUSAND
    throttle_second_factor: Throttle | None = FIVE
    throttle_sign_in_everybody: Throttle | None = None


def asked(name="alice", *, address="192.0.2.1", device=None):
    account = account_key(name)
    return Attempt(account, address, None if device is None else device_key(account, device))


async def attempts(store, count, who, now=NOW, budgets=Budgets()):
    return [await throttle.attempt(store, now, who, budgets) for _ in range(count)]


async def test_the_eleventh_attempt_at_an_account_waits(store):
    assert [Pass()] * 10 + [Wait(1)] == await attempts(store, 11, asked())


async def test_an_attempt_is_one_read_and_one_change_set(store):
    before = store.statements
    await attempts(store, 1, asked())

    assert 1 + (2 if store.dialect == "sqlite" else 1) == store.statements - before


async def test_fifty_at_once_get_no_more_than_the_budget(store):
    """CVE-2024-4629, CVE-2019-5421."""
    found = await asyncio.gather(*[throttle.attempt(store, NOW, asked(), Budgets()) for _ in range(50)])

    assert 10 == found.count(Pass())
    assert 40 == found.count(Wait(1))


async def test_two_nodes_share_the_budget(database):
    nodes = [await database.connect() for _ in range(2)]
    found = await asyncio.gather(*[throttle.attempt(nodes[n % 2], NOW, asked(), Budgets()) for n in range(30)])

    assert 10 == found.count(Pass())
    for node in nodes:
        await node.close()


async def test_counts_outlive_the_process_each_factor_s_by_itself(database):
    before = await database.connect()
    await attempts(before, 10, asked())
    await attempts(before, 5, replace(asked(), factor="totp"))
    await before.close()
    after = await database.connect()

    assert [Wait(1)] == await attempts(after, 1, asked())
    assert [Wait(1)] == await attempts(after, 1, replace(asked(), factor="totp"))
    assert [Pass()] == await attempts(after, 1, replace(asked(), factor="recovery_code"))
    await after.close()


async def test_after_each_wait_one_of_fifty_passes(store):
    await attempts(store, 10, asked())
    now, passed = NOW, []
    for seconds in (1, 2, 4, 8):
        now += seconds * SECOND
        found = await asyncio.gather(*[throttle.attempt(store, now, asked(), Budgets()) for _ in range(50)])
        passed.append(found.count(Pass()))

    assert [1, 1, 1, 1] == passed


async def test_tries_during_a_wait_do_not_extend_it(store):
    await attempts(store, 10, asked())
    await attempts(store, 5, asked(), NOW + timedelta(milliseconds=500))

    assert [Pass()] == await attempts(store, 1, asked(), NOW + SECOND)


async def test_failures_are_forgotten_after_a_day(store):
    await attempts(store, 10, asked())

    assert [Pass()] * 10 + [Wait(1)] == await attempts(store, 11, asked(), NOW + 24 * HOUR)


async def test_a_success_makes_the_account_start_afresh(store):
    await attempts(store, 10, asked())
    await store.commit(throttle.succeeded(NOW, asked()))

    assert [Pass()] * 10 + [Wait(1)] == await attempts(store, 11, asked())


async def test_another_account_does_not_wait(store):
    await attempts(store, 11, asked())

    assert [Pass()] == await attempts(store, 1, asked("bob"))


async def test_a_stranger_cannot_keep_the_owner_out_of_a_browser_they_know(store):
    """CVE-2024-1722."""
    await attempts(store, 12, asked(address="203.0.113.9"))

    assert [Wait(1)] == await attempts(store, 1, asked())
    assert [Pass()] * 10 + [Wait(1)] == await attempts(store, 11, asked(device=b"laptop"))


async def test_a_success_in_a_known_browser_leaves_the_strangers_count(store):
    await attempts(store, 10, asked(address="203.0.113.9"))
    await attempts(store, 1, asked(device=b"laptop"))
    await store.commit(throttle.succeeded(NOW, asked(device=b"laptop")))

    assert [Wait(1)] == await attempts(store, 1, asked())


async def test_an_address_waits_until_its_hour_ends_and_nobody_else_does(store):
    budgets = Budgets(throttle_sign_in_address=Throttle(3, HOUR))
    for number in range(3):
        await attempts(store, 1, asked(f"user{number}", address="2001:db8::1"), NOW, budgets)

    assert [Wait(1800)] == await attempts(store, 1, asked("user9", address="2001:db8::2"), NOW + HOUR / 2, budgets)
    assert [Pass()] == await attempts(store, 1, asked("user9", address="2001:db8:0:1::1"), NOW + HOUR / 2, budgets)
    assert [Pass()] == await attempts(store, 1, asked("user9", address="2001:db8::2"), NOW + HOUR, budgets)


async def test_what_an_address_is_refused_is_not_counted_for_the_account(store):
    budgets = Budgets(throttle_sign_in_address=Throttle(1, HOUR))
    await attempts(store, 20, asked(address="203.0.113.9"), NOW, budgets)

    assert [Pass()] * 9 + [Wait(1)] == await attempts(store, 10, asked(), NOW, Budgets(throttle_sign_in_address=None))


async def test_many_people_behind_one_address_sign_in_at_once(store):
    """Its count is no bottleneck: nobody hears 503 because others were quicker."""
    people = [asked(f"user{number}") for number in range(60)]
    found = await asyncio.gather(*[throttle.attempt(store, NOW, who, Budgets()) for who in people])

    assert [Pass()] * 60 == found


async def test_many_accounts_tried_at_once_get_no_more_than_the_addresss_budget(store):
    budgets = Budgets(throttle_sign_in_address=Throttle(20, HOUR))
    people = [asked(f"user{number}") for number in range(60)]
    found = await asyncio.gather(*[throttle.attempt(store, NOW, who, budgets) for who in people])

    assert 20 == found.count(Pass())
    assert 40 == found.count(Wait(3600))


async def test_a_success_is_no_failure_of_its_address_but_takes_back_no_others(store):
    budgets = Budgets(throttle_sign_in_address=Throttle(3, HOUR))
    await attempts(store, 2, asked("bob"), NOW, budgets)
    for _ in range(5):
        assert [Pass()] == await attempts(store, 1, asked(), NOW, budgets)
        await store.commit(throttle.succeeded(NOW, asked()))

    assert [Pass(), Wait(3600)] == await attempts(store, 2, asked("bob"), NOW, budgets)


async def test_of_two_waits_the_longer_is_told(store):
    budgets = Budgets(Throttle(2), Throttle(2, HOUR))

    assert [Pass(), Pass(), Wait(3600)] == await attempts(store, 3, asked(), NOW, budgets)


async def test_what_is_off_costs_no_statement(store):
    before = store.statements

    assert [Pass()] * 20 == await attempts(store, 20, asked(), NOW, Budgets(None, None))
    assert before == store.statements


async def test_a_span_of_the_account_s_own_ends_its_count(store):
    budgets = Budgets(throttle_sign_in=Throttle(1, HOUR))
    await attempts(store, 1, asked(), NOW, budgets)
    await attempts(store, 1, asked(), NOW + SECOND, budgets)

    assert [Pass(), Wait(1)] == await attempts(store, 2, asked(), NOW + SECOND + HOUR, budgets)


class AlwaysLate:
    """A store in which somebody else was quicker each time."""

    dialect: Literal["sqlite", "postgresql"] = "sqlite"
    statements = 0  # counts change sets

    async def fetch(self, read, /, **parameters):
        return []

    async def commit(self, changes, /):
        self.statements += 1
        raise Conflict("late")

    async def close(self):
        pass


async def test_whoever_is_too_late_each_time_is_asked_to_come_again():
    late = AlwaysLate()

    with pytest.raises(Overloaded):
        await throttle.attempt(late, NOW, asked(), Budgets())
    assert throttle.TRIES == late.statements


async def test_right_passwords_sent_in_parallel_take_turns_and_none_waits(store):
    turns = Turns()

    async def sign_in():
        async with turns.turn(asked()):
            found = await throttle.attempt(store, NOW, asked(), Budgets())
            await asyncio.sleep(0)
            await store.commit(throttle.succeeded(NOW, asked()))
            return found

    assert [Pass()] * 50 == await asyncio.gather(*[sign_in() for _ in range(50)])


async def test_whoever_comes_when_too_many_wait_for_their_turn_is_refused_and_others_are_not():
    turns, leave = Turns(1, waiting=1), asyncio.Event()

    async def stay(who):
        async with turns.turn(who):
            await leave.wait()

    staying = [asyncio.create_task(stay(asked())) for _ in range(2)]
    await asyncio.sleep(0)

    with pytest.raises(Overloaded):
        await stay(asked())
    staying += [asyncio.create_task(stay(asked("bob"))), asyncio.create_task(stay(asked(device=b"laptop")))]
    leave.set()
    await asyncio.gather(*staying)
    await stay(asked())
    assert {} == turns._lines
