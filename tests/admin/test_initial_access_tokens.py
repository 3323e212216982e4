"""Initial access tokens by the admin API: made and shown once, listed without their values, ended for good."""

import pytest

from tests.admin import operating
from tests.issuer import NOON
from tests.registering import register, registered

PATH = "/initial-access-tokens"


async def test_a_token_is_shown_once_registers_a_client_and_is_counted(issuer):
    operator = await operating.operator(issuer)
    made = await operator.post(PATH, {"name": "partners", "uses": 2, "expires_at": "30d"})
    id = made.json()["id"]
    answer = await register(issuer, token=made.json()["token"])
    shown = (await operator.get(f"{PATH}/{id}")).json()

    assert (201, f"https://id.example/admin/api{PATH}/{id}") == (made.status_code, made.headers["location"])
    assert 201 == answer.status_code
    assert {
        "id": id, "name": "partners", "uses_left": 1, "created_at": NOON.isoformat().replace("+00:00", "Z"),
        "expires_at": "2026-12-25T12:00:00Z", "ended_at": None,
    } == shown  # fmt: skip
    assert [shown] == await operator.items(PATH)


async def test_an_ended_token_registers_nobody_and_ending_it_again_is_nothing(issuer):
    operator = await operating.operator(issuer)
    made = (await operator.post(PATH, {"name": "partners", "uses": None})).json()
    ended = [(await operator.delete(f"{PATH}/{made['id']}")).status_code for _ in range(2)]

    assert [204, 204] == ended
    assert 401 == (await register(issuer, token=made["token"])).status_code
    assert 404 == (await operator.delete(f"{PATH}/nobody")).status_code
    assert 404 == (await operator.get(f"{PATH}/nobody")).status_code


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({}, "name"),
        ({"name": "a b"}, "name"),
        ({"name": "a", "uses": 0}, "uses"),
        ({"name": "a", "uses": True}, "uses"),
        ({"name": "a", "uses": "1"}, "uses"),
        ({"name": "a", "expires_at": "yesterday"}, "expires_at"),
        ({"name": "a", "token": "chosen"}, "token"),
    ],
)
async def test_what_makes_no_sense_is_named(sqlite_issuer, body, member):
    operator = await operating.operator(sqlite_issuer)
    answer = await operator.post(PATH, body)

    assert 400 == answer.status_code
    assert [member] == [one["member"] for one in answer.json()["errors"]]


async def test_who_may_only_read_makes_none(sqlite_issuer):
    operator = await operating.operator(sqlite_issuer, scope="admin:read")

    assert 403 == (await operator.post(PATH, {"name": "a"})).status_code
    assert [] == await operator.items(PATH)


async def test_the_same_key_makes_one_token(sqlite_issuer):
    operator = await operating.operator(sqlite_issuer)
    answers = [await operator.post(PATH, {"name": "a"}, idempotency_key="k") for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert 1 == len(await operator.items(PATH))


async def test_operators_see_who_registered_itself_and_whether_it_was_used(sqlite_issuer):
    told = await registered(sqlite_issuer)
    operator = await operating.operator(sqlite_issuer)
    shown = (await operator.get(f"/clients/{told['client_id']}")).json()

    assert (True, None) == (shown["self_registered"], shown["used_at"])
    assert "used_at" not in (await operator.get("/clients/web")).json()
    changed = await operator.patch(f"/clients/{told['client_id']}", {"client_name": "Checked"})
    assert (200, True) == (changed.status_code, changed.json()["self_registered"]), changed.text
