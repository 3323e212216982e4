"""`mintmark keys`, typed."""

from sqlalchemy import select

from mintmark.keys import sealing
from mintmark.store import secrets
from mintmark.store.executor import Read
from mintmark.store.schema import audit, signing_keys
from tests.commands.line import *  # noqa: F403

FACTS = Read(select(audit.c.event, audit.c.detail))
PRIVATE = Read(select(signing_keys.c.kid, signing_keys.c.private).order_by(signing_keys.c.kid))


def states(line, *more):
    return sorted((key["alg"], key["state"]) for key in line.ok("keys list", *more)["items"])


def test_the_first_keys_sign_at_once(line):
    made = line.ok("keys rotate")

    assert [("ES256", "signing"), ("RS256", "signing")] == states(line)
    assert ["ES256", "RS256"] == sorted(key["alg"] for key in made["created"])


def test_a_rotation_announces_a_key_that_signs_later(both_lines):
    line = both_lines
    line("keys rotate --alg ES256")
    made = line.ok("keys rotate --alg ES256")
    again = line.ok("keys rotate --alg ES256")

    assert ["announced"] == [key["state"] for key in made["created"]]
    assert [("ES256", "announced"), ("ES256", "signing")] == states(line)
    assert {"created": [], "removed": []} == again
    assert [] == line.waited


def test_in_an_emergency_the_new_key_signs_and_all_others_are_gone(both_lines):
    line = both_lines
    line("keys rotate --alg ES256")
    line("keys rotate --alg ES256")
    before = {key["kid"] for key in line.ok("keys list")["items"]}
    made = line.ok("keys rotate --alg ES256 --emergency")

    assert ["signing"] == [key["state"] for key in made["created"]]
    assert before == set(made["removed"])
    assert ["lease"] == line.waited
    assert [("ES256", "signing")] == states(line)
    assert [("ES256", "removed"), ("ES256", "removed"), ("ES256", "signing")] == states(line, "--all")


def test_only_the_named_algorithm_turns(line):
    line("keys rotate")
    line("keys rotate --alg RS256 --emergency")

    assert [("ES256", "signing"), ("RS256", "removed"), ("RS256", "signing")] == states(line, "--all")


def test_an_unknown_algorithm_is_a_wrong_use(line):
    done = line("keys rotate --alg ES265")

    assert 2 == done.code
    assert "ES256" in done.err


def test_everything_is_sealed_under_the_first_key(line, monkeypatch):
    import os

    line("keys rotate")
    old, new = os.environ["MINTMARK_SEALING_KEYS"], sealing.generate()
    monkeypatch.setenv("MINTMARK_SEALING_KEYS", f"{new},{old}")
    resealed = line.ok("keys reseal")
    again = line.ok("keys reseal")
    monkeypatch.setenv("MINTMARK_SEALING_KEYS", new)

    assert (len(secrets.PURPOSES) + 2, 0) == (resealed["resealed"], again["resealed"])
    assert 0 == line("keys list").code
    assert 0 == line("users list").code


def test_a_wrong_sealing_key_changes_nothing(line, monkeypatch):
    line("keys rotate")
    before = line.fetch(PRIVATE)
    monkeypatch.setenv("MINTMARK_SEALING_KEYS", sealing.generate())
    done = [line("keys rotate --emergency"), line("keys reseal")]

    assert [1, 1] == [one.code for one in done]
    assert before == line.fetch(PRIVATE)


def test_every_change_is_in_the_audit_trail(line):
    made = line.ok("keys rotate --alg ES256")
    line("keys rotate --alg ES256 --emergency")
    facts = line.fetch(FACTS)

    assert 2 == len(facts)
    assert {"keys_changed"} == {fact[0] for fact in facts}
    assert made["created"][0]["kid"] in facts[0][1]
