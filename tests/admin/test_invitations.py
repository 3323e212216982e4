"""Invitations by the admin API: made and shown once, or mailed; listed without their links; taken back."""

import pytest

from tests.admin import operating
from tests.issuer import SECRET

PATH = "/invitations"


async def test_an_invitation_is_shown_once_and_taken_back(issuer):
    operator = await operating.operator(issuer)
    made = await operator.post(PATH, {"email": "new@example.org", "groups": ["staff"], "expires_at": "1d"})
    id = made.json()["id"]
    shown = (await operator.get(f"{PATH}/{id}")).json()
    listed = await operator.items(PATH)
    ended = await operator.delete(f"{PATH}/{id}")

    assert (201, f"https://id.example/admin/api{PATH}/{id}") == (made.status_code, made.headers["location"])
    assert made.json()["url"].startswith("https://id.example/link?token=mml_")
    assert shown == {name: value for name, value in made.json().items() if name != "url"}
    assert ("new@example.org", ["staff"], False, None) == tuple(
        shown[name] for name in ("email", "groups", "mailed", "used_at")
    )
    assert [shown] == listed
    assert 204 == ended.status_code
    assert 404 == (await operator.get(f"{PATH}/{id}")).status_code
    assert 404 == (await operator.delete(f"{PATH}/nobody")).status_code
    assert [] == await operator.items(PATH)


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"email": "nobody"}, "email"),
        ({"groups": ["a", 1]}, "groups[1]"),
        ({"expires_at": "91d"}, "expires_at"),
        ({"mail": True}, "mail"),
        ({"mail": True, "email": "new@example.org"}, "mail"),  # no mail is sent there
        ({"url": "chosen"}, "url"),
    ],
)
async def test_what_makes_no_sense_is_named(sqlite_issuer, body, member):
    operator = await operating.operator(sqlite_issuer)
    answer = await operator.post(PATH, body)

    assert 400 == answer.status_code
    assert [member] == [one["member"] for one in answer.json()["errors"]]


async def test_nobody_invites_to_rights_that_they_lack(sqlite_issuer):
    reader = await operating.operator(sqlite_issuer, scope="admin:read")
    await sqlite_issuer.add_client("narrow", {"grant_types": ["client_credentials"], "scope": "admin:users"})
    answer = await sqlite_issuer.http.post("/token", data={"grant_type": "client_credentials"}, auth=("narrow", SECRET))
    narrow = operating.Operator(sqlite_issuer, answer.json()["access_token"])

    assert 403 == (await reader.post(PATH, {})).status_code
    assert 403 == (await narrow.post(PATH, {"groups": ["admins"]})).status_code
    assert 201 == (await narrow.post(PATH, {"groups": ["staff"]})).status_code


async def test_the_same_key_makes_one_invitation(sqlite_issuer):
    operator = await operating.operator(sqlite_issuer)
    answers = [await operator.post(PATH, {}, idempotency_key="k") for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert 1 == len(await operator.items(PATH))


async def test_pages_follow_one_another(sqlite_issuer):
    operator = await operating.operator(sqlite_issuer)
    made = {(await operator.post(PATH, {})).json()["id"] for _ in range(3)}
    first, second = await operator.walk(PATH, limit=2)

    assert (2, 1) == (len(first), len(second))
    assert made == {one["id"] for one in (*first, *second)}
