"""Who arrives at the authorization door, read at once: the same as one after another."""

from datetime import UTC, datetime, timedelta

import pytest

from mintmark.protocol import ids
from mintmark.protocol.session import Session
from mintmark.store import arrivals, consents, people, requests, sessions
from mintmark.store.requests import KeptRequest
from tests.store import rows

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DIGEST = ids.digest("secret")
KEPT = KeptRequest("r", "c", b"\x00\xff", {"scope": ["openid"], "state": ["Ünï"]}, NOW, NOW + HOUR, None, None)


@pytest.fixture
async def arrived(store):
    """Somebody who is signed in, allowed a client something, and has a request under way."""
    session = Session("s", "p", NOW, NOW, NOW, NOW + HOUR, NOW + HOUR, None, acr="1", amr=("pwd",), proved=None)
    await store.commit([rows.person(), rows.person("q")])
    await store.commit([sessions.add(session, DIGEST, "192.0.2.1", "Firefox"), rows.consent("c", "openid")])
    await store.commit(requests.add(KEPT, is_first=True))
    return session


def who(found):
    """The session, and whose it is."""
    return found.session and (found.session[0], found.session[1].holder.id)


async def test_all_of_it_is_what_each_would_have_found(store, arrived):
    found = await arrivals.find(store, DIGEST, "c", "r")

    assert await sessions.find(store, DIGEST) == found.session
    assert (arrived, "p") == who(found)
    assert await consents.find(store, "p", "c") == found.consent
    assert KEPT == await requests.find(store, "r") == found.kept


async def test_each_may_be_missing(store, arrived):
    nobody = await arrivals.find(store, ids.digest("another"), "c", "r")
    elsewhere = await arrivals.find(store, DIGEST, "d", "another")

    assert (None, None, KEPT) == nobody
    assert ((arrived, "p"), None, None) == (who(elsewhere), elsewhere.consent, elsewhere.kept)
    assert (None, None, None) == await arrivals.find(store, ids.digest("another"), "d", "another")


@pytest.mark.parametrize(
    "end", [lambda: people.disable("p", NOW), lambda: people.end_sessions("p", NOW)], ids=["disabled", "ended"]
)
async def test_where_the_session_counts_for_nothing_neither_does_the_consent(store, arrived, end):
    await store.commit([end()])
    found = await arrivals.find(store, DIGEST, "c", "r")

    assert (None, None, KEPT) == found
    assert None is await sessions.find(store, DIGEST)


@pytest.mark.parametrize("id", ["\x00", "a\x00b", "\ud800"])
async def test_an_id_that_no_database_can_hold_takes_the_session_from_nobody(store, arrived, id):
    found = await arrivals.find(store, DIGEST, "c", id)

    assert ((arrived, "p"), None) == (who(found), found.kept)
    assert None is not found.consent
