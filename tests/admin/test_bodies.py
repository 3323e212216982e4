"""What may be sent, in which form, and to what it applies: bad bodies, stale and missing If-Match."""

import asyncio
import json

import pytest

from tests.admin import operating
from tests.issuer import ALICE

PERSON = f"/admin/api/users/{ALICE}"


@pytest.fixture
def waits_not(sqlite_issuer):
    async def wait(seconds):
        pass

    object.__setattr__(sqlite_issuer.server, "wait", wait)


@pytest.fixture
async def send(sqlite_issuer):
    token = await operating.token(sqlite_issuer)

    async def sent(method, path, content=b"", **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json", **named}
        return await sqlite_issuer.http.request(method, path, content=content, headers=headers)

    return sent


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'"text"', 400),
        (b"\xff\xfe", 400),
        (b'{"username": NaN}', 400),
        (b'{"username": "a", "username": "b"}', 400),
        (b"[" * 10_000, 400),
        (b'{"claims": ' + b'{"a": ' * 40 + b"1" + b"}" * 41, 400),
        (b'{"username": "' + b"a" * 70_000 + b'"}', 413),
        (b'{"username": ' + b"9" * 5000 + b"}", 400),
        (b'{"username": "\\ud800"}', 400),
        (b'{"username": "a\\u0000b"}', 400),
        (b'{"username": "x", "claims": {"a": "\\u0000"}}', None),
        (b'{"username": "x", "claims": {"a": 1e999}}', 400),
        (b'{"username": "x", "claims": {"a\\u0000": 1}}', 400),
    ],
)
async def test_a_body_that_is_none_is_a_problem(send, content, status):
    answer = await send("POST", "/admin/api/users", content)

    assert status is None or status == answer.status_code, answer.text
    assert answer.status_code < 500
    if answer.status_code >= 400:
        assert "application/problem+json" == answer.headers["content-type"]


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "", "application/merge-patch+json"]
)
async def test_another_media_type_is_415(send, media):
    answer = await send("POST", "/admin/api/users", b'{"username": "x"}', content_type=media)

    assert 415 == answer.status_code


async def test_a_patch_without_if_match_is_428_and_a_stale_one_412(send):
    tag = (await send("GET", PERSON)).headers["etag"]
    patch = json.dumps({"nickname": "A"})
    answers = [
        await send("PATCH", PERSON, patch),
        await send("PATCH", PERSON, patch, if_match=tag),
        await send("PATCH", PERSON, patch, if_match=tag),
        await send("PATCH", PERSON, patch, if_match='"another", W/"x"'),
        await send("PATCH", PERSON, patch, if_match="*"),
        await send("PATCH", "/admin/api/users/nobody", patch, if_match="*"),
    ]

    assert [428, 200, 412, 412, 200, 404] == [one.status_code for one in answers]
    assert answers[1].headers["etag"] != tag


@pytest.mark.parametrize(
    "path",
    ["/clients/web", "/resources/https%3A%2F%2Fapi.example", "/policies/server"],
)
async def test_every_patch_wants_a_match(send, path):
    address = f"/admin/api{path}"
    tag = (await send("GET", address)).headers["etag"]
    answers = [
        await send("PATCH", address, b"{}"),
        await send("PATCH", address, b"{}", if_match='"stale"'),
        await send("PATCH", address, b"{}", if_match=tag, content_type="application/merge-patch+json"),
    ]

    assert [428, 412, 200] == [one.status_code for one in answers]


@pytest.mark.parametrize(
    "path",
    ["/users/id-of-alice", "/clients/other", "/policies/groups/staff", "/resources/https%3A%2F%2Fb.example"],
)
async def test_a_delete_heeds_if_match_where_it_is_sent(send, path, waits_not):
    await send("POST", "/admin/api/policies", b'{"group": "staff"}')
    await send("POST", "/admin/api/resources", b'{"resource": "https://b.example"}')
    tag = (await send("GET", f"/admin/api{path}")).headers["etag"]
    answers = [
        await send("DELETE", f"/admin/api{path}", if_match='"stale"'),
        await send("DELETE", f"/admin/api{path}", if_match=tag),
        await send("DELETE", f"/admin/api{path}", if_match=tag),
    ]

    assert [412, 204, 204] == [one.status_code for one in answers]


async def test_of_two_who_read_the_same_one_changes_it(issuer):
    operator = await operating.operator(issuer)
    tag = (await operator.get(f"/users/{ALICE}")).headers["etag"]
    answers = await asyncio.gather(
        *(operator.patch(f"/users/{ALICE}", {"nickname": str(number)}, match=tag) for number in range(10))
    )

    assert [200] + 9 * [412] == sorted(one.status_code for one in answers)


async def test_an_unknown_query_parameter_of_a_write_is_refused(shared):
    answer = await shared.patch(f"/users/{ALICE}", {}, end_session="true")

    assert (400, "end_session") == (answer.status_code, answer.json()["errors"][0]["member"])


async def test_writes_of_two_nodes_do_not_lose_one_another(issuer):
    """Each has a turn of its own; the version of the configuration is what they share."""
    members = {"one_use": True, "code_lifetime": "30s", "max_active_tokens": 5, "require_consent": True}
    async with operating.second_node(issuer) as second:
        nodes = [await operating.operator(issuer), second]
        answers = await asyncio.gather(
            *(
                nodes[number % 2].patch("/clients/web", {"policy": {name: value}}, match="*")
                for number, (name, value) in enumerate(members.items())
            )
        )
    issuer.server.registry.forget()
    found = (await nodes[0].get("/clients/web")).json()

    assert {200} == {one.status_code for one in answers}, [one.text for one in answers]
    assert members == found["policy"]
