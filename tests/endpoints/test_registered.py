"""Where a client manages itself: by the newest token alone, and what it ends stays ended (RFC 7592)."""

import asyncio

import pytest

from tests.issuer import CALLBACK, SECRET, untraced
from tests.registering import WEB, manage, register, registered


async def authorized(issuer, told, **changed):
    """Signs in to a client that registered itself: the answer of the token door."""
    asked = {"client_id": told["client_id"], "redirect_uri": CALLBACK, "scope": "openid", "response_type": "code",
             **changed}  # fmt: skip
    got = await issuer.go_on(issuer.http, await issuer.http.get("/authorize", params=asked))
    form = {"grant_type": "authorization_code", "code": got["code"], "redirect_uri": CALLBACK}
    answer = await issuer.http.post("/token", data=form, auth=(told["client_id"], told["client_secret"]))
    assert 200 == answer.status_code, answer.text
    return answer.json()


async def test_a_client_reads_what_it_registered_and_its_token_stays(issuer):
    told = await registered(issuer, initiate_login_uri="https://web.example/login")
    answers = [await manage(issuer, told, "GET") for _ in range(2)]
    secret = {"client_secret", "client_secret_expires_at"}

    assert {200} == {answer.status_code for answer in answers}
    assert {name: value for name, value in told.items() if name not in secret} == answers[1].json()
    assert "no-store" == answers[0].headers["cache-control"]


async def test_an_update_replaces_everything_and_hands_out_another_token(issuer):
    told = await registered(issuer, client_uri="https://web.example/", contacts=["a@web.example"])
    wanted = {**WEB, "client_id": told["client_id"], "client_secret": told["client_secret"], "client_name": "Quay"}
    answer = await manage(issuer, told, "PUT", wanted)
    updated = answer.json()

    assert 200 == answer.status_code, answer.text
    assert "Quay" == updated["client_name"]
    assert not {"client_uri", "contacts", "client_secret"} & updated.keys()
    assert told["client_id_issued_at"] == updated["client_id_issued_at"]
    assert told["registration_access_token"] != updated["registration_access_token"]
    assert 401 == (await manage(issuer, told, "GET")).status_code
    assert 200 == (await manage(issuer, updated, "GET")).status_code
    assert "client_updated" in await issuer.audited()
    assert "id_token" in await authorized(issuer, told), "its secret stays"


async def test_of_two_updates_at_once_one_is_first(issuer):
    told = await registered(issuer)
    wanted = {**WEB, "client_id": told["client_id"]}
    answers = await asyncio.gather(*(manage(issuer, told, "PUT", wanted | {"client_name": str(n)}) for n in range(8)))
    winner = next(answer.json() for answer in answers if answer.status_code == 200)

    assert [200, *[401] * 7] == sorted(answer.status_code for answer in answers)
    assert winner["client_name"] == (await manage(issuer, winner, "GET")).json()["client_name"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_id": None}, "invalid_request"),
        ({"client_id": "web"}, "invalid_request"),
        ({"registration_access_token": "x"}, "invalid_request"),
        ({"registration_client_uri": "x"}, "invalid_request"),
        ({"client_secret_expires_at": 0}, "invalid_request"),
        ({"client_id_issued_at": 0}, "invalid_request"),
        ({"client_secret": "chosen"}, "invalid_client_metadata"),
        ({"client_secret": "\ud800"}, "invalid_client_metadata"),
        ({"client_secret": 5}, "invalid_client_metadata"),
        ({"redirect_uris": ["https://a.example/#"]}, "invalid_redirect_uri"),
        ({"grant_types": ["client_credentials"]}, "invalid_client_metadata"),
    ],
)
async def test_a_refused_update_changes_nothing_and_the_token_stays(sqlite_issuer, change, error):
    told = await registered(sqlite_issuer)
    wanted = {
        name: value for name, value in ({**WEB, "client_id": told["client_id"]} | change).items() if value is not None
    }
    answer = await manage(sqlite_issuer, told, "PUT", wanted)

    assert (400, error) == (answer.status_code, answer.json()["error"]), answer.text
    assert 200 == (await manage(sqlite_issuer, told, "GET")).status_code


async def test_whoever_has_no_right_token_hears_the_same_whether_there_is_a_client(issuer):
    told, other = await registered(issuer), await registered(issuer)
    tried = [
        ({**told, "registration_access_token": other["registration_access_token"]}),
        ({**told, "registration_access_token": told["client_secret"]}),
        ({**told, "registration_client_uri": f"{issuer.url}/register?client_id=nobody"}),
        ({**told, "registration_client_uri": f"{issuer.url}/register?client_id=web"}),
        ({**told, "registration_client_uri": f"{issuer.url}/register"}),
        ({**told, "registration_client_uri": f"{issuer.url}/register?client_id=" + "x" * 3000}),
    ]
    answers = [await manage(issuer, one, method) for one in tried for method in ("GET", "DELETE")]
    answers += [await manage(issuer, one, "PUT", {**WEB, "client_id": told["client_id"]}) for one in tried]

    assert {401} == {answer.status_code for answer in answers}
    assert 1 == len({untraced(answer) for answer in answers})
    assert 401 == (await issuer.http.get(told["registration_client_uri"])).status_code
    assert 401 == (await issuer.http.get(told["registration_client_uri"], auth=("web", SECRET))).status_code


async def test_a_client_that_an_operator_disabled_manages_nothing(issuer):
    told = await registered(issuer)
    await issuer.disable_client(told["client_id"])

    assert 401 == (await manage(issuer, told, "GET")).status_code
    assert 401 == (await manage(issuer, told, "DELETE")).status_code


async def test_deleting_ends_everything_that_was_given(issuer):
    told = await registered(issuer, grant_types=["authorization_code", "refresh_token"])
    tokens = await authorized(issuer, told)
    answer = await manage(issuer, told, "DELETE")
    again = await manage(issuer, told, "DELETE")
    refreshed = await issuer.http.post(
        "/token",
        data={"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]},
        auth=(told["client_id"], told["client_secret"]),
    )
    userinfo = await issuer.http.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})

    assert (204, b"") == (answer.status_code, answer.content)
    assert 401 == again.status_code
    assert (401, "invalid_client") == (refreshed.status_code, refreshed.json()["error"])
    assert 401 == userinfo.status_code
    assert 400 == (await issuer.http.get("/authorize", params={"client_id": told["client_id"]})).status_code
    assert "client_deleted" in await issuer.audited()


async def test_twice_at_once_it_is_deleted_once(issuer):
    told = await registered(issuer)
    answers = await asyncio.gather(*(manage(issuer, told, "DELETE") for _ in range(2)))

    assert [204, 401] == sorted(answer.status_code for answer in answers)
    assert 1 == (await issuer.audited()).count("client_deleted")


async def test_who_shows_people_something_else_asks_them_again(issuer):
    told = await registered(issuer)
    await authorized(issuer, told)
    same = (await manage(issuer, told, "PUT", {**WEB, "client_id": told["client_id"], "default_max_age": 500})).json()
    asked = {"client_id": told["client_id"], "redirect_uri": CALLBACK, "scope": "openid", "response_type": "code"}
    before = await issuer.http.get("/authorize", params=asked)
    await manage(issuer, same, "PUT", {**WEB, "client_id": told["client_id"], "client_name": "Your bank"})
    after = await issuer.http.get("/authorize", params=asked)

    assert before.headers["location"].startswith(CALLBACK)
    assert "/consent?" in after.headers["location"]


async def test_a_secret_comes_and_goes_with_the_way_a_client_proves_itself(issuer):
    told = await registered(issuer, token_endpoint_auth_method="none")
    wanted = {**WEB, "client_id": told["client_id"]}
    confidential = (await manage(issuer, told, "PUT", wanted)).json()
    form = {"grant_type": "authorization_code", "code": "x"}
    credentials = (told["client_id"], confidential["client_secret"])
    right = await issuer.http.post("/token", data=form, auth=credentials)
    await manage(issuer, confidential, "PUT", {**wanted, "token_endpoint_auth_method": "none"})
    over = await issuer.http.post("/token", data=form, auth=credentials)

    assert "invalid_grant" == right.json()["error"]
    assert "invalid_client" == over.json()["error"]


async def test_updates_are_counted_with_registrations(sqlite_issuer):
    told = await registered(sqlite_issuer)
    for _ in range(299):
        await register(sqlite_issuer, redirect_uris=[])
    answer = await manage(sqlite_issuer, told, "PUT", {**WEB, "client_id": told["client_id"]})

    assert 429 == answer.status_code
