"""`mintmark users factors` and what goes with it, typed."""

import asyncio
from datetime import UTC, datetime, timedelta

from mintmark.factors.throttle import EVERYBODY, Attempt
from mintmark.protocol import throttling
from mintmark.protocol.throttling import Count, Tick
from mintmark.store import throttles
from tests.commands.line import *  # noqa: F403


def test_factors_are_listed_and_what_is_not_there_is_not_removed(both_lines):
    line = both_lines
    line.ok("users add bob")
    listed = line.ok("users factors bob")
    removed = line("users remove-factor bob recovery_codes")
    password = line("users remove-factor bob password")

    assert {"items": []} == listed
    assert 4 == removed.code
    assert "require-reset" in password.err


def test_somebody_must_choose_another_password(both_lines):
    line = both_lines
    line.ok("users add bob")
    line("users password bob", stdin="harbour lanterns never whistle\n")
    before = line.ok("users factors bob")["items"]
    done = line("users require-reset bob")
    mail = line("users require-reset bob --mail")

    assert ["password"] == [one["kind"] for one in before]
    assert "bob must choose another password" in done.out
    assert [] == line.ok("users factors bob")["items"]
    assert "no mail is sent here" in mail.err


def test_somebody_may_try_again_and_no_browser_is_trusted(line):
    line.ok("users add bob")

    assert "bob may try again" in line("users unthrottle bob").out
    assert "no browser of bob is trusted" in line("users distrust bob").out
    assert 4 == line("users unthrottle nobody").code


def test_failures_are_seen_and_cleared(both_lines):
    line = both_lines
    id = line.ok("users add bob")["id"]
    moment = datetime.now(UTC)
    whose = (Attempt(throttling.account_key("bob"), "192.0.2.1"), Attempt(None, "192.0.2.1"))

    async def fail():
        store = await line.database.connect()
        count = Count(1000, moment, moment + timedelta(minutes=15), moment + timedelta(hours=1))
        rows = (str(whose[0].account_id), whose[1].address_id, EVERYBODY)
        await store.commit([throttles.count(row, None, Tick(count), moment) for row in rows])
        await store.close()

    asyncio.run(fail())
    seen = line.ok("throttles list --user bob --address 192.0.2.1")["items"]
    cleared = [line("throttles clear", *words) for words in (["--user", id], ["--address", "192.0.2.1", "--everybody"])]

    assert [("person", "password", True), ("address", None, True), ("everybody", None, False)] == [
        (one["of"], one["factor"], one["waits_until"] is not None) for one in seen
    ]
    assert [0, 0] == [done.code for done in cleared]
    assert [] == line.ok("throttles list --user bob --address 192.0.2.1")["items"]
    assert 2 == line("audit list --json").out.count('"unthrottle"')


def test_whom_to_clear_must_be_said(line):
    assert "--everybody" in line("throttles clear").err
    assert "is no IP address" in line("throttles list --address here").err
    assert 4 == line("throttles clear --user nobody").code


def test_a_second_factor_is_demanded_of_a_group(line):
    done = line.ok("policies set group staff require_factors=second_factor")
    nonsense = line("policies set group staff require_factors=ring,second")

    assert {"require_factors": ["second_factor"]} == done["policy"]
    assert 1 == nonsense.code
    assert done["policy"] == line.ok("policies show group staff")["policy"]
