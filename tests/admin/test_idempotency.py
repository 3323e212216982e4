"""A POST with an Idempotency-Key has one effect, however often it is sent, and its secrets are soon forgotten."""

import asyncio

import pytest
from sqlalchemy import select

from mintmark.store import purge
from mintmark.store.executor import Read
from mintmark.store.schema import idempotency
from tests.admin import operating
from tests.issuer import SECRET

BOB = {"username": "bob", "password": "a password of bob's"}
ROWS = Read(select(idempotency.c.id, idempotency.c.answer))


async def test_twenty_at_once_have_one_effect_and_one_answer(issuer):
    operator = await operating.operator(issuer)
    answers = await asyncio.gather(
        *(operator.post("/clients/web/secrets", {"name": "blue"}, idempotency_key="k") for _ in range(20))
    )

    assert {201} == {one.status_code for one in answers}, [one.text for one in answers]
    assert 1 == len({one.text for one in answers}), "the same secret for all"
    assert 19 == sum("idempotency-replayed" in one.headers for one in answers)
    assert 2 == len(await operator.items("/clients/web/secrets"))
    assert 1 == (await issuer.audited()).count("configured")


async def test_twenty_people_at_once_are_one(issuer):
    operator = await operating.operator(issuer)
    answers = await asyncio.gather(*(operator.post("/users", BOB, idempotency_key="k") for _ in range(20)))

    assert {201} == {one.status_code for one in answers}
    assert 1 == len({(one.text, one.headers["etag"], one.headers["location"]) for one in answers})


async def test_without_a_key_each_is_its_own(sqlite_issuer):
    operator = await operating.operator(sqlite_issuer)
    answers = await asyncio.gather(*(operator.post("/clients/web/secrets") for _ in range(5)))

    assert 5 == len({one.json()["name"] for one in answers})


async def test_at_two_nodes_it_is_one_effect_and_one_answer(issuer):
    async with operating.second_node(issuer) as second:
        nodes = [await operating.operator(issuer), second]
        answers = await asyncio.gather(
            *(nodes[n % 2].post("/clients/web/secrets", {}, idempotency_key="k") for n in range(10))
        )

    assert 1 == len({one.text for one in answers}), [one.text for one in answers]
    assert 2 == len(await nodes[0].items("/clients/web/secrets"))


async def test_another_body_is_refused(issuer):
    operator = await operating.operator(issuer)
    await operator.post("/users", BOB, idempotency_key="k")
    answer = await operator.post("/users", {**BOB, "password": "another"}, idempotency_key="k")

    assert 422 == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]


async def test_the_order_of_members_makes_no_other_body(sqlite_issuer):
    operator = await operating.operator(sqlite_issuer)
    first = await operator.post("/users", BOB, idempotency_key="k")
    second = await operator.post("/users", dict(reversed(BOB.items())), idempotency_key="k")

    assert first.json() == second.json()


async def test_a_key_is_the_callers_and_the_paths_own(issuer):
    document = {"grant_types": ["client_credentials"], "scope": operating.BOTH}
    await issuer.add_client("second", document)
    operator = await operating.operator(issuer)
    answer = await issuer.http.post(
        "/token",
        data={"grant_type": "client_credentials", "scope": operating.BOTH},
        auth=("second", SECRET),
    )
    other = operating.Operator(issuer, answer.json()["access_token"])
    made = [
        await operator.post("/clients/web/secrets", {}, idempotency_key="k"),
        await operator.post("/clients/other/secrets", {}, idempotency_key="k"),
        await other.post("/clients/web/secrets", {}, idempotency_key="k"),
    ]

    assert 3 == len({one.json()["client_secret"] for one in made})


async def test_a_secret_is_forgotten_after_ten_minutes_and_the_answer_says_so(issuer):
    operator = await operating.operator(issuer)
    first = (await operator.post("/clients/web/secrets", {}, idempotency_key="k")).json()
    issuer.later(minutes=9)
    second = (await operator.post("/clients/web/secrets", {}, idempotency_key="k")).json()
    issuer.later(minutes=1)
    operator = await operating.operator(issuer)
    third = await operator.post("/clients/web/secrets", {}, idempotency_key="k")
    await purge.purge(issuer.server.store, issuer.server.clock())
    issuer.later(milliseconds=1)
    await purge.purge(issuer.server.store, issuer.server.clock())

    assert first == second
    assert {**first, "client_secret": None, "forgotten": ["client_secret"]} == third.json()
    assert "true" == third.headers["idempotency-replayed"]
    assert 1 == await issuer.count("idempotency"), "the secret is gone, and the answer still there"


async def test_what_is_kept_is_sealed(issuer):
    operator = await operating.operator(issuer)
    secret = (await operator.post("/clients/web/secrets", {}, idempotency_key="k")).json()["client_secret"]
    rows = await issuer.server.store.fetch(ROWS)

    assert 2 == len(rows)
    assert [] == [answer for _, answer in rows if secret.encode() in answer or b"client_secret" in answer]


async def test_a_key_is_free_again_after_a_day(issuer):
    operator = await operating.operator(issuer)
    first = (await operator.post("/clients/web/secrets", {}, idempotency_key="k")).json()
    issuer.later(hours=24)
    operator = await operating.operator(issuer)
    second = (await operator.post("/clients/web/secrets", {}, idempotency_key="k")).json()

    assert first["client_secret"] != second["client_secret"] is not None


async def test_what_was_refused_may_be_sent_again(issuer):
    operator = await operating.operator(issuer)
    refused = await operator.post("/users", {"username": ""}, idempotency_key="k")
    made = await operator.post("/users", BOB, idempotency_key="k")

    assert [400, 201] == [refused.status_code, made.status_code]


async def test_a_one_use_token_is_spent_by_a_replay(issuer):
    await issuer.set_policy({"one_use": True}, at="client", name="operator")
    first, second = await operating.operator(issuer), await operating.operator(issuer)
    answers = [await one.post("/users", BOB, idempotency_key="k") for one in (first, second, second)]

    assert [201, 201, 401] == [one.status_code for one in answers]


async def test_an_answer_that_cannot_be_opened_is_no_second_effect(issuer):
    operator = await operating.operator(issuer)
    await operator.post("/users", BOB, idempotency_key="k")
    object.__setattr__(issuer.server, "sealer", type(issuer.server.sealer)([b"k" * 32]))
    answer = await operator.post("/users", BOB, idempotency_key="k")

    assert (409, 2) == (answer.status_code, await issuer.count("people"))


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_a_key_that_is_none_is_refused(shared, key):
    assert 400 == (await shared.post("/users", BOB, idempotency_key=key)).status_code


async def test_answers_without_content_are_kept_too(issuer):
    operator = await operating.operator(issuer)
    body = {"user_id": "id-of-alice"}
    answers = [await operator.post("/tokens/revoke", body, idempotency_key="k") for _ in range(2)]

    assert [204, 204] == [one.status_code for one in answers]
    assert 1 == (await issuer.audited()).count("tokens_revoked")
