"""An operator does what their scopes say, and gives away, or takes over, nothing beyond."""

import pytest

from mintmark.protocol import scope as scopes
from tests.admin import operating
from tests.issuer import ALICE, SECRET

READS = {
    "users": ["/users", f"/users/{ALICE}", "/invitations"],
    "clients": ["/clients", "/clients/web", "/clients/web/secrets", "/clients/web/effective-policy"],
    "resources": ["/resources"],
    "claim-rules": ["/claim-rules"],
    "policies": ["/policies", "/policies/server"],
    "keys": ["/keys"],
    "sessions": ["/sessions", f"/users/{ALICE}/sessions"],
    "authorizations": ["/authorizations"],
}
EVERY = " ".join(scopes.ADMIN)


@pytest.fixture
async def narrow(sqlite_issuer):
    """Operators with the scopes that a test names."""
    made: list[str] = []

    async def operator(*words):
        id = f"narrow-{len(made)}"
        made.append(id)
        scope = " ".join(f"admin:{word}" for word in words)
        await sqlite_issuer.add_client(id, {"grant_types": ["client_credentials"], "scope": scope})
        answer = await sqlite_issuer.http.post(
            "/token", data={"grant_type": "client_credentials", "scope": scope}, auth=(id, SECRET)
        )
        assert 200 == answer.status_code, answer.text
        return operating.Operator(sqlite_issuer, answer.json()["access_token"])

    return operator


@pytest.mark.parametrize("subject", READS)
async def test_a_subjects_own_scope_reads_that_subject_alone(narrow, subject):
    operator = await narrow(subject)
    statuses = {path: (await operator.get(path)).status_code for paths in READS.values() for path in paths}

    assert set(READS[subject]) == {path for path, status in statuses.items() if status == 200}
    assert {200, 403} == set(statuses.values())


async def test_reading_is_no_writing_and_a_subjects_own_scope_is_both(narrow):
    reader, users = await narrow("read"), await narrow("users")
    refused = await reader.post("/users", {"username": "bob"})

    assert 403 == refused.status_code
    assert 'scope="admin:write"' in refused.headers["www-authenticate"]
    assert "admin:users" in refused.json()["detail"]
    assert 201 == (await users.post("/users", {"username": "bob"})).status_code
    assert 403 == (await users.post("/clients", {"grant_types": []})).status_code
    assert 403 == (await users.delete(f"/users/{ALICE}/sessions")).status_code


async def test_nobody_gives_a_client_a_scope_that_they_lack(narrow):
    operator = await narrow("clients")
    document = {"grant_types": ["client_credentials"]}
    more = await operator.post("/clients", {**document, "client_id": "a", "scope": "admin:clients admin:keys"})
    wide = await operator.post("/clients", {**document, "client_id": "b", "scope": "admin:read"})
    same = await operator.post("/clients", {**document, "client_id": "c", "scope": "admin:clients"})
    later = await operator.patch("/clients/web", {"scope": "admin:write"})

    assert [403, 403, 201, 403] == [one.status_code for one in (more, wide, same, later)]
    assert ("scope", "the client has admin:keys, which you lack") == tuple(more.json()["errors"][0].values())
    assert 404 == (await operator.get("/clients/a")).status_code


@pytest.mark.parametrize("words", [("write",), ("write", "clients", "users")])
async def test_writing_without_reading_is_not_everything(narrow, words):
    operator = await narrow(*words)
    client = await operator.post("/clients", {"grant_types": ["client_credentials"], "scope": "admin:read"})
    person = await operator.post("/users", {"username": "x", "groups": ["admins"]})

    assert [403, 403] == [client.status_code, person.status_code]


async def test_nobody_takes_over_a_client_that_may_more(narrow, sqlite_issuer):
    operator = await narrow("clients")
    answers = [
        await operator.post("/clients/operator/secrets", {}),
        await operator.patch("/clients/operator", {"redirect_uris": ["https://mine.example/cb"]}),
        await operator.delete("/clients/operator"),
        await operator.delete("/clients/operator/secrets/apply"),
    ]

    assert [403] * 4 == [one.status_code for one in answers]
    assert [] == [line for line in sqlite_issuer.lines if "configured" == line["event"]]
    assert 1 == len(await operator.items("/clients/operator/secrets"))


async def test_nobody_makes_or_takes_over_an_admin_who_may_not_do_everything(narrow, sqlite_issuer):
    await sqlite_issuer.add_person("root", groups=("admins",))
    operator, whole = await narrow("users"), await narrow("read", "write")
    answers = [
        await operator.post("/users", {"username": "x", "groups": ["staff", "admins"]}),
        await operator.patch(f"/users/{ALICE}", {"groups": ["admins"]}),
        await operator.patch("/users/id-of-root", {"password": "mine now"}),
        await operator.patch("/users/id-of-root", {"groups": []}),
        await operator.delete("/users/id-of-root"),
    ]

    assert [403] * 5 == [one.status_code for one in answers]
    assert "groups" == answers[0].json()["errors"][0]["member"]
    assert 200 == (await whole.patch("/users/id-of-root", {"password": "mine now"})).status_code
    assert 201 == (await whole.post("/users", {"username": "x", "groups": ["admins"]})).status_code


async def test_a_client_that_registers_narrow_scopes_gets_tokens_with_them_alone(narrow, sqlite_issuer):
    await narrow("keys")
    for scope, expected in (("admin:keys", 200), ("admin:keys admin:read", 400), ("admin:read", 400)):
        form = {"grant_type": "client_credentials", "scope": scope}
        answer = await sqlite_issuer.http.post("/token", data=form, auth=("narrow-0", SECRET))

        assert expected == answer.status_code


async def test_no_answer_ever_holds_a_secret(narrow, sqlite_issuer):
    operator = await narrow("read", "write")
    texts = [(await operator.get(path)).text for paths in READS.values() for path in paths]

    assert [] == [text for text in texts if SECRET in text or "argon2" in text or "digest" in text]


async def test_the_metadata_names_no_admin_scope(sqlite_issuer):
    metadata = (await sqlite_issuer.http.get("/.well-known/openid-configuration")).json()

    assert [] == [word for word in metadata["scopes_supported"] if word in EVERY.split()]
