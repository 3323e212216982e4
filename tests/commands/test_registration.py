"""`mintmark registration`, typed."""

from tests.commands.line import *  # noqa: F403


def test_a_token_is_made_shown_once_listed_and_ended(both_lines):
    line = both_lines
    made = line.ok("registration add partners --uses 5 --expires 30d")
    open_ended = line.ok("registration add anybody --uses 0")
    listed = line.ok("registration list")["items"]
    ended = line.ok(f"registration end {made['id']}")
    again = line(f"registration end {made['id']}")
    by_id = {one["id"]: one for one in line.ok("registration list")["items"]}

    assert made["token"].startswith("mmi_")
    assert ["partners", "anybody"] == [one["name"] for one in listed]
    assert [5, None] == [one["uses_left"] for one in listed]
    assert "token" not in listed[0]
    assert {"id": made["id"], "name": "partners", "ended": True} == ended
    assert 0 == again.code
    assert by_id[made["id"]]["ended_at"] is not None
    assert by_id[open_ended["id"]]["ended_at"] is None


def test_a_person_is_shown_the_token_alone_on_stdout(line):
    done = line("registration add partners")

    assert done.out.strip().startswith("mmi_")
    assert "it is not shown again" in done.err


def test_what_cannot_be_is_refused(line):
    assert 1 == line("registration add 'two words'").code
    assert 1 == line("registration add a --uses -1").code
    assert 1 == line("registration add a --expires yesterday").code
    assert 4 == line("registration end nobody").code
