"""What the lists show, by pages; filters; and what they refuse."""

import pytest

from mintmark.store import clients, people
from tests.admin import operating

SESSION = {
    "id", "user_id", "username", "created_at", "last_used_at", "expires_at", "ended_at", "end_reason", "address",
    "user_agent", "acr", "amr", "clients",
}  # fmt: skip
AUTHORIZATION = {
    "id", "user_id", "client_id", "session_id", "scope", "resources", "created_at", "last_used_at", "ended_at",
    "refresh_tokens",
}  # fmt: skip
LISTS = ["/sessions", "/authorizations", "/users/id-of-alice/sessions"]


async def test_a_session_has_the_members_of_the_contract(issuer):
    await issuer.tokens()
    operator = await operating.operator(issuer)
    [session] = await operator.items("/sessions")

    assert SESSION == session.keys()
    assert ("id-of-alice", "alice") == (session["user_id"], session["username"])
    assert "2026-11-25T12:00:00Z" == session["created_at"] == session["last_used_at"]
    assert "2026-11-26T12:00:00Z" == session["expires_at"]
    assert (None, None, ["web"]) == (session["ended_at"], session["end_reason"], session["clients"])
    assert ("urn:mintmark:acr:1", ["pwd"]) == (session["acr"], session["amr"])
    assert session == (await operator.get(f"/sessions/{session['id']}")).json()


async def test_an_authorization_has_the_members_of_the_contract(issuer):
    tokens = await issuer.tokens()
    issuer.later(minutes=5)
    await issuer.refresh(tokens["refresh_token"])
    operator = await operating.operator(issuer)
    [found] = await operator.items("/authorizations")
    newest, spent = found["refresh_tokens"]

    assert AUTHORIZATION == found.keys()
    assert ("id-of-alice", "web", None) == (found["user_id"], found["client_id"], found["ended_at"])
    assert "openid profile email offline_access api:read api:write" == found["scope"]
    assert {"https://api.example", "https://id.example"} == set(found["resources"])
    assert ("2026-11-25T12:00:00Z", "2026-11-25T12:05:00Z") == (found["created_at"], found["last_used_at"])
    assert {"id", "created_at", "expires_at", "spent_at"} == newest.keys()
    assert (None, "2026-11-25T12:05:00Z") == (newest["spent_at"], spent["spent_at"])
    assert found == (await operator.get(f"/authorizations/{found['id']}")).json()


async def test_a_session_names_each_of_its_clients_once(issuer):
    await issuer.tokens()
    await issuer.tokens()
    await issuer.tokens("spa")
    operator = await operating.operator(issuer)
    [session] = await operator.items("/sessions")

    assert ["spa", "web"] == session["clients"]


async def test_pages_hold_everything_once_newest_first(issuer):
    for _ in range(5):
        await issuer.authorize(browser=issuer.browser())
        issuer.later(seconds=1)
    operator = await operating.operator(issuer)
    for path in LISTS:
        whole = [one["id"] for one in await operator.items(path)]
        pages = await operator.walk(path, limit=2)

        assert [2, 2, 1] == [len(page) for page in pages]
        assert whole == [one["id"] for page in pages for one in page]
        assert sorted(whole, reverse=True) == whole


async def test_a_page_that_is_just_full_is_the_last(sqlite_issuer):
    await sqlite_issuer.authorize()
    operator = await operating.operator(sqlite_issuer)

    assert "next" not in (await operator.get("/sessions", limit=1)).json()


async def test_a_list_of_nothing_is_empty(issuer):
    operator = await operating.operator(issuer)

    assert {"items": []} == (await operator.get("/sessions")).json()
    assert {"items": []} == (await operator.get("/authorizations")).json()


async def test_filters_narrow(issuer):
    await issuer.add_person("bob")
    await issuer.authorize("web", browser=issuer.browser())
    await issuer.authorize("spa", browser=issuer.browser())
    issuer.later(seconds=1)  # bob's is the newest
    await issuer.authorize("web", browser=issuer.browser(), username="bob")
    operator = await operating.operator(issuer)
    sessions = await operator.items("/sessions")

    async def count(path, **query):
        return len(await operator.items(path, **query))

    assert 2 == await count("/sessions", user_id="id-of-alice")
    assert 2 == await count("/sessions", client_id="web")
    assert 1 == await count("/sessions", client_id="spa")
    assert 1 == await count("/sessions", user_id="id-of-alice", client_id="web")
    assert 1 == await count("/users/id-of-alice/sessions", client_id="spa")
    assert 0 == await count("/sessions", user_id="nobody")
    assert 2 == await count("/authorizations", user_id="id-of-alice")
    assert 2 == await count("/authorizations", client_id="web")
    assert 1 == await count("/authorizations", session_id=sessions[0]["id"])
    assert 1 == await count("/authorizations", user_id="id-of-alice", client_id="spa")
    assert 0 == await count("/authorizations", user_id="id-of-alice", session_id=sessions[0]["id"])
    assert 3 == await count("/authorizations", user_id="", client_id="", session_id="", after="")


async def test_pages_along_a_client_hold_each_session_once(issuer):
    for _ in range(3):
        browser = issuer.browser()
        await issuer.authorize(browser=browser)
        await issuer.authorize(browser=browser)
    operator = await operating.operator(issuer)
    pages = await operator.walk("/sessions", client_id="web", limit=1)

    assert 3 == len({session["id"] for page in pages for session in page}) == sum(map(len, pages))


async def test_ended_ones_stand_in_the_list_only_when_asked_for(issuer):
    await issuer.tokens()
    operator = await operating.operator(issuer)
    await operator.delete("/users/id-of-alice/sessions", everything="true")
    for path in LISTS:
        [ended] = await operator.items(path, ended="true")

        assert [] == await operator.items(path)
        assert "2026-11-25T12:00:00Z" == ended["ended_at"]


async def test_expired_ones_stand_in_the_list_only_when_asked_for(issuer):
    await issuer.tokens(scope="openid")
    issuer.later(hours=24)
    operator = await operating.operator(issuer)
    for path in LISTS:
        [expired] = await operator.items(path, ended="true")

        assert [] == await operator.items(path)
        assert None is expired["ended_at"]


async def test_what_a_watermark_ended_is_not_listed_and_shown_as_ended(issuer):
    await issuer.tokens()
    await issuer.server.store.commit(clients.disable("web", issuer.server.clock()))
    operator = await operating.operator(issuer)
    [ended] = await operator.items("/authorizations", ended="true")

    assert [] == await operator.items("/authorizations")
    assert "2026-11-25T12:00:00Z" == ended["ended_at"]


async def test_what_a_disabled_person_gave_is_not_listed(issuer):
    await issuer.tokens()
    await issuer.server.store.commit([people.disable("id-of-alice", issuer.server.clock())])
    operator = await operating.operator(issuer)
    for path in LISTS:
        [ended] = await operator.items(path, ended="true")

        assert [] == await operator.items(path)
        assert None is not ended["ended_at"]


async def test_a_long_chain_is_shown_by_its_newest_tokens(issuer):
    tokens = await issuer.tokens()
    for _ in range(12):
        issuer.later(minutes=1)
        tokens = (await issuer.refresh(tokens["refresh_token"])).json()
    operator = await operating.operator(issuer)
    [listed] = await operator.items("/authorizations")
    alone = (await operator.get(f"/authorizations/{listed['id']}")).json()

    assert (10, 13) == (len(listed["refresh_tokens"]), len(alone["refresh_tokens"]))
    assert "2026-11-25T12:12:00Z" == listed["last_used_at"] == listed["refresh_tokens"][0]["created_at"]


@pytest.mark.usefixtures("without_upkeep")
async def test_a_page_costs_two_statements_beside_the_token(sqlite_issuer):
    for _ in range(4):
        await sqlite_issuer.authorize(browser=sqlite_issuer.browser())
    operator = await operating.operator(sqlite_issuer)
    for path in LISTS[:2]:
        before = sqlite_issuer.server.store.statements
        await operator.items(path)

        assert 3 == sqlite_issuer.server.store.statements - before


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("query", "member"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": "9" * 5000}, "limit"),
        ({"limit": ["1", "2"]}, "limit"),
        ({"offset": "5"}, "offset"),
        ({"ended": "perhaps"}, "ended"),
        ({"after": "nonsense"}, "after"),
        ({"after": "ü"}, "after"),
        ({"after": "A" * 64}, "after"),
        ({"client_id": "x" * 301}, "client_id"),
    ],
)
async def test_what_cannot_be_read_is_400_and_named(shared, path, query, member):
    answer = await shared.get(path, **query)

    assert 400 == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]
    assert member in answer.json()["detail"]


async def test_a_cursor_of_another_list_is_unknown(sqlite_issuer):
    for _ in range(2):
        await sqlite_issuer.authorize(browser=sqlite_issuer.browser())
    operator = await operating.operator(sqlite_issuer)
    after = (await operator.get("/sessions", limit=1)).json()["next"]

    assert 400 == (await operator.get("/authorizations", after=after)).status_code
    assert 200 == (await operator.get("/users/id-of-alice/sessions", after=after)).status_code


@pytest.mark.parametrize(
    "path", ["/sessions/x", "/authorizations/x", "/users/nobody/sessions", "/sessions/%00", "/authorizations/%ff"]
)
async def test_what_is_unknown_is_404(issuer, path):
    operator = await operating.operator(issuer)
    answers = [await operator.get(path), await operator.delete(path)]

    assert [404, 404] == [answer.status_code for answer in answers]
    assert "application/problem+json" == answers[0].headers["content-type"]


@pytest.mark.parametrize("value", ["%00", "%ff", "%ED%A0%80", "'", "a%20b"])
async def test_an_odd_filter_finds_nothing_and_breaks_nothing(issuer, value):
    token = await operating.token(issuer)
    headers = {"authorization": f"Bearer {token}"}
    for path in ("sessions?user_id=", "sessions?client_id=", "authorizations?session_id="):
        answer = await issuer.http.get(f"/admin/api/{path}{value}", headers=headers)

        assert answer.status_code in (200, 400)
