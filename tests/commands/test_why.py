"""`mintmark why`: what an operator reads who was given a trace id."""

import asyncio
from datetime import UTC, datetime

import pytest

from mintmark.commands import why
from mintmark.store import refusals
from mintmark.store.refusals import Refused
from tests.commands.line import *  # noqa: F403

TRACE = "3f9c0a71d2e4"
ONE = Refused(
    id=TRACE,
    at=datetime(2026, 11, 25, 12, tzinfo=UTC),
    door="/authorize",
    error="invalid_request",
    check="redirect_uri",
    description="The return address is not one that this app has registered.",
    expected="exactly one of: https://shop.example/cb",
    got="https://shop.example/callback",
    client_id="shop",
    address="203.0.113.7",
)


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    waited = []

    async def no_wait():
        waited.append(1)

    monkeypatch.setattr(why, "wait", no_wait)
    return waited


def keep(line, one=ONE):
    async def write():
        store = await line.database.connect()
        try:
            await store.commit([refusals.add(one)])
        finally:
            await store.close()

    asyncio.run(write())


def test_it_says_the_check_what_was_expected_what_came_and_what_to_do(both_lines):
    keep(both_lines)
    done = both_lines(f"why {TRACE}")

    assert (0, "") == (done.code, done.err)
    assert [
        "refused   2026-11-25T12:00:00Z at /authorize",
        "client    shop",
        "from      203.0.113.7",
        "answer    invalid_request: The return address is not one that this app has registered.",
        "check     redirect_uri (looks at redirect_uri)",
        "expected  exactly one of: https://shop.example/cb",
        "got       https://shop.example/callback",
        "",
    ] == done.out.splitlines()[:8]
    assert "registered" in done.out.splitlines()[8]
    assert done.out.splitlines()[9].startswith("Next: Send one of those under expected")


def test_json_has_the_members_of_the_admin_api(line):
    from mintmark.admin.refusals import Refusal

    keep(line)
    found = line.ok(f"why {TRACE}")

    assert set(Refusal.model_fields) == set(found)
    assert ("2026-11-25T12:00:00Z", "redirect_uri") == (found["at"], found["check"])


def test_one_that_is_not_kept_is_exit_4_and_says_how_long_they_are(line, hurried):
    done = line(f"why {TRACE}")

    assert 4 == done.code
    assert "kept for 1w (MINTMARK_REFUSALS_KEPT)" in done.err
    assert 2 == len(hurried)


def test_what_is_no_trace_id_is_a_mistyped_command(line):
    assert [2] * 3 == [line("why", given).code for given in ("x", "3f9c", "../../etc")]
    assert "12 hexadecimal digits" in line("why x").err


def test_spaces_and_capitals_of_a_copied_id_do_not_matter(line):
    keep(line)

    assert 0 == line("why", f" {TRACE.upper()} ").code


def test_a_check_of_a_newer_node_is_told_as_it_is(line):
    keep(line, ONE.__class__(**{**{name: getattr(ONE, name) for name in ONE.__slots__}, "check": "of tomorrow"}))
    done = line(f"why {TRACE}")

    assert 0 == done.code
    assert "another version" in done.out
