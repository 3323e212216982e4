"""`mintmark webhooks`, `outbox` and `upkeep`, as they are typed."""

import asyncio
import os
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook as Verifier

from mintmark.keys import sealing
from mintmark.protocol import webhook
from mintmark.store import duties
from mintmark.store.duties import Turn
from tests import receiving
from tests.commands.line import *  # noqa: F403

URL = "https://hooks.example.org/mintmark"


@contextmanager
def listening(answer=None):
    """A receiver in a thread of its own: a command has the loop of this one."""
    loop, there = asyncio.new_event_loop(), receiving.Receiver(answer=answer)

    async def serve():
        server = await asyncio.start_server(there.serve, "127.0.0.1", 0)
        there.port = server.sockets[0].getsockname()[1]
        return server

    server = loop.run_until_complete(serve())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield there
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def private(monkeypatch):
    monkeypatch.setenv("MINTMARK_OUTBOUND_ALLOW", "127.0.0.0/8")


def test_a_webhook_is_added_shown_changed_and_deleted(both_lines):
    line = both_lines
    made = line.ok(f"webhooks add hook --url {URL} --event 'session_*' --event keys_changed")
    shown = line.ok("webhooks show hook")
    changed = line.ok("webhooks set hook --name other --event '*' --disable")
    enabled = line.ok("webhooks set other --enable")
    deleted = line.ok("webhooks delete other")

    assert made.pop("secret").startswith("whsec_")
    assert made == shown
    assert ["session_*", "keys_changed"] == shown["events"]
    assert ("other", ["*"], True, URL) == tuple(changed[name] for name in ("name", "events", "disabled", "url"))
    assert not enabled["disabled"]
    assert made["id"] == deleted["id"]
    assert [] == line.ok("webhooks list")["items"]
    trail = [entry["detail"]["change"] for entry in line.ok("audit list --event configured")["items"]]
    assert ["create", "delete", "set", "set"] == sorted(trail)


def test_the_secret_alone_is_on_stdout(line):
    done = line(f"webhooks add hook --url {URL}")

    assert done.out.startswith("whsec_")
    assert 1 == len(done.out.splitlines())
    assert "not shown again" in done.err
    assert "whsec_" not in line("webhooks show hook").out + line("webhooks list --json").out


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("webhooks show nothing", 4, "no webhook"),
        ("webhooks delete nothing", 4, "no webhook"),
        ("webhooks add hook --url ftp://x", 1, "must be an https URL"),
        ("webhooks add hook --url https://u:p@x/", 1, "must not hold"),
        (f"webhooks add 'a b' --url {URL}", 1, "name must be"),
        (f"webhooks add hook --url {URL} --event session_endet", 1, "did you mean 'session_ended'?"),
        (f"webhooks add hook --url {URL} --event token_issued", 1, "counted in the audit trail"),
        ("webhooks set hook --disable --enable", 2, "not both"),
        ("webhooks secret-roll hook --overlap soon", 2, "duration"),
        ("webhooks secret-roll hook --overlap 1d --at-once", 2, "not both"),
        ("outbox list --state lost", 2, "none of"),
        ("outbox retry", 2, "name either"),
        ("outbox retry nothing", 4, "no delivery"),
        ("outbox discard nothing", 4, "no delivery"),
        ("upkeep run rotatoin", 4, "did you mean 'rotation'?"),
    ],
)
def test_what_makes_no_sense_is_refused(line, command, code, said):
    done = line(command)

    assert (code, "") == (done.code, done.out)
    assert said in " ".join(done.err.replace("│", " ").split())


def test_a_name_is_given_once(line):
    line.ok(f"webhooks add hook --url {URL}")
    done = line(f"webhooks add hook --url {URL}")

    assert 1 == done.code
    assert "already" in done.err


def test_a_webhook_is_tried_from_here(line, private):
    with listening() as there:
        secret = line.ok(f"webhooks add hook --url {there.url}")["secret"]
        good = line("webhooks test hook")
        there.answer = receiving.status(503)
        bad = line("webhooks test hook --json")

    assert (0, "it arrived: 200\n") == (good.code, good.out)
    assert (1, False, 503) == (bad.code, bad.json["arrived"], bad.json["status"])
    assert webhook.TEST == Verifier(secret).verify(there.came[0].body, there.came[0].headers)["type"]


def test_without_leave_no_private_address_is_tried(line):
    with listening() as there:
        line.ok(f"webhooks add hook --url https://127.0.0.1:{there.port}/")
        done = line("webhooks test hook")

    assert 1 == done.code
    assert "MINTMARK_OUTBOUND_ALLOW" in done.out
    assert 0 == there.connections


def test_what_a_command_does_is_told_and_sent_by_an_upkeep_run(both_lines, private):
    line = both_lines
    with listening() as there:
        secret = line.ok(f"webhooks add hook --url {there.url}")["secret"]
        line.ok("clients add shop 'grant_types=[\"client_credentials\"]'")
        waiting = line.ok("outbox list --state waiting")["items"]
        ran = line.ok("upkeep run outbox")
        done = line.ok("outbox list --receiver hook --state done")["items"]
        told = [Verifier(secret).verify(one.body, one.headers) for one in there.came]

    assert [("configured", "hook")] == [(one["subject"], one["receiver"]) for one in waiting]
    assert {"name": "outbox", "outcome": "done"} == ran
    assert waiting[0]["id"] in [one["id"] for one in done]
    assert "command line: " in told[0]["data"]["actor"]
    assert ("client", "shop") == tuple(told[0]["data"]["detail"][name] for name in ("kind", "subject"))


def test_what_was_sent_is_sent_again_and_what_waits_is_discarded(line, private):
    with listening() as there:
        line.ok(f"webhooks add hook --url {there.url} --event configured")
        line.ok("clients add shop 'grant_types=[\"client_credentials\"]'")
        line.ok("upkeep run outbox")
        [id] = there.ids
        again = line.ok(f"outbox retry {id}")
        line.ok("upkeep run outbox")
        discarded = [line.ok(f"outbox discard {one['id']}") for one in line.ok("outbox list --state waiting")["items"]]
        given_up = line.ok("outbox list --state given_up")["items"]
        all_again = line.ok("outbox retry --receiver hook")

    assert {"retried": [id]} == again
    assert 2 == there.ids.count(id)
    assert discarded
    assert {"discarded by an operator"} == {one["last_error"] for one in given_up}
    assert {one["id"] for one in given_up} == set(all_again["retried"])


def test_a_rolled_secret_signs_beside_the_new_one(line):
    first = line.ok(f"webhooks add hook --url {URL}")["secret"]
    second = line.ok("webhooks secret-roll hook --overlap 2h")
    third = line.ok("webhooks secret-roll hook --at-once")

    assert 3 == len({first, second["secret"], third["secret"]})
    assert ["newest"] == third["secrets"]
    assert 2 == len(second["secrets"])
    until = datetime.fromisoformat(second["secrets"][1])
    assert timedelta(minutes=119) < until - datetime.now(UTC) <= timedelta(hours=2)


def test_everything_is_sealed_anew_with_the_secrets_of_webhooks(line, monkeypatch):
    line.ok(f"webhooks add hook --url {URL}")
    new, old = sealing.generate(), os.environ["MINTMARK_SEALING_KEYS"]
    monkeypatch.setenv("MINTMARK_SEALING_KEYS", f"{new},{old}")
    line.ok("keys reseal")
    monkeypatch.setenv("MINTMARK_SEALING_KEYS", new)

    assert 0 == line("webhooks show hook").code


def test_the_duties_are_listed_with_who_does_them(both_lines):
    line = both_lines
    now = datetime.now(UTC)

    async def take():
        store = await line.database.connect()
        turn = Turn("rotation", "here:1", now + timedelta(minutes=1), now, now, "done")
        await store.commit([duties.take(None, turn)])
        await store.close()

    asyncio.run(take())
    found = {one["name"]: one for one in line.ok("upkeep list")["items"]}

    assert {"rotation", "purge", "outbox", "hashes", "registry", "observations"} <= found.keys()
    assert ("one node", "here:1", "done") == tuple(found["rotation"][name] for name in ("where", "holder", "outcome"))
    assert ("every node", None) == (found["outbox"]["where"], found["outbox"]["holder"])
    assert ("1m", "5m", "0.5s") == tuple(found[name]["every"] for name in ("rotation", "purge", "observations"))


def test_every_duty_is_run_by_its_name_and_that_is_in_the_trail(line):
    names = [one["name"] for one in line.ok("upkeep list")["items"]]
    done = [line.ok(f"upkeep run {name}") for name in names]
    trail = [entry["detail"] for entry in line.ok("audit list --event configured")["items"]]

    assert [{"name": name, "outcome": "done"} for name in names] == done
    assert set(names) == {one["subject"] for one in trail if one["kind"] == "duty"}
