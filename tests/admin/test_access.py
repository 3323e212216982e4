"""Who may ask the admin API, and how a refusal is told."""

import asyncio

import pytest

from mintmark.store.changes import Unavailable
from tests.admin import operating
from tests.issuer import SECRET, VERIFIER

READ = "/admin/api/sessions"


def bearer(token):
    return {"authorization": f"Bearer {token}"}


async def test_without_a_token_the_challenge_names_no_error(sqlite_issuer):
    answer = await sqlite_issuer.http.get(READ)

    assert 401 == answer.status_code
    assert 'Bearer realm="mintmark"' == answer.headers["www-authenticate"]
    assert "application/problem+json" == answer.headers["content-type"]
    assert {"type": "about:blank", "title": "Unauthorized", "status": 401} == {
        name: answer.json()[name] for name in ("type", "title", "status")
    }


@pytest.mark.parametrize(
    "headers", [bearer("nonsense"), bearer(""), {"authorization": "Basic YTpi"}, bearer("mma_nobody"), bearer("a.b.c")]
)
async def test_a_token_that_is_none_is_an_invalid_one(sqlite_issuer, headers):
    answer = await sqlite_issuer.http.get(READ, headers=headers)

    assert 401 == answer.status_code
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert "invalid_token" == answer.json()["error"]


async def test_a_token_for_something_else_is_refused(sqlite_issuer):
    tokens = await sqlite_issuer.tokens()
    answer = await sqlite_issuer.http.get(READ, headers=bearer(tokens["access_token"]))

    assert 401 == answer.status_code


async def test_a_token_without_the_scope_is_told_which(sqlite_issuer):
    token = await operating.token(sqlite_issuer, "admin:read")
    answer = await sqlite_issuer.http.delete(f"{READ}/any", headers=bearer(token))

    assert 403 == answer.status_code
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    assert 'scope="admin:write"' in answer.headers["www-authenticate"]
    assert "application/problem+json" == answer.headers["content-type"]


async def test_writing_includes_no_reading(sqlite_issuer):
    token = await operating.token(sqlite_issuer, "admin:write")

    assert 403 == (await sqlite_issuer.http.get(READ, headers=bearer(token))).status_code


async def test_a_token_in_the_query_is_refused(sqlite_issuer):
    token = await operating.token(sqlite_issuer)
    answer = await sqlite_issuer.http.get(READ, params={"access_token": token})

    assert 400 == answer.status_code


async def test_a_revoked_token_is_over_at_once(sqlite_issuer):
    token = await operating.token(sqlite_issuer)
    await sqlite_issuer.http.post("/revoke", data={"token": token}, auth=("operator", SECRET))

    assert 401 == (await sqlite_issuer.http.get(READ, headers=bearer(token))).status_code


async def test_an_expired_token_is_over(sqlite_issuer):
    token = await operating.token(sqlite_issuer)
    sqlite_issuer.later(minutes=10)

    assert 401 == (await sqlite_issuer.http.get(READ, headers=bearer(token))).status_code


async def test_a_one_use_token_is_spent_by_the_first_success_only(issuer):
    await issuer.set_policy({"one_use": True}, at="client", name="operator")
    token = await operating.token(issuer)
    refused = await issuer.http.get(READ, params={"limit": "0"}, headers=bearer(token))
    unknown = await issuer.http.get(f"{READ}/unknown", headers=bearer(token))
    first = await issuer.http.get(READ, headers=bearer(token))
    second = await issuer.http.get(READ, headers=bearer(token))

    assert [400, 404, 200, 401] == [answer.status_code for answer in (refused, unknown, first, second)]


async def test_of_twenty_deletes_with_one_one_use_token_one_succeeds(issuer):
    await issuer.tokens()
    await issuer.set_policy({"one_use": True}, at="client", name="operator")
    token = await operating.token(issuer)
    path = "/admin/api/users/id-of-alice/sessions"
    answers = await asyncio.gather(*(issuer.http.delete(path, headers=bearer(token)) for _ in range(20)))

    assert [204] + 19 * [401] == sorted(answer.status_code for answer in answers)


async def test_a_person_operates_while_in_the_group_of_admins(sqlite_issuer):
    await sqlite_issuer.add_person("root", groups=("admins",))
    await sqlite_issuer.add_client(
        "console",
        {"redirect_uris": ["https://web.example/cb"], "grant_types": ["authorization_code"], "scope": operating.BOTH},
    )
    got = await sqlite_issuer.authorize("web", client_id="console", username="root", scope=operating.BOTH)
    answer = await sqlite_issuer.http.post(
        "/token",
        data={"grant_type": "authorization_code", "code": got["code"], "code_verifier": VERIFIER,
              "redirect_uri": "https://web.example/cb"},
        auth=("console", SECRET),
    )  # fmt: skip
    token = answer.json()["access_token"]

    assert 200 == (await sqlite_issuer.http.get(READ, headers=bearer(token))).status_code


@pytest.mark.parametrize(("method", "allowed"), [("POST", "GET, HEAD"), ("PUT", "GET, HEAD"), ("OPTIONS", "GET, HEAD")])
async def test_another_method_is_a_problem_that_names_those_there_are(sqlite_issuer, method, allowed):
    answer = await sqlite_issuer.http.request(method, READ)

    assert 405 == answer.status_code
    assert allowed == answer.headers["allow"]
    assert "application/problem+json" == answer.headers["content-type"]


async def test_all_methods_of_an_address_are_named(sqlite_issuer):
    answer = await sqlite_issuer.http.request("PATCH", "/admin/api/sessions/x")

    assert "DELETE, GET, HEAD" == answer.headers["allow"]
    assert "GET, HEAD" == (await sqlite_issuer.http.post("/admin/api/openapi.json")).headers["allow"]


async def test_head_is_get_without_a_body(sqlite_issuer):
    token = await operating.token(sqlite_issuer)
    right = await sqlite_issuer.http.head(READ, headers=bearer(token))
    wrong = await sqlite_issuer.http.head(READ)

    assert [200, 401] == [right.status_code, wrong.status_code]
    assert "application/json" == right.headers["content-type"]
    assert "application/problem+json" == wrong.headers["content-type"]
    assert b"" == right.content + wrong.content


@pytest.mark.parametrize(
    "path", ["/", "/sessions/", "/nothing", "/sessions/a/b", "/docs", "/sessions%0A/x", "/a%0Ab/c"]
)
async def test_an_unknown_address_is_a_problem_and_no_redirect(sqlite_issuer, path):
    answer = await sqlite_issuer.http.get(f"/admin/api{path}")

    assert 404 == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]


async def test_nobody_keeps_or_guesses_an_answer(sqlite_issuer):
    token = await operating.token(sqlite_issuer)
    answers = [
        await sqlite_issuer.http.get(READ, headers=bearer(token)),
        await sqlite_issuer.http.get(READ),
        await sqlite_issuer.http.get("/admin/api/nothing"),
    ]

    for answer in answers:
        assert "no-store" == answer.headers["cache-control"]
        assert "nosniff" == answer.headers["x-content-type-options"]
        assert "max-age" in answer.headers["strict-transport-security"]
        assert "access-control-allow-origin" not in answer.headers


async def test_a_malformed_host_is_refused(sqlite_issuer):
    answer = await sqlite_issuer.http.get(READ, headers={"host": "a b"})

    assert 400 == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]


async def test_a_fault_of_ours_shows_no_trace(sqlite_issuer, monkeypatch):
    async def broken(*_, **__):
        raise RuntimeError("a secret of the house")

    monkeypatch.setattr("mintmark.store.listed_sessions.page", broken)
    answer = await sqlite_issuer.http.get(READ, headers=bearer(await operating.token(sqlite_issuer)))

    assert 500 == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]
    assert "secret of the house" not in answer.text


async def test_a_database_that_does_not_answer_is_503(sqlite_issuer, monkeypatch):
    async def away(*_, **__):
        raise Unavailable("gone")

    monkeypatch.setattr("mintmark.store.listed_sessions.page", away)
    answer = await sqlite_issuer.http.get(READ, headers=bearer(await operating.token(sqlite_issuer)))

    assert 503 == answer.status_code
    assert "1" == answer.headers["retry-after"]
