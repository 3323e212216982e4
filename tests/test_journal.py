"""Where events go: the log at once, the audit trail with their cause or soon after."""

import os
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from mintmark import journal, upkeep
from mintmark.events import SignedIn, SignInFailed
from mintmark.journal import Journal
from mintmark.store import schema
from mintmark.store.changes import Unavailable
from mintmark.store.executor import Read
from tests.databases import *  # noqa: F403
from tests.issuer import *  # noqa: F403

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ROWS = Read(select(schema.audit.c.event, schema.audit.c.count, schema.audit.c.address).order_by(schema.audit.c.id))
FAILED = SignInFailed(person_id="p", why="wrong password")


class Lines(list[tuple[str, str, dict[str, object]]]):
    def info(self, event, **fields):
        self.append(("info", event, fields))

    def warning(self, event, **fields):
        self.append(("warning", event, fields))


class Down:
    async def commit(self, changes):
        raise Unavailable("down")


def a_journal():
    return Journal(Lines(), os.urandom)


async def test_an_observation_is_told_at_once_and_kept_at_the_next_flush(store):
    kept = a_journal()
    kept.seen(FAILED, NOW, "r", "192.0.2.1")
    before = await store.fetch(ROWS)
    await kept.flush(store)

    assert [
        ("warning", "sign_in_failed", {"outcome": "refused", "request": "r", "person": "p", "why": "wrong password"})
    ] == kept.log
    assert [] == before
    assert [("sign_in_failed", 1, "192.0.2.1")] == await store.fetch(ROWS)


async def test_equal_observations_of_one_address_are_one_row_with_their_number(store):
    kept = a_journal()
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.1"):
        kept.seen(FAILED, NOW, None, address)
    await kept.flush(store)

    assert {("sign_in_failed", 3, "192.0.2.1"), ("sign_in_failed", 1, "192.0.2.2")} == set(await store.fetch(ROWS))


async def test_what_cannot_be_written_now_waits_on(store):
    kept = a_journal()
    kept.seen(FAILED, NOW, None, "192.0.2.1")
    with pytest.raises(Unavailable):
        await kept.flush(Down())
    await kept.flush(store)
    await kept.flush(store)

    assert [("sign_in_failed", 1, "192.0.2.1")] == await store.fetch(ROWS)


async def test_what_was_seen_again_meanwhile_is_counted_together(store):
    class Late(Down):
        async def commit(self, changes):
            kept.seen(FAILED, NOW, None, "192.0.2.1")
            raise Unavailable("down")

    kept = a_journal()
    kept.seen(FAILED, NOW, None, "192.0.2.1")
    with pytest.raises(Unavailable):
        await kept.flush(Late())
    await kept.flush(store)

    assert [("sign_in_failed", 2, "192.0.2.1")] == await store.fetch(ROWS)


async def test_many_are_written_a_few_hundred_at_once(store):
    kept = a_journal()
    for number in range(450):
        kept.seen(FAILED, NOW, None, f"192.0.2.{number}")
    await kept.flush(store)

    assert 450 == len(await store.fetch(ROWS))


async def test_a_full_queue_drops_and_counts(monkeypatch):
    monkeypatch.setattr(journal, "MOST", 2)
    kept = a_journal()
    for number in range(5):
        kept.seen(FAILED, NOW, None, str(number))

    assert (2, 3) == (len(kept.waiting), kept.dropped)
    assert 5 == len(kept.log)


async def test_how_many_were_dropped_is_told_once(sqlite_issuer, monkeypatch):
    monkeypatch.setattr(journal, "MOST", 2)
    server = sqlite_issuer.server
    for number in range(5):
        server.journal.seen(FAILED, NOW, None, str(number))
    await upkeep.flush(server)
    await upkeep.flush(server)

    assert [{"event": "observations_dropped", "number": 3}] == [
        line for line in sqlite_issuer.lines if line["event"].endswith("dropped")
    ]


async def test_a_fact_goes_with_the_change_set_of_its_cause(store):
    kept = a_journal()
    event = SignedIn(person_id="p", session_id="s", amr="pwd")
    await store.commit([kept.fact(event, NOW, "r", "192.0.2.1")])
    kept.told(event, "r")

    assert [("signed_in", 1, "192.0.2.1")] == await store.fetch(ROWS)
    assert [
        ("info", "signed_in", {"outcome": "done", "request": "r", "person": "p", "session": "s", "amr": "pwd"})
    ] == kept.log
