"""Webhooks and the outbox by the admin API."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook as Verifier

from mintmark import outbox, upkeep
from mintmark.events import SessionEnded
from mintmark.protocol import webhook
from mintmark.store import outbox as stored
from mintmark.store import schema
from mintmark.store.executor import Read
from tests import issuer as issuers
from tests import receiving
from tests.admin import operating
from tests.receiving import *  # noqa: F403

URL = "https://hooks.example.org/mintmark"
FACTS = Read(
    select(schema.audit.c.event, schema.audit.c.actor, schema.audit.c.detail)
    .where(schema.audit.c.event == "configured")
    .order_by(schema.audit.c.id)
)
ENDED = SessionEnded(session_id="s", person_id="p", reason="ended by a test")


@pytest.fixture
async def issuer(database, monkeypatch):
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    monkeypatch.setattr(issuers, "NOON", datetime.now(UTC))
    async for one in issuers.start(database, MINTMARK_OUTBOUND_ALLOW="127.0.0.0/8"):
        yield one


async def made(operator, **more):
    answer = await operator.send("POST", "/webhooks", {"name": "hook", "url": URL, **more})
    assert 201 == answer.status_code, answer.text
    return answer


async def test_a_webhook_is_added_with_a_secret_that_is_shown_once(issuer):
    operator = await operating.operator(issuer)
    answer = await made(operator, events=["session_*"])
    one = answer.json()
    listed = await operator.items("/webhooks")
    shown = await operator.get(f"/webhooks/{one['id']}")

    assert one["secret"].startswith("whsec_")
    assert f"https://id.example/admin/api/webhooks/{one['id']}" == answer.headers["location"]
    assert {name: value for name, value in one.items() if name != "secret"} == shown.json() == listed[0]
    assert answer.headers["etag"] == shown.headers["etag"]
    assert ("hook", URL, ["session_*"], False, [{"until": None}]) == tuple(
        listed[0][name] for name in ("name", "url", "events", "disabled", "secrets")
    )
    assert one["secret"] not in str(await issuer.server.store.fetch(Read(select(schema.webhooks))))
    assert one["secret"] not in json.dumps(issuer.lines)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "name"),
        ({"name": "hook"}, "url"),
        ({"name": "", "url": URL}, "name: must be"),
        ({"name": "a b", "url": URL}, "name: must be"),
        ({"name": "x" * 101, "url": URL}, "name: must be"),
        ({"name": "hook", "url": "ftp://x"}, "url: must be an https URL"),
        ({"name": "hook", "url": "https://"}, "url: must be"),
        ({"name": "hook", "url": "https://x:99999/"}, "url: must be"),
        ({"name": "hook", "url": "https://[::1/"}, "url: must be"),
        ({"name": "hook", "url": "https://a b/"}, "url: must be"),
        ({"name": "hook", "url": "https://user:secret@x/"}, "url: must not hold a user"),
        ({"name": "hook", "url": URL + "#x"}, "url: must not have a fragment"),
        ({"name": "hook", "url": URL, "events": []}, "events: must name one"),
        ({"name": "hook", "url": URL, "events": ["session_endet"]}, "did you mean 'session_ended'?"),
        ({"name": "hook", "url": URL, "events": ["sign_in_failed"]}, "is counted in the audit trail"),
        ({"name": "hook", "url": URL, "events": ["delivery_given_up"]}, "no event"),
        ({"name": "hook", "url": URL, "events": ["*x"]}, "no event"),
        ({"name": "hook", "url": URL, "events": ["a"] * 101}, "events"),
        ({"name": "hook", "url": URL, "events": "*"}, "events"),
        ({"name": "hook", "url": URL, "disabled": "no"}, "disabled"),
        ({"name": "hook", "url": URL, "secret": "whsec_x"}, "secret"),
        ([], ""),
        ("hook", ""),
    ],
)
async def test_what_makes_no_sense_is_refused_by_name(issuer, document, said):
    operator = await operating.operator(issuer)
    answer = await operator.send("POST", "/webhooks", document)

    assert 400 == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]
    assert said in answer.json()["detail"]
    assert [] == await operator.items("/webhooks")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"name": "\\ud800", "url": "https://x"}', b"[" * 60_000])
async def test_what_is_no_json_is_a_bad_request(issuer, body):
    token = await operating.token(issuer)
    answer = await issuer.http.post(
        "/admin/api/webhooks",
        content=body,
        headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
    )

    assert 400 == answer.status_code


async def test_a_body_that_is_too_long_or_of_another_type_is_refused(issuer):
    token = await operating.token(issuer)
    told = []
    for content, type_ in ((b" " * 70_000, "application/json"), (b"{}", "text/plain"), (b"{}", "application/xml")):
        headers = {"authorization": f"Bearer {token}", "content-type": type_}
        told.append((await issuer.http.post("/admin/api/webhooks", content=content, headers=headers)).status_code)

    assert [413, 415, 415] == told


async def test_a_name_is_given_once_also_to_twenty_at_once(issuer):
    operator = await operating.operator(issuer)
    document = {"name": "hook", "url": URL}
    answers = await asyncio.gather(*(operator.send("POST", "/webhooks", document) for _ in range(20)))
    again = await operator.send("POST", "/webhooks", document)

    assert 1 == [answer.status_code for answer in answers].count(201)
    assert {201, 409, 503} >= {answer.status_code for answer in answers}
    assert (409, True) == (again.status_code, "there is a webhook 'hook' already" in again.json()["detail"])
    assert 1 == len(await operator.items("/webhooks"))


async def test_a_webhook_is_changed_by_who_has_read_it(issuer):
    operator = await operating.operator(issuer)
    answer = await made(operator)
    path, tag = f"/webhooks/{answer.json()['id']}", answer.headers["etag"]
    patch = {"url": URL + "/2", "events": ["session_ended"], "disabled": True}
    without = await operator.send("PATCH", path, patch)
    other = await operator.send("PATCH", path, patch, **{"if-match": '"other"'})
    right = await operator.send("PATCH", path, patch, **{"if-match": tag})
    late = await operator.send("PATCH", path, {"url": URL}, **{"if-match": tag})
    back = await operator.send("PATCH", path, {"events": None, "disabled": None}, **{"if-match": right.headers["etag"]})

    assert [428, 412, 200, 412, 200] == [one.status_code for one in (without, other, right, late, back)]
    assert patch == {name: right.json()[name] for name in patch}
    assert (["*"], False, URL + "/2") == tuple(back.json()[name] for name in ("events", "disabled", "url"))


async def test_a_patch_is_refused_before_anything_is_changed(issuer):
    operator = await operating.operator(issuer)
    one = await made(operator)
    path, shown = f"/webhooks/{one.json()['id']}", (await operator.get(f"/webhooks/{one.json()['id']}")).json()
    answers = [
        await operator.send("PATCH", path, {"disabled": True}, **{"if-match": "*", "content-type": "text/plain"}),
        await operator.patch(path, {"name": "x" * 70_000}),
        await operator.patch(path, {"secrets": []}),
        await operator.patch(path, {"enabled": True, "events": ["x", 1]}),
        await operator.patch("/webhooks/nothing", {}),
        await operator.patch(path, shown),
    ]
    await made(operator, name="other")
    taken = await operator.patch(path, {"name": "other"})

    assert [415, 413, 400, 400, 404, 200] == [answer.status_code for answer in answers]
    assert {"enabled", "events[1]"} == {error["member"] for error in answers[3].json()["errors"]}
    assert (409, ["name"]) == (taken.status_code, [error["member"] for error in taken.json()["errors"]])
    assert shown == (await operator.get(path)).json()


async def test_every_write_is_in_the_trail_with_who_did_it(issuer):
    operator = await operating.operator(issuer)
    answer = await made(operator)
    path = f"/webhooks/{answer.json()['id']}"
    await operator.send("PATCH", path, {"disabled": True}, **{"if-match": "*"})
    await operator.send("POST", f"{path}/secret", {})
    await operator.send("DELETE", path)
    issuer.later(milliseconds=10)
    facts = await issuer.server.store.fetch(FACTS)

    assert {"operator"} == {actor for _, actor, _ in facts}
    assert {"create", "set", "secret rolled", "delete"} == {json.loads(detail)["change"] for *_, detail in facts}
    assert {"hook"} == {json.loads(detail)["subject"] for *_, detail in facts}


async def test_what_is_deleted_is_gone_and_so_is_what_waited_for_it(issuer):
    operator = await operating.operator(issuer)
    id = (await made(operator)).json()["id"]
    await issuer.server.commit([], [ENDED], None, issuer.server.clock())
    answers = [await operator.send("DELETE", f"/webhooks/{id}"), await operator.get(f"/webhooks/{id}")]
    await outbox.deliver_all(issuer.server)

    assert [204, 404] == [answer.status_code for answer in answers]
    assert {"given_up"} == {one["state"] for one in await operator.items("/outbox", receiver=id)}


async def test_a_delete_again_is_the_same_answer_and_heeds_if_match(issuer):
    operator = await operating.operator(issuer)
    one = await made(operator)
    path, tag = f"/webhooks/{one.json()['id']}", one.headers["etag"]
    answers = [await operator.send("DELETE", path, **{"if-match": match}) for match in ('"stale"', tag, tag)]
    answers += [await operator.delete(path), await operator.delete("/webhooks/nothing")]

    assert [412, 204, 204, 204, 404] == [answer.status_code for answer in answers]
    assert 2 == (await issuer.audited()).count("configured"), "one made, one deleted"


async def test_a_key_makes_one_webhook_and_its_secret_is_soon_forgotten(issuer):
    operator = await operating.operator(issuer)
    document = {"name": "hook", "url": URL}
    answers = await asyncio.gather(*(operator.post("/webhooks", document, idempotency_key="k") for _ in range(10)))
    other = await operator.post("/webhooks", {**document, "name": "other"}, idempotency_key="k")
    issuer.later(minutes=10)
    operator = await operating.operator(issuer)
    late = await operator.post("/webhooks", document, idempotency_key="k")
    [first, *_] = answers
    tag = (await operator.get(f"/webhooks/{first.json()['id']}")).headers["etag"]

    assert {201} == {answer.status_code for answer in answers}, [answer.text for answer in answers]
    assert 1 == len({answer.text for answer in answers})
    assert 422 == other.status_code
    assert {**first.json(), "secret": None, "forgotten": ["secret"]} == late.json()
    assert {(tag, first.headers["location"])} == {
        (answer.headers["etag"], answer.headers["location"]) for answer in (*answers, late)
    }


async def test_a_key_rolls_a_secret_once(issuer):
    operator = await operating.operator(issuer)
    path = f"/webhooks/{(await made(operator)).json()['id']}"
    answers = [await operator.post(f"{path}/secret", {}, idempotency_key="k") for _ in range(2)]
    shown = await operator.get(path)

    assert answers[0].text == answers[1].text
    assert 2 == len(shown.json()["secrets"])
    assert {shown.headers["etag"]} == {answer.headers["etag"] for answer in answers}


async def test_a_key_tries_a_webhook_once(issuer, receiver):
    operator, there = await operating.operator(issuer), await receiver()
    path = f"/webhooks/{(await made(operator, url=there.url)).json()['id']}/test"
    answers = await asyncio.gather(*(operator.post(path, idempotency_key="k") for _ in range(5)))
    unknown = await operator.post("/webhooks/nothing/test", idempotency_key="k")

    assert {(200, True)} == {(answer.status_code, answer.json()["arrived"]) for answer in answers}
    assert 4 == sum("idempotency-replayed" in answer.headers for answer in answers)
    assert 1 == len(there.came)
    assert 404 == unknown.status_code
    assert 2 == (await issuer.audited()).count("configured"), "one made, one tried"


async def test_a_token_of_one_use_tries_a_webhook_once(issuer, receiver):
    there = await receiver()
    path = f"/webhooks/{(await made(await operating.operator(issuer), url=there.url)).json()['id']}/test"
    await issuer.set_policy({"one_use": True}, at="client", name="operator")
    for key in ({}, {"idempotency_key": "k"}):
        operator = await operating.operator(issuer)
        answers = [await operator.post(path, **key) for _ in range(2)]

        assert [200, 401] == [answer.status_code for answer in answers]
    assert 2 == len(there.came)


async def test_a_secret_is_rolled_with_an_overlap_or_at_once(issuer):
    operator = await operating.operator(issuer)
    first = (await made(operator)).json()
    path = f"/webhooks/{first['id']}/secret"
    second = (await operator.send("POST", path, {"overlap": "1h"})).json()
    third = (await operator.send("POST", path, {"overlap": 0})).json()
    default = (await operator.send("POST", path)).json()
    wrong = await operator.send("POST", path, {"overlap": "soon"})

    assert 3 == len({one["secret"] for one in (first, second, third)})
    assert [1, 2, 1, 2] == [len(one["secrets"]) for one in (first, second, third, default)]
    assert 400 == wrong.status_code
    assert "duration" in wrong.json()["detail"]


async def test_a_webhook_is_tried_and_the_operator_told_what_came_of_it(issuer, receiver):
    operator, there = await operating.operator(issuer), await receiver()
    one = (await made(operator, url=there.url)).json()
    path = f"/webhooks/{one['id']}/test"
    good = (await operator.send("POST", path)).json()
    there.answer = receiving.status(500)
    bad = (await operator.send("POST", path)).json()
    [came, _] = there.came

    assert {"arrived": True, "status": 200, "why": None} == good
    assert {"arrived": False, "status": 500, "why": "it answered 500"} == bad
    assert webhook.TEST == Verifier(one["secret"]).verify(came.body, came.headers)["type"]
    assert 404 == (await operator.send("POST", "/webhooks/nothing/test")).status_code


async def test_an_operator_reaches_no_private_network_by_a_webhook(issuer, receiver):
    there = await receiver()
    issuer.server.outbound.allow = ()
    operator = await operating.operator(issuer)
    for number, url in enumerate((f"https://127.0.0.1:{there.port}/", f"https://localhost:{there.port}/")):
        id = (await made(operator, name=f"hook-{number}", url=url)).json()["id"]
        came = (await operator.send("POST", f"/webhooks/{id}/test")).json()

        assert (False, None) == (came["arrived"], came["status"])
        assert "is not a public address" in came["why"]
    assert 0 == there.connections


async def sent(issuer, operator, receiver, times=1, **more):
    there = await receiver()
    id = (await made(operator, url=there.url, events=["session_ended"], **more)).json()["id"]
    for _ in range(times):
        await issuer.server.commit([], [ENDED], None, issuer.server.clock())
        issuer.later(milliseconds=1)
    return there, id


async def test_the_outbox_is_listed_by_receiver_and_state_in_pages(issuer, receiver):
    operator = await operating.operator(issuer)
    _, id = await sent(issuer, operator, receiver, 3)
    await outbox.deliver_all(issuer.server)
    bad, other = await sent(issuer, operator, receiver, 2, name="other")
    bad.answer = receiving.status(500)
    await outbox.deliver_all(issuer.server)  # the first webhook is told of these too
    pages = await operator.walk("/outbox", limit=3)

    assert [3, 3, 1] == [len(page) for page in pages]
    assert 5 == len(await operator.items("/outbox", receiver=id))
    assert 2 == len(await operator.items("/outbox", receiver=other, state="waiting"))
    assert 5 == len(await operator.items("/outbox", state="done"))
    assert [] == await operator.items("/outbox", state="given_up")
    assert 400 == (await operator.get("/outbox", state="nonsense")).status_code
    assert 400 == (await operator.get("/outbox", after="nonsense")).status_code
    assert "payload" not in pages[0][0]


async def test_a_delivery_shows_what_is_sent(issuer, receiver):
    operator = await operating.operator(issuer)
    await sent(issuer, operator, receiver)
    [one] = await operator.items("/outbox")
    shown = (await operator.get(f"/outbox/{one['id']}")).json()

    assert "session_ended" == shown["payload"]["type"] == shown["subject"]
    assert 404 == (await operator.get("/outbox/nothing")).status_code


@pytest.mark.parametrize("status", [200, 500])
async def test_an_operator_sends_again_what_is_done_or_waits(issuer, receiver, status):
    operator = await operating.operator(issuer)
    there, _ = await sent(issuer, operator, receiver)
    there.answer = receiving.status(status)
    await outbox.deliver_all(issuer.server)
    [one] = await operator.items("/outbox")
    there.answer = None
    again = await operator.send("POST", f"/outbox/{one['id']}/retry")
    await outbox.deliver_all(issuer.server)

    assert (200, "waiting", 0) == (again.status_code, again.json()["state"], again.json()["attempts"])
    assert [one["id"]] * 2 == there.ids
    assert 404 == (await operator.send("POST", "/outbox/nothing/retry")).status_code


async def test_a_key_sends_again_once(issuer, receiver):
    operator = await operating.operator(issuer)
    there, _ = await sent(issuer, operator, receiver)
    await outbox.deliver_all(issuer.server)
    [one] = await operator.items("/outbox")
    first = await operator.post(f"/outbox/{one['id']}/retry", idempotency_key="k")
    [waiting] = await operator.items("/outbox")
    await outbox.deliver_all(issuer.server)
    second = await operator.post(f"/outbox/{one['id']}/retry", idempotency_key="k")
    [done] = await operator.items("/outbox")

    assert [200, 200] == [first.status_code, second.status_code]
    assert waiting == first.json() == second.json()
    assert ("waiting", "done") == (waiting["state"], done["state"])
    assert 2 == len(there.came)


async def test_what_is_being_sent_is_not_sent_twice_by_an_operator(issuer, receiver):
    operator, server = await operating.operator(issuer), issuer.server
    _, id = await sent(issuer, operator, receiver)
    [(message, take)] = await stored.due(server.store, id, server.clock(), 1, server.clock() + outbox.LEASE)
    await server.store.commit([take])
    busy = await operator.send("POST", f"/outbox/{message.id}/retry")
    issuer.later(seconds=61)
    free = await operator.send("POST", f"/outbox/{message.id}/retry")

    assert [409, 200] == [busy.status_code, free.status_code]


async def test_what_waits_is_discarded_for_good(issuer, receiver):
    operator = await operating.operator(issuer)
    there, _ = await sent(issuer, operator, receiver)
    [one] = await operator.items("/outbox")
    answers = [await operator.send("DELETE", f"/outbox/{id}") for id in (one["id"], one["id"], "nothing")]
    await outbox.deliver_all(issuer.server)
    [after] = await operator.items("/outbox")

    assert [204, 204, 404] == [answer.status_code for answer in answers]
    assert ("given_up", "discarded by an operator") == (after["state"], after["last_error"])
    assert 0 == there.connections


async def test_reading_needs_read_and_changing_needs_write(issuer):
    reader, writer = [await operating.operator(issuer, scope=f"admin:{one}") for one in ("read", "write")]

    assert 403 == (await writer.get("/webhooks")).status_code
    assert 403 == (await writer.get("/outbox")).status_code
    for method, path in (("POST", "/webhooks"), ("POST", "/outbox/x/retry"), ("DELETE", "/webhooks/x")):
        assert 403 == (await reader.send(method, path, {"name": "hook", "url": URL})).status_code
