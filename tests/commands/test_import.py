"""Many people at once: all of them or nobody, with progress, on both databases."""

import json
import time

import pytest

from mintmark.commands import progress
from mintmark.commands.progress import Progress
from mintmark.store import people
from tests.commands.applying import *  # noqa: F403

HASH = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
MANY = 2_500  # more than are staged, copied or looked for together


def crowd(count=MANY, **more):
    shared = {"email_verified": True, "password_hash": HASH, **more}
    return [{"username": f"p{number}", "email": f"p{number}@example.org", **shared} for number in range(count)]


def test_thousands_are_made_changed_and_told(typed, write, stored):
    made = typed("apply", write({"users": crowd()}), "--json")
    again = typed("apply", write({"users": crowd()}))
    changed = typed("apply", write({"users": crowd(groups=["staff"])}))
    last = stored(lambda store: people.find_signing_in(store, f"p{MANY - 1}@example.org"))

    assert MANY == len(made.json["items"])
    assert (0, "nothing to change\n") == (again.code, again.out)
    assert 0 == changed.code
    assert '  groups: ["staff"]' in changed.out
    assert ("staff",) == last.holder.groups
    assert HASH == last.password_hash


def test_one_wrong_person_among_thousands_keeps_all_of_them_out(typed, write, stored):
    wrong = [*crowd(), {"username": "P7"}, {"username": "q", "password_hash": "5f4dcc3b"}]
    answer = typed("apply", write({"users": wrong}))

    assert 1 == answer.code
    assert f": users[{MANY}].username stands at users[7] already" in answer.err
    assert f": users[{MANY + 1}].password_hash must be a salted" in answer.err
    assert [] == stored(lambda store: people.page(store, "", 1))


def test_a_conflict_at_the_last_row_leaves_nothing(typed, write, stored, monkeypatch):
    """Somebody took a name between the look and the write: what is staged or copied by then is gone with the rest."""
    typed("apply", write({"users": [{"username": f"p{MANY - 1}"}]}))

    async def nobody(store, keys):
        return {}

    monkeypatch.setattr(people, "signing_in", nobody)
    answer = typed("apply", write({"users": crowd()}))

    assert 1 == answer.code
    assert "something else changed the same thing meanwhile; nothing was written" in answer.err
    assert 1 == len(stored(lambda store: people.page(store, "", 5)))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_only_some_of_many_mistakes_are_told(typed, write):
    answer = typed("apply", write({"users": [{"usernam": "x"}] * 30}))

    assert 21 == len(answer.err.splitlines())
    assert "mintmark: and 10 more of the kind" in answer.err


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_long_work_tells_how_far_it_is(typed, write, monkeypatch):
    monkeypatch.setattr(progress, "EVERY", 0.0)
    answer = typed("apply", write({"users": crowd()}), "--plan", "--json")

    assert f"comparing: 500 of {MANY}\n" in answer.err
    assert "looking for people: 500 of " in answer.err
    assert MANY == len(json.loads(answer.out)["items"])


def test_short_work_is_quiet_and_a_terminal_has_a_bar(monkeypatch, capsys):
    with Progress(10) as quiet:
        quiet.phase("comparing", 10)
        assert list(range(10)) == list(quiet.over(range(10)))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with Progress(progress.LONG) as shown:
        shown.phase("comparing", progress.LONG)
        shown.advance(progress.STEP)
        shown.phase("writing", 0)
        time.sleep(0)

    assert "" == capsys.readouterr().out
