"""`mintmark users invite` and what goes with it, typed."""

from tests.commands.line import *  # noqa: F403


def test_an_invitation_is_made_shown_once_listed_and_taken_back(both_lines):
    line = both_lines
    made = line.ok("users invite --admin --group staff --email new@example.org --expires 1d")
    [listed] = line.ok("users invitations")["items"]
    revoked = line.ok(f"users revoke-invitation {made['id']}")

    assert "/link?token=mml_" in made["url"]
    assert ["staff", "admins"] == made["groups"]
    assert listed == {name: value for name, value in made.items() if name != "url"}
    assert {"id": made["id"], "revoked": True} == revoked
    assert [] == line.ok("users invitations")["items"]
    assert 4 == line(f"users revoke-invitation {made['id']}").code


def test_a_link_goes_into_no_pipe_unless_that_is_asked_for(line):
    refused = line("users invite --admin")
    shown = line("users invite --admin --show")

    assert 1 == refused.code
    assert "--show" in refused.err
    assert not refused.out
    assert "/link?token=mml_" in shown.out
    assert "it is not shown again" in shown.err


def test_the_audit_trail_knows_of_it_and_not_its_link(line):
    made = line.ok("users invite --email new@example.org")
    trail = line("audit list --json").out

    assert made["id"] in trail
    assert made["url"].partition("=")[2] not in trail
    assert "new@example.org" not in trail


def test_what_cannot_be_is_refused(line):
    assert "needs an email" in line("users invite --mail").err
    assert "no mail is sent here" in line("users invite --mail --email new@example.org").err
    assert 1 == line("users invite --show --expires yesterday").code
    assert 1 == line("users invite --show --email nobody").code
