"""`/audit` and `/audit/seals`: what happened, by filters and pages."""

import os
from datetime import timedelta

import pytest

from mintmark import chaining
from mintmark.events import Configured, SignInFailed
from mintmark.protocol import ids
from mintmark.store import audit
from tests.admin import operating

MEMBERS = {
    "id", "at", "event", "outcome", "request_id", "client_id", "user_id", "session_id", "authorization_id", "actor",
    "address", "count", "seal", "detail",
}  # fmt: skip

pytestmark = pytest.mark.usefixtures("without_upkeep")  # it would seal what a test is about to seal


async def happen(issuer, event, address="192.0.2.1", ago=0.0):
    now = issuer.server.clock() - timedelta(seconds=ago)
    id = ids.uuid7(now, os.urandom(10))
    await issuer.server.store.commit([audit.add(id, event, now, request_id="r", address=address)])
    return id


def failed(person, **more):
    return SignInFailed(person_id=person, why="wrong password", **more)


async def test_an_event_has_the_members_of_the_trail(issuer):
    id = await happen(issuer, failed("alice", client_id="web"))
    operator = await operating.operator(issuer)
    [waiting] = await operator.items("/audit", event="sign_in_failed")
    await chaining.seal_audit(issuer.server)
    [sealed] = await operator.items("/audit", event="sign_in_failed")

    assert MEMBERS == sealed.keys()
    assert (id, "2026-11-25T12:00:00Z", "refused", "alice", "web") == tuple(
        sealed[name] for name in ("id", "at", "outcome", "user_id", "client_id")
    )
    assert {**waiting, "seal": 1} == sealed
    assert ("192.0.2.1", None, {"why": "wrong password"}) == (sealed["address"], waiting["seal"], sealed["detail"])


async def test_filters_narrow_before_and_after_sealing(issuer):
    await happen(issuer, failed("alice", client_id="web"), ago=20)
    await happen(issuer, failed("bob", client_id="web"), "192.0.2.2", ago=10)
    await happen(issuer, Configured(kind="user", subject="bob", change="update", person_id="bob", actor="olga"))
    operator = await operating.operator(issuer)
    await issuer.server.journal.flush(issuer.server.store)  # that the operator has a token, before the upkeep does it

    async def count(**query):
        return len(await operator.items("/audit", **query))

    for _ in range(2):
        counts = [
            await count(user_id="bob"), await count(client_id="web"), await count(actor="olga"),
            await count(event="configured"), await count(address="192.0.2.1"), await count(outcome="refused"),
            await count(since="2026-11-25T11:59:50Z"), await count(until="2026-11-25T11:59:50Z"),
            await count(address="192.0.2.1", user_id="bob"), await count(user_id="bob", outcome="done"),
            await count(client_id="web", event="sign_in_failed", outcome="refused"), await count(user_id="nobody"),
            await count(since="2026-11-25T12:59:50+01:00", until="9999-12-31T23:59:59Z"),
        ]  # fmt: skip

        assert [2, 2, 1, 1, 2, 2, 3, 1, 1, 1, 2, 0, 3] == counts
        await chaining.seal_audit(issuer.server)


@pytest.mark.parametrize(
    "query", [{}, {"address": "192.0.2.1"}, {"outcome": "refused"}, {"user_id": "p"}, {"event": "sign_in_failed"}]
)
async def test_pages_hold_everything_once_newest_first(issuer, query):
    for ago in range(5):
        await happen(issuer, failed("p"), ago=ago)
        if ago == 2:
            await chaining.seal_audit(issuer.server)
    operator = await operating.operator(issuer)
    whole = [one["id"] for one in await operator.items("/audit", **query)]
    pages = await operator.walk("/audit", limit=2, **query)

    assert [2, 2, 1] == [len(page) for page in pages]
    assert sorted(whole, reverse=True) == whole == [one["id"] for page in pages for one in page]


async def test_seals_are_listed_by_pages(issuer):
    for _ in range(3):
        await happen(issuer, failed("p"))
        await happen(issuer, failed("q"))
        await chaining.seal_audit(issuer.server)
    operator = await operating.operator(issuer)
    pages = await operator.walk("/audit/seals", limit=2)

    assert [[3, 2], [1]] == [[seal["number"] for seal in page] for page in pages]
    assert {"number", "sealed_at", "rows", "head", "signature"} == pages[0][0].keys()
    assert 2 == pages[0][0]["rows"]


async def test_a_page_costs_one_statement_beside_the_token(sqlite_issuer):
    await happen(sqlite_issuer, failed("p"))
    operator = await operating.operator(sqlite_issuer)
    await operator.items("/audit")  # the first one also waits for the API to be read, and meanwhile others ask
    before = sqlite_issuer.server.store.statements
    await operator.items("/audit")

    assert 2 == sqlite_issuer.server.store.statements - before


@pytest.mark.parametrize(
    ("query", "member"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"ended": "true"}, "ended"),
        ({"after": "nonsense"}, "after"),
        ({"user_id": "x" * 301}, "user_id"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-11-25T12:00:00"}, "since"),
        ({"until": "99999999999999999999"}, "until"),
        ({"outcome": "perhaps"}, "outcome"),
        ({"person": "alice"}, "person"),
    ],
)
async def test_what_cannot_be_read_is_400_and_named(sqlite_issuer, query, member):
    operator = await operating.operator(sqlite_issuer)
    answer = await operator.get("/audit", **query)

    assert 400 == answer.status_code
    assert member in answer.json()["detail"]


@pytest.mark.parametrize("value", ["%00", "%ff", "%ED%A0%80", "'", "a%20b"])
async def test_an_odd_filter_finds_nothing_and_breaks_nothing(issuer, value):
    token = await operating.token(issuer)
    headers = {"authorization": f"Bearer {token}"}
    for name in ("user_id", "client_id", "actor", "event", "address"):
        answer = await issuer.http.get(f"/admin/api/audit?{name}={value}", headers=headers)

        assert answer.status_code in (200, 400)


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59"])
async def test_a_time_before_all_times_is_everything(sqlite_issuer, since):
    await happen(sqlite_issuer, failed("p"))
    operator = await operating.operator(sqlite_issuer)

    assert 1 == len(await operator.items("/audit", since=since))


async def test_it_takes_the_scope_to_read(sqlite_issuer):
    operator = await operating.operator(sqlite_issuer, scope="admin:write")

    assert [403, 403] == [(await operator.get(path)).status_code for path in ("/audit", "/audit/seals")]
