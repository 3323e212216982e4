"""The outbox on both databases, with a real receiver: all arrives, once normally, and nobody waits for another."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from standardwebhooks import Webhook as Verifier

from mintmark import app, outbox, upkeep
from mintmark.events import Configured, SessionEnded
from mintmark.outbound import NotReached
from mintmark.protocol import webhook
from mintmark.protocol.webhook import Key, Webhook
from mintmark.store import outbox as stored
from mintmark.store import schema, webhooks
from mintmark.store.changes import Conflict, Run, Unavailable
from mintmark.store.executor import Read
from tests import issuer as issuers
from tests import receiving
from tests.databases import *  # noqa: F403
from tests.receiving import *  # noqa: F403

ROWS = Read(
    select(
        schema.outbox.c.id, schema.outbox.c.receiver, schema.outbox.c.attempts, schema.outbox.c.done_at,
        schema.outbox.c.given_up_at, schema.outbox.c.due_at, schema.outbox.c.last_error,
    ).order_by(schema.outbox.c.id)
)  # fmt: skip
ENDED = SessionEnded(session_id="s", person_id="p", reason="ended by a test")
KEY = Key(b"k" * 32)


@pytest.fixture
async def issuer(database, monkeypatch):
    """Without upkeep of its own: a test says when something is sent. Its clock is the one on the wall, for receivers
    compare it with their own."""
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    monkeypatch.setattr(issuers, "NOON", datetime.now(UTC))
    async for one in issuers.start(database, MINTMARK_OUTBOUND_ALLOW="127.0.0.0/8"):
        yield one


async def add(issuer, url, *, name="hook", events=("*",), keys=(KEY,), disabled_at=None):
    now = issuer.server.clock()
    one = Webhook(f"id-of-{name}", name, url, tuple(events), keys, now, now, disabled_at)
    await issuer.server.store.commit(webhooks.add(one, issuer.server.sealer))
    await issuer.server.registry.renew()
    return one


async def happen(issuer, event=ENDED, times=1):
    server = issuer.server
    for _ in range(times):
        await server.commit([], [event], None, server.clock())


async def rows(issuer):
    return [
        dict(zip(("id", "receiver", "attempts", "done", "given_up", "due", "error"), row, strict=True))
        for row in await issuer.server.store.fetch(ROWS)
    ]


async def test_an_event_arrives_once_signed_and_says_what_happened(issuer, receiver):
    there = await receiver()
    await add(issuer, there.url)
    await happen(issuer)
    for _ in range(3):
        await outbox.deliver_all(issuer.server)

    [came] = there.came
    [row] = await rows(issuer)
    assert "POST" == came.method
    assert "application/json" == came.headers["content-type"]
    assert row["id"] == came.headers["webhook-id"]
    assert (1, None, None) == (row["attempts"], row["due"], row["error"])
    assert row["done"] is not None
    said = Verifier(webhook.secret(KEY)).verify(came.body, came.headers)
    assert said == {
        "type": "session_ended",
        "timestamp": issuer.server.clock().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": {"outcome": "done", "session_id": "s", "user_id": "p", "detail": {"reason": "ended by a test"}},
    }
    assert {"webhook": 1} == issuer.server.deliveries.sent


async def test_what_a_person_does_is_told_and_never_from_where_nor_with_a_secret(issuer, receiver):
    there = await receiver()
    await add(issuer, there.url)
    tokens = await issuer.tokens()
    await outbox.deliver_all(issuer.server)
    bodies = b"".join(one.body for one in there.came).decode()

    assert {"signed_in", "authorized", "code_redeemed"} <= {json.loads(one.body)["type"] for one in there.came}
    for hidden in ("127.0.0.1", "alice@example.org", issuers.PASSWORD, tokens["access_token"], tokens["refresh_token"]):
        assert hidden not in bodies


async def test_a_receiver_gets_the_events_it_names_alone(issuer, receiver):
    some, all_, none = await receiver(), await receiver(), await receiver()
    await add(issuer, some.url, name="some", events=("session_*", "keys_changed"))
    await add(issuer, all_.url, name="all")
    await add(issuer, none.url, name="none", disabled_at=issuer.server.clock())
    await happen(issuer)
    await happen(issuer, Configured(kind="client", subject="web", change="set"))
    await outbox.deliver_all(issuer.server)

    assert ["session_ended"] == [json.loads(one.body)["type"] for one in some.came]
    assert {"session_ended", "configured"} == {json.loads(one.body)["type"] for one in all_.came}
    assert 0 == none.connections


async def test_a_cause_that_is_not_written_tells_nobody(issuer, receiver):
    there = await receiver()
    one = await add(issuer, there.url)
    with pytest.raises(Conflict):
        await issuer.server.commit(webhooks.add(one, issuer.server.sealer), [ENDED], None, issuer.server.clock())

    assert [] == await rows(issuer)


async def test_without_a_webhook_an_event_costs_nothing_more(issuer):
    await happen(issuer)

    assert [] == await rows(issuer)


async def down(issuer, receiver, answer):
    there = await receiver(answer)
    await add(issuer, there.url)
    await happen(issuer)
    await outbox.deliver_all(issuer.server)
    return there


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (receiving.status(500), "it answered 500"),
        (receiving.status(404), "it answered 404"),
        (receiving.status(302, "location: http://127.0.0.1:1/"), "it answered 302, a redirect"),
        (receiving.says(b""), "no answer"),
        (receiving.says(b"nonsense"), "no answer"),
    ],
)
async def test_what_was_not_taken_is_sent_again_later_with_the_same_id(issuer, receiver, answer, why):
    there = await down(issuer, receiver, answer)
    [row] = await rows(issuer)
    there.answer = None
    await outbox.deliver_all(issuer.server)
    too_early = len(there.came)
    issuer.later(seconds=10)
    await outbox.deliver_all(issuer.server)
    [after] = await rows(issuer)

    assert row["error"].startswith(why)
    assert 4_000 <= row["due"] - issuer.server.clock().timestamp() * 1000 + 10_000 <= 6_001
    assert 1 == too_early
    assert 2 == len(there.came)
    assert 1 == len(set(there.ids))
    assert (2, None) == (after["attempts"], after["error"])
    assert after["done"] is not None
    assert ["delivery_failed"] == [line["event"] for line in issuer.lines if line["event"].startswith("delivery")]


async def test_a_receiver_that_is_down_gets_it_when_it_is_up(issuer, receiver):
    there = await receiver()
    await add(issuer, "http://127.0.0.1:1/hook")
    await happen(issuer)
    await outbox.deliver_all(issuer.server)
    [row] = await rows(issuer)
    [one] = issuer.server.registry.webhooks
    await issuer.server.store.commit(webhooks.change(one, replace(one, url=there.url)))
    issuer.server.registry.forget()
    issuer.later(seconds=10)
    await outbox.deliver_all(issuer.server)

    assert "no connection: connection refused" == row["error"]
    assert [row["id"]] == there.ids


async def test_of_a_huge_answer_nobody_minds_the_body(issuer, receiver):
    await down(issuer, receiver, receiving.huge)
    [row] = await rows(issuer)

    assert row["done"] is not None


@pytest.mark.parametrize(
    "answer", [receiving.hangs, receiving.slowly(receiving.OK)], ids=["hangs", "one byte a second"]
)
async def test_a_receiver_that_hangs_delays_nobody_else(issuer, receiver, answer, monkeypatch):
    bad, good = await receiver(answer), await receiver()
    await add(issuer, bad.url, name="a-bad-one")
    await add(issuer, good.url, name="good")
    await happen(issuer, times=50)
    began = time.monotonic()
    await outbox.deliver(issuer.server)
    while issuer.server.deliveries.sent != {"webhook": 50}:
        await asyncio.sleep(0.01)
        assert time.monotonic() - began < 8

    assert outbox.AT_ONCE == bad.connections
    assert 50 == len(set(good.ids))
    waiting = [row for row in await rows(issuer) if row["done"] is None]
    assert {"id-of-a-bad-one"} == {row["receiver"] for row in waiting}


async def test_a_receiver_that_is_down_is_not_asked_for_all_it_is_owed_at_once(issuer, receiver):
    there = await receiver(receiving.status(503))
    await add(issuer, there.url)
    await happen(issuer, times=20)
    await outbox.deliver_all(issuer.server)

    assert outbox.AT_ONCE == there.connections


async def test_of_several_nodes_one_sends_each_message(issuer, receiver):
    there = await receiver()
    await add(issuer, there.url)
    await happen(issuer, times=60)
    others = [await app.open_server(issuer.settings, clock=issuer.server.clock) for _ in range(2)]
    await asyncio.gather(*(outbox.deliver_all(server) for server in (issuer.server, *others)))
    counted = [server.deliveries.sent.get("webhook", 0) for server in (issuer.server, *others)]
    for server in others:
        await server.store.close()

    assert 60 == len(there.came) == len(set(there.ids)) == sum(counted)


async def test_what_a_dead_node_had_taken_is_sent_again_when_its_lease_is_over(issuer, receiver):
    """Between sending and marking: the receiver gets it twice, with one id."""
    there = await receiver()
    await add(issuer, there.url)
    await happen(issuer)
    server = issuer.server
    [(message, take)] = await stored.due(server.store, "id-of-hook", server.clock(), 4, server.clock() + outbox.LEASE)
    await server.store.commit([take])
    await outbox.SENDERS[message.kind](server, message)  # and here it dies
    await outbox.deliver_all(server)
    within = list(there.ids)
    issuer.later(seconds=61)
    await outbox.deliver_all(server)
    [row] = await rows(issuer)

    assert [message.id] == within
    assert [message.id, message.id] == there.ids
    assert (2, True) == (row["attempts"], row["done"] is not None)


async def test_a_node_whose_lease_was_over_marks_nothing(issuer, receiver):
    there = await receiver()
    await add(issuer, there.url)
    await happen(issuer)
    server = issuer.server
    [(message, take)] = await stored.due(server.store, "id-of-hook", server.clock(), 4, server.clock() + outbox.LEASE)
    await server.store.commit([take])
    issuer.later(seconds=61)
    await outbox.deliver_all(server)
    with pytest.raises(Conflict):
        await server.store.commit([stored.again(message, server.clock(), "late")])
    [row] = await rows(issuer)

    assert (1, True) == (len(there.came), row["done"] is not None)


async def test_after_three_days_it_is_given_up_and_told(issuer, receiver):
    there = await down(issuer, receiver, receiving.status(500))
    began = issuer.server.clock()
    waits = []
    for _ in range(30):
        [row] = await rows(issuer)
        if row["due"] is None:
            break
        next_at = datetime.fromtimestamp(row["due"] / 1000, UTC)
        waits.append(next_at - issuer.server.clock())
        issuer.moment[0] = next_at + timedelta(milliseconds=1)
        await outbox.deliver_all(issuer.server)

    [row] = await rows(issuer)
    assert (20, None) == (row["attempts"], row["done"])
    assert row["given_up"] is not None
    assert 20 == len(there.came)
    assert timedelta(days=2) < issuer.server.clock() - began < timedelta(days=4)
    assert max(waits) <= timedelta(hours=6) * 1.2
    assert "delivery_given_up" in await issuer.audited()
    [line] = [line for line in issuer.lines if line["event"] == "delivery_given_up"]
    assert ("webhook", "session_ended", "it answered 500") == (line["kind"], line["subject"], line["why"])
    assert {"webhook": 1} == issuer.server.deliveries.given_up
    assert 1 == len(await rows(issuer)), "what could not be told is not told to webhooks"


def test_pauses_grow_and_are_spread():
    least = [outbox.pause(n, b"\0\0").total_seconds() for n in range(1, 20)]
    most = [outbox.pause(n, b"\xff\xff").total_seconds() for n in range(1, 20)]

    assert [4, 12, 36, 108] == [round(one) for one in least[:4]]
    assert least == sorted(least)
    assert all(1.49 < high / low < 1.51 for low, high in zip(least, most, strict=True))
    assert 48 * 3600 < sum(least) < sum(most) < 96 * 3600


async def test_a_message_for_a_webhook_that_is_gone_is_given_up_at_once(issuer, receiver):
    await happen_to_deleted(issuer)
    [row] = await rows(issuer)

    assert "there is no such webhook any more" == row["error"]
    assert row["given_up"] is not None


async def happen_to_deleted(issuer):
    await add(issuer, "http://127.0.0.1:1/")
    await happen(issuer)
    await issuer.server.store.commit(webhooks.delete("id-of-hook"))
    issuer.server.registry.forget()
    await outbox.deliver_all(issuer.server)


async def test_a_kind_that_this_version_does_not_know_waits_for_one_that_does(issuer):
    server = issuer.server
    await server.store.commit([stored.add("i", "pigeon", "loft", "x", "{}", server.clock())])
    await outbox.deliver_all(server)
    [row] = await rows(issuer)

    assert row["due"] is not None
    assert row["error"].startswith("this version")


async def test_a_new_kind_is_a_sender_and_nothing_else(issuer, monkeypatch):
    """What mail and logout will be."""
    server, flown = issuer.server, []

    async def fly(server, message):
        flown.append((message.receiver, message.payload))
        if len(flown) == 1:
            raise NotReached("rain")

    monkeypatch.setattr(outbox, "SENDERS", {**outbox.SENDERS, "pigeon": fly})
    await server.store.commit([stored.add("i", "pigeon", "loft", "x", "{}", server.clock())])
    await outbox.deliver_all(server)
    issuer.later(seconds=10)
    await outbox.deliver_all(server)

    assert [("loft", "{}")] * 2 == flown
    assert {"pigeon": 1} == server.deliveries.sent == server.deliveries.failed


async def test_a_sender_that_breaks_is_told_and_its_message_stays(issuer, monkeypatch):
    async def breaks(server, message):
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(outbox, "SENDERS", {"pigeon": breaks})
    server = issuer.server
    await server.store.commit([stored.add("i", "pigeon", "loft", "x", "{}", server.clock())])
    await outbox.deliver_all(server)
    [row] = await rows(issuer)

    assert (1, None, None) == (row["attempts"], row["done"], row["given_up"])
    assert "delivery_broken" in [line["event"] for line in issuer.lines]


async def test_while_a_secret_is_rolled_both_sign(issuer, receiver):
    there, now = await receiver(), issuer.server.clock()
    keys = webhook.rolled((KEY,), b"n" * 32, now, now + timedelta(hours=1))
    await add(issuer, there.url, keys=keys)
    await happen(issuer)
    await outbox.deliver_all(issuer.server)
    issuer.later(hours=1)
    await happen(issuer)
    await outbox.deliver_all(issuer.server)
    during, after = there.came

    assert [2, 1] == [len(one.headers["webhook-signature"].split()) for one in (during, after)]
    for key in keys:
        Verifier(webhook.secret(key)).verify(during.body, during.headers)
    new = b64decode(webhook.secret(keys[0]).removeprefix("whsec_"))
    assert b"n" * 32 == new


async def test_what_is_done_goes_after_a_week_and_what_was_given_up_after_a_month(issuer, receiver):
    there = await receiver()
    await add(issuer, there.url)
    await happen(issuer)
    await outbox.deliver_all(issuer.server)
    await happen_to_nobody(issuer)
    counts = []
    for days in (6, 2, 20, 5):
        issuer.later(days=days)
        await upkeep.clear_away(issuer.server)
        counts.append(len(await rows(issuer)))

    assert [2, 1, 1, 0] == counts


async def happen_to_nobody(issuer):
    server = issuer.server
    await server.store.commit([stored.add("0199", "webhook", "nobody", "x", "{}", server.clock())])
    await outbox.deliver_all(server)


async def test_a_server_that_is_killed_after_sending_sends_it_again_with_the_same_id(database, receiver, tmp_path):
    """kill -9, a real process: it is killed while the receiver answers, before it can mark what it sent."""
    killed: list[int] = []

    async def kills(writer):
        if not killed:
            killed.append(process.pid)
            os.kill(process.pid, signal.SIGKILL)
            return
        await receiving.says(receiving.OK)(writer)

    there = await receiver(kills)
    sealing_key = "A" * 43
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MINTMARK_")},
        "MINTMARK_ISSUER": "https://id.example", "MINTMARK_DATABASE_URL": database.url,
        "MINTMARK_SEALING_KEYS": sealing_key, "MINTMARK_OUTBOUND_ALLOW": "127.0.0.0/8",
    }  # fmt: skip

    def type_(*words):
        return subprocess.run(
            [sys.executable, "-m", "mintmark", *words], env=environment, capture_output=True, text=True, check=True
        )

    await asyncio.to_thread(type_, "webhooks", "add", "hook", "--url", there.url)
    await asyncio.to_thread(type_, "clients", "add", "shop", 'grant_types=["client_credentials"]')
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mintmark", "upkeep", "run", "outbox"], env=environment, stdout=log, stderr=log
        )
        while process.poll() is None:
            await asyncio.sleep(0.02)
    assert -signal.SIGKILL == process.returncode, (tmp_path / "log").read_text()
    store = await database.connect()
    lease_over = update(schema.outbox).where(schema.outbox.c.due_at.is_not(None)).values(due_at=1)
    await store.commit([Run(lease_over, {})])
    await store.close()
    await asyncio.to_thread(type_, "upkeep", "run", "outbox")

    assert there.ids[0] in there.ids[1:]


async def test_a_webhook_that_is_added_is_followed_by_a_running_server_within_a_second(database, receiver, monkeypatch):
    """With upkeep of its own: another process adds the webhook, and nobody tells this one."""
    monkeypatch.setattr(issuers, "NOON", datetime.now(UTC))
    async for one in issuers.start(database, MINTMARK_OUTBOUND_ALLOW="127.0.0.0/8"):
        there, other = await receiver(), await app.open_server(one.settings, clock=one.server.clock)
        now = one.server.clock()
        hook = Webhook("id-of-hook", "hook", there.url, ("*",), (KEY,), now, now)
        await asyncio.sleep(3.1)  # upkeep begins a moment after the start
        await other.store.commit(webhooks.add(hook, other.sealer))
        began = time.monotonic()
        while not one.server.registry.webhooks:
            await asyncio.sleep(0.01)
        followed = time.monotonic() - began
        await happen(one)
        while not there.came:
            await asyncio.sleep(0.01)
        await other.store.close()

        assert followed < 1
        assert time.monotonic() - began < 5
        assert ["session_ended"] == [json.loads(sent.body)["type"] for sent in there.came]


async def test_while_the_database_is_away_nothing_is_lost(issuer, receiver, monkeypatch):
    """It was sent and could not be marked: it goes out again when the lease is over, with the same id."""
    there = await receiver()
    await add(issuer, there.url)
    await happen(issuer)

    def away(message, now):
        raise Unavailable("gone")

    with monkeypatch.context() as broken:
        broken.setattr(stored, "done", away)
        await outbox.deliver_all(issuer.server)
    issuer.later(seconds=61)
    await outbox.deliver_all(issuer.server)
    [row] = await rows(issuer)

    assert "delivery_unmarked" in [line["event"] for line in issuer.lines]
    assert [row["id"]] * 2 == there.ids
    assert row["done"] is not None
