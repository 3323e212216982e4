"""`mintmark users factors` and what goes with it, typed."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from mintmark.factors.throttle import EVERYBODY, Attempt
from mintmark.protocol import throttling
from mintmark.protocol.throttling import Count, Tick
from mintmark.store import people, recovery_codes, schema, throttles, trusted_browsers
from mintmark.store.executor import Read
from mintmark.store.recovery_codes import Counted
from mintmark.store.trusted_browsers import TrustedBrowser
from tests.commands.line import *  # noqa: F403

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
BCRYPT = "$2b$12$tq0Kzv1tG2AqIogFqqC3H.UQGGWbCPUMzFd5HLrwkvM0QmLkbd6tG"
BROWSERS = Read(select(schema.trusted_browsers.c.id))
LETTERS = Read(select(schema.outbox.c.subject))
REQUIRED = Read(select(schema.people.c.reset_required_at, schema.people.c.password_changed_at))


def trusting(line):
    """bob, with a password, recovery codes, and a browser that he trusts; the state of his account."""
    id = line.ok("users add bob --password", stdin="correct horse battery staple")["id"]

    async def begin():
        store = await line.database.connect()
        try:
            browser = TrustedBrowser("a-browser", id, "", "", NOW, NOW, NOW + timedelta(days=3_000))
            codes = recovery_codes.replace(id, Counted(), [bytes([number]) * 32 for number in range(10)], NOW)
            await store.commit([*trusted_browsers.add(browser, b"digest", 10), *codes])
        finally:
            await store.close()

    asyncio.run(begin())
    return state(line, id)


def state(line, id):
    async def read():
        store = await line.database.connect()
        try:
            person = await people.find(store, id)
            assert person is not None
            return id, person.state
        finally:
            await store.close()

    return asyncio.run(read())


def applying(line, tmp_path, **members):
    file = tmp_path / "people.json"
    file.write_text(json.dumps({"users": [{"username": "bob", "reset_password": True, **members}]}))
    return line(f"apply {file}")


@pytest.mark.parametrize(
    "change",
    [
        lambda line, _: line("users password bob", stdin="harbour lanterns never whistle\n"),
        lambda line, _: line("users remove-factor bob recovery_codes"),
        lambda line, _: line("users require-reset bob"),
        lambda line, folder: applying(line, folder, password="harbour lanterns never whistle", name="Bob"),
        lambda line, folder: applying(line, folder, password_hash=BCRYPT),
    ],
)
def test_with_a_password_or_a_factor_that_an_operator_changes_no_browser_is_trusted(both_lines, tmp_path, change):
    line = both_lines
    id, before = trusting(line)
    done = change(line, tmp_path)

    assert 0 == done.code, done.err
    assert [] == line.fetch(BROWSERS)
    assert (id, before) != state(line, id)


def test_what_an_operator_changes_of_somebody_else_leaves_browsers_trusted(line, tmp_path):
    trusting(line)
    line("users set bob name=Bob")
    line.ok("users add carol --password", stdin="correct horse battery staple")
    line("users password carol", stdin="harbour lanterns never whistle\n")

    assert 1 == len(line.fetch(BROWSERS))


def test_whoever_loses_a_factor_or_a_password_hears_of_it_by_mail(both_lines, monkeypatch):
    line = both_lines
    trusting(line)
    line("users set bob email=bob@example.org email_verified=true")
    monkeypatch.setenv("MINTMARK_SMTP_URL", "smtp://127.0.0.1:9")
    line("users remove-factor bob recovery_codes")
    line("users remove-factor bob recovery_codes")  # twice is once
    line("users require-reset bob --mail")

    assert ["factor_removed", "reset_password", "reset_required"] == sorted(kind for (kind,) in line.fetch(LETTERS))


def test_a_password_that_was_asked_for_is_there_once_an_operator_sets_one(line):
    trusting(line)
    line("users require-reset bob")
    [(required, _)] = line.fetch(REQUIRED)
    line("users password bob", stdin="harbour lanterns never whistle\n")
    [(after, changed)] = line.fetch(REQUIRED)

    assert required is not None
    assert (None, True) == (after, changed >= required)


def test_the_password_of_whoever_is_disabled_can_be_set(line):
    trusting(line)
    line("users disable bob")

    assert 0 == line("users password bob", stdin="harbour lanterns never whistle\n").code
    assert line.ok("users show bob")["disabled"] is True


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
