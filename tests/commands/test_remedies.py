"""`mintmark users factors` and what goes with it, typed."""

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
