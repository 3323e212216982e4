"""`mintmark audit`, typed."""

import pytest

from tests.commands.line import *  # noqa: F403


def names(line, typed):
    return [entry["detail"].get("subject") for entry in line.ok(f"audit list {typed}")["items"]]


def test_what_happened_is_listed_newest_first(both_lines):
    line = both_lines
    alice = line.ok("users add alice")
    line("users add bob")
    line("users disable alice")
    line("clients add shop grant_types=")
    items = line.ok("audit list")["items"]

    assert ["configured"] * 4 + ["session_ended"] == sorted(one["event"] for one in items)
    assert "shop" == items[0]["detail"]["subject"]
    assert {
        "id", "at", "event", "outcome", "request_id", "client_id", "user_id", "session_id", "authorization_id", "actor",
        "address", "count", "seal", "detail",
    } == items[0].keys()  # fmt: skip
    assert items[0]["actor"].startswith("command")
    assert ["shop"] == names(line, "--client shop")
    assert ["session_ended"] == [one["event"] for one in line.ok("audit list --event session_ended")["items"]]
    assert {alice["id"]} == {one["user_id"] for one in line.ok("audit list --user alice")["items"]}
    assert 5 == len(names(line, "--since 1h"))
    assert [] == names(line, "--until 1h")
    assert [] == names(line, "--since 2999-01-01")
    assert 5 == len(names(line, "--until 2999-01-01"))


def test_more_than_the_limit_is_said(line):
    line("users add alice")
    line("users add bob")
    done = line("audit list --limit 1 --json")

    assert ["bob"] == [one["detail"]["subject"] for one in done.items]
    assert "more than 1" in done.err


def test_a_deleted_person_is_found_by_id(line):
    made = line.ok("users add alice")
    line("users delete alice")

    assert 4 == line("audit list --user alice").code
    assert [made["id"]] * 3 == [one["user_id"] for one in line.ok(f"audit list --user {made['id']}")["items"]]


@pytest.mark.parametrize("typed", ["--limit 0", "--since soon", "--until 99"])
def test_a_wrong_use_is_2(line, typed):
    expected = 0 if typed == "--until 99" else 2  # a number is one of seconds

    assert expected == line(f"audit list {typed}").code
