"""`mintmark users`, typed."""

import getpass
import sys

import pytest
from sqlalchemy import select

from mintmark.commands import stdin
from mintmark.commands.opening import Refused
from mintmark.store.executor import Read
from mintmark.store.schema import audit, people
from tests.commands.line import *  # noqa: F403

FACTS = Read(select(audit.c.event, audit.c.person_id, audit.c.actor, audit.c.detail).order_by(audit.c.id))
HASHES = Read(select(people.c.password_hash))


def test_somebody_added_can_be_shown_listed_and_found_by_each_name(both_lines):
    line = both_lines
    made = line.ok(
        "users add Alice email=alice@example.org email_verified=true name='Alice Example' groups=staff,admins"
    )
    found = [line.ok(f"users show {name}") for name in ("alice", "ALICE@example.org", made["id"])]

    assert [made] * 3 == found
    assert ("Alice", "Alice Example", ["staff", "admins"]) == (made["username"], made["name"], made["groups"])
    assert (False, False) == (made["disabled"], made["has_password"])
    assert made["created_at"].endswith("Z")
    assert [made] == line.ok("users list")["items"]


def test_the_table_names_everybody(line):
    line("users add alice")
    line("users add bob")
    done = line("users list")

    assert "USERNAME" in done.out
    assert {"alice", "bob"} == {row.split()[0] for row in done.out.splitlines()[1:]}


def test_a_password_comes_from_stdin_and_is_never_shown(line):
    line("users add alice")
    done = line("users password alice", stdin="correct horse battery staple\nanother line\n")
    [[stored]] = line.fetch(HASHES)

    assert 0 == done.code
    assert stored.startswith("$argon2id$")
    assert "correct" not in done.out + done.err
    assert line.ok("users show alice")["has_password"]


def test_somebody_may_be_added_with_a_password(line):
    assert line.ok("users add alice --password", stdin="correct horse battery staple")["has_password"]


def test_a_password_typed_at_a_terminal_is_typed_twice(monkeypatch):
    class Terminal:
        def isatty(self):
            return True

    typed = iter(["one password", "another password", "the same one", "the same one"])
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(getpass, "getpass", lambda prompt: next(typed))
    with pytest.raises(Refused):
        stdin.password()

    assert "the same one" == stdin.password()


@pytest.mark.parametrize("sent", ["", "\n", "x" * 1025])
def test_what_can_be_no_password_is_refused(line, sent):
    line("users add alice")

    assert 1 == line("users password alice", stdin=sent).code


def test_set_changes_what_it_names_and_nothing_else(line):
    line("users add alice email=a@example.org name=Alice groups=staff claims.department=R&D claims.level=5")
    changed = line.ok("users set alice", "name=Alice B", "claims.level=null", 'claims.tags=["a"]', "groups=")

    assert ("Alice B", "a@example.org") == (changed["name"], changed["email"])
    assert {"department": "R&D", "tags": ["a"]} == changed["claims"]
    assert "groups" not in changed


def test_null_takes_a_member_away(line):
    line("users add alice email=a@example.org name=Alice")
    changed = line.ok("users set alice email=null")

    assert "email" not in changed
    assert "Alice" == changed["name"]


def test_somebody_may_get_another_username(line):
    made = line.ok("users add alice")
    changed = line.ok("users set alice username=alicia")

    assert (made["id"], "alicia") == (changed["id"], changed["username"])
    assert 4 == line("users show alice").code


def test_a_name_is_nobody_elses(line):
    line("users add alice email=alice@example.org email_verified=true")
    line("users add bob")
    done = [
        line("users add ALICE"),
        line("users set bob username=alice"),
        line("users set bob email=Alice@Example.org email_verified=true"),
    ]

    assert [1, 1, 1] == [one.code for one in done]
    assert all("already" in one.err for one in done)


def test_a_disabled_person_is_enabled_again(line):
    line("users add alice")

    assert line.ok("users disable alice")["disabled"]
    assert line.ok("users disable alice")["disabled"]
    assert not line.ok("users enable alice")["disabled"]


def test_a_deleted_person_is_gone(line):
    made = line.ok("users add alice")

    assert made["id"] == line.ok("users delete alice")["id"]
    assert 4 == line("users delete alice").code
    assert [] == line.ok("users list")["items"]
    assert made["id"] != line.ok("users add alice")["id"]


@pytest.mark.parametrize("verb", ["show", "set", "password", "disable", "enable", "delete"])
def test_whoever_is_not_there_is_not_found(line, verb):
    done = line(f"users {verb} nobody", stdin="correct horse battery staple\n")

    assert 4 == done.code
    assert "nobody" in done.err
    assert "" == done.out


@pytest.mark.parametrize(
    ("typed", "code", "told"),
    [
        ("users add alice emial=a@example.org", 1, "email"),
        ("users add alice email=nonsense", 1, "email"),
        ("users add alice password=secret", 1, "stdin"),
        ("users add alice groups", 2, "member=value"),
        ("users add alice name=a name=b", 2, "twice"),
        ("users add alice groups=[", 2, "JSON"),
        ("users add", 2, "NAME"),
        ("users marry alice", 2, "marry"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_made(line, typed, code, told):
    done = line(typed)

    assert code == done.code
    assert told in done.err
    assert [] == line.ok("users list")["items"]


def test_every_change_is_in_the_audit_trail(line):
    made = line.ok("users add alice")
    line("users password alice --end-sessions", stdin="correct horse battery staple")
    line("users disable alice")
    line("users delete alice")
    facts = line.fetch(FACTS)

    assert {"configured", "session_ended"} == {fact[0] for fact in facts}
    assert all(fact[2].startswith("command") for fact in facts)
    assert {made["id"]} == {fact[1] for fact in facts if fact[1]}
    assert not any("horse" in fact[3] for fact in facts)
