"""People by the admin API: found, added, changed, kept out and deleted."""

import pytest

from mintmark import chaining
from tests.admin import operating
from tests.issuer import ALICE, PASSWORD

BOB = {
    "username": "Bob",
    "password": "a password of bob's",
    "email": "Bob@example.org",
    "name": "Bob Example",
    "groups": ["staff"],
    "claims": {"department": "R&D"},
}


async def added(operator, **changed):
    answer = await operator.post("/users", {**BOB, **changed})
    assert 201 == answer.status_code, answer.text
    return answer.json()


async def test_who_is_added_signs_in_and_is_shown_without_the_password(issuer):
    operator = await operating.operator(issuer)
    answer = await operator.post("/users", BOB)
    found = answer.json()
    signed_in = await issuer.sign_in(issuer.browser(), "bob", BOB["password"])

    assert (201, f"https://id.example/admin/api/users/{found['id']}") == (
        answer.status_code,
        answer.headers["location"],
    )
    assert (False, False, True) == (found["email_verified"], found["disabled"], found["has_password"])
    assert {"department": "R&D"} == found["claims"]
    assert "password" not in found
    assert found == (await operator.get(f"/users/{found['id']}")).json()
    assert answer.headers["etag"] == (await operator.get(f"/users/{found['id']}")).headers["etag"]
    assert "/account" in signed_in.headers["location"]


async def test_people_are_found_by_name_and_address(issuer):
    operator = await operating.operator(issuer)
    bob = await added(operator)

    async def names(**query):
        return [one["username"] for one in await operator.items("/users", **query)]

    assert ["Bob"] == await names(username="BOB")
    assert ["alice"] == await names(email="Alice@EXAMPLE.org")
    assert ["Bob"] == await names(email="Bob@example.org"), "not verified, so as it was written"
    assert [] == await names(email="nobody@example.org")
    assert [] == await names(username="bob", email="alice@example.org")
    assert ["Bob"] == await names(username="bob", email="Bob@example.org")
    assert {bob["id"], ALICE} == {one["id"] for page in await operator.walk("/users", limit=1) for one in page}


async def test_a_patch_changes_what_it_names_and_nothing_else(issuer):
    operator = await operating.operator(issuer)
    bob = await added(operator, email_verified=True)
    path = f"/users/{bob['id']}"
    issuer.later(seconds=1)
    answer = await operator.patch(path, {"name": None, "claims": {"department": None, "floor": 3}, "nickname": "B"})
    found = answer.json()

    assert 200 == answer.status_code
    assert ({"floor": 3}, "B", "2026-11-25T12:00:01Z") == (found["claims"], found["nickname"], found["updated_at"])
    assert "name" not in found
    assert (True, ["staff"]) == (found["email_verified"], found["groups"])
    assert found == (await operator.get(path)).json()
    assert bob["created_at"] == found["created_at"]


async def test_another_address_is_not_verified_by_what_was_said_of_the_first(sqlite_issuer):
    operator = await operating.operator(sqlite_issuer)
    bob = await added(operator, email_verified=True)
    found = (await operator.patch(f"/users/{bob['id']}", {"email": "new@example.org"})).json()

    assert False is found["email_verified"]


async def test_what_was_shown_may_be_sent_back(sqlite_issuer):
    operator = await operating.operator(sqlite_issuer)
    bob = await added(operator)
    path = f"/users/{bob['id']}"
    same = await operator.patch(path, bob)
    other = await operator.patch(path, {"id": "another"})

    assert (200, bob) == (same.status_code, same.json())
    assert (400, "id") == (other.status_code, other.json()["errors"][0]["member"])


async def test_a_patch_that_changes_nothing_is_no_fact(sqlite_issuer):
    operator = await operating.operator(sqlite_issuer)
    bob = await added(operator)
    before = await sqlite_issuer.count("audit")
    await operator.patch(f"/users/{bob['id']}", {"name": BOB["name"]})

    assert before == await sqlite_issuer.count("audit")


async def test_a_password_is_set_and_ends_sessions_where_that_is_asked_for(issuer):
    tokens = await issuer.tokens()
    operator = await operating.operator(issuer)
    first = await operator.patch(f"/users/{ALICE}", {"password": "quite another one"})
    lives = (await issuer.introspect(tokens["access_token"]))["active"]
    second = await operator.patch(f"/users/{ALICE}", {"password": "and a third"}, end_sessions="true")

    assert [200, 200] == [first.status_code, second.status_code]
    assert (True, False) == (lives, (await issuer.introspect(tokens["access_token"]))["active"])
    assert "/account" in (await issuer.sign_in(issuer.browser(), "alice", "and a third")).headers["location"]
    assert 400 == (await issuer.sign_in(issuer.browser(), "alice", PASSWORD)).status_code


async def test_who_is_disabled_is_out_at_once_and_comes_back_with_nothing(issuer):
    tokens = await issuer.tokens()
    operator = await operating.operator(issuer)
    out = await operator.patch(f"/users/{ALICE}", {"disabled": True})
    back = await operator.patch(f"/users/{ALICE}", {"disabled": False})

    assert (True, False) == (out.json()["disabled"], back.json()["disabled"])
    assert not (await issuer.introspect(tokens["access_token"]))["active"]


async def test_who_is_deleted_is_gone_and_deleting_again_is_the_same(issuer):
    tokens = await issuer.tokens()
    operator = await operating.operator(issuer)
    answers = [(await operator.delete(f"/users/{ALICE}")).status_code for _ in range(2)]

    assert [204, 204] == answers
    assert 404 == (await operator.get(f"/users/{ALICE}")).status_code
    assert 404 == (await operator.delete("/users/nobody")).status_code
    assert not (await issuer.introspect(tokens["access_token"]))["active"]
    assert 0 == await issuer.count("consents")


@pytest.mark.usefixtures("without_upkeep")  # which would seal too
async def test_of_who_is_deleted_the_trail_keeps_no_address_sealed_or_not(issuer):
    await issuer.tokens()
    await chaining.seal_audit(issuer.server)
    await issuer.tokens()
    operator = await operating.operator(issuer)
    mine = [one["address"] for one in await operator.items("/audit", user_id=ALICE)]
    await operator.delete(f"/users/{ALICE}")
    left = [one["address"] for one in await operator.items("/audit", user_id=ALICE) if one["actor"] is None]

    assert "127.0.0.1" in mine
    assert {None} == set(left)


async def test_nobody_gets_a_name_or_an_address_of_another(issuer):
    operator = await operating.operator(issuer)
    bob = await added(operator)
    name = await operator.post("/users", {"username": "ALICE"})
    address = await operator.patch(f"/users/{bob['id']}", {"email": "alice@example.org", "email_verified": True})

    assert [409, 409] == [name.status_code, address.status_code]
    assert ["username", "email"] == [one.json()["errors"][0]["member"] for one in (name, address)]


async def test_the_trail_names_the_members_and_never_their_values(issuer):
    operator = await operating.operator(issuer)
    bob = await added(operator)
    await operator.patch(f"/users/{bob['id']}", {"password": "hush hush hush", "name": "A secret name"})
    told = [line for line in issuer.lines if "configured" == line["event"]]

    assert ["operator", "operator"] == [line["actor"] for line in told]
    assert "username password email name groups claims.department" == told[0]["members"]
    assert "name password" == told[1]["members"]
    assert "hush" not in str(issuer.lines)


@pytest.mark.parametrize(
    ("body", "member", "expected"),
    [
        ({"username": "x", "usrname": "y"}, "usrname", "username"),
        ({"username": "x", "disabled": "yes"}, "disabled", "true or false"),
        ({"username": "x", "password": ""}, "password", None),
        ({"username": "x", "password": 5}, "password", "text"),
        ({"username": "x", "password_hash": "plain"}, "password_hash", None),
        ({"username": "x", "password": "p", "password_hash": "h"}, "password_hash", None),
        ({"username": "x", "groups": "staff"}, "groups", None),
        ({"username": "x", "claims": {"iss": "me"}}, "claims.iss", None),
        ({"username": "x", "address": {"contry": "D"}}, "address.contry", "country"),
        ({"username": "a@b.example"}, "username", None),
        ({"username": "x", "updated_at": 4}, "updated_at", None),
        ({}, "username", None),
        ({"username": None}, "username", None),
    ],
)
async def test_what_cannot_be_is_named(shared, body, member, expected):
    answer = await shared.post("/users", body)
    errors = {one["member"]: one for one in answer.json()["errors"]}

    assert 400 == answer.status_code
    assert member in errors, answer.text
    assert expected is None or expected in errors[member]["expected"]


async def test_all_that_is_wrong_is_named_at_once(shared):
    answer = await shared.post("/users", {"username": "x", "nme": 1, "email": "none", "birthdate": "soon"})

    assert ["nme", "email", "birthdate"] == [one["member"] for one in answer.json()["errors"]]
