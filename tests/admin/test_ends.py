"""Ending sessions and authorizations by the admin API: what ends, what goes on, and what the audit trail says."""

from sqlalchemy import select

from mintmark.store.executor import Read
from mintmark.store.schema import audit
from tests.admin import operating

FACTS = Read(
    select(audit.c.event, audit.c.actor, audit.c.session_id, audit.c.person_id, audit.c.authorization_id)
    .where(audit.c.actor.is_not(None))
    .order_by(audit.c.id)
)
ONLINE = "openid profile api:read"


async def is_live(issuer, tokens):
    return (await issuer.introspect(tokens["access_token"]))["active"]


async def refreshes(issuer, tokens):
    return 200 == (await issuer.refresh(tokens["refresh_token"])).status_code


async def test_ending_a_session_ends_what_ends_with_it_alone(issuer):
    online, offline = await issuer.tokens(scope=ONLINE), await issuer.tokens()
    operator = await operating.operator(issuer)
    [session] = await operator.items("/sessions")
    answer = await operator.delete(f"/sessions/{session['id']}")

    assert (204, b"") == (answer.status_code, answer.content)
    assert not await is_live(issuer, online)
    assert not await refreshes(issuer, online)
    assert await is_live(issuer, offline)
    assert await refreshes(issuer, offline)
    assert "/login" in (await issuer.http.get("/account")).headers["location"]


async def test_ending_everything_of_a_session_ends_offline_access_too(issuer):
    tokens = await issuer.tokens()
    operator = await operating.operator(issuer)
    [session] = await operator.items("/sessions")
    await operator.delete(f"/sessions/{session['id']}", everything="true")

    assert not await is_live(issuer, tokens)
    assert not await refreshes(issuer, tokens)


async def test_everything_may_be_ended_after_the_session(issuer):
    tokens = await issuer.tokens()
    operator = await operating.operator(issuer)
    [session] = await operator.items("/sessions")
    answers = [
        await operator.delete(f"/sessions/{session['id']}"),
        await operator.delete(f"/sessions/{session['id']}", everything="true"),
    ]

    assert [204, 204] == [answer.status_code for answer in answers]
    assert not await refreshes(issuer, tokens)


async def test_an_end_again_is_the_same_answer_and_no_other_fact(issuer):
    await issuer.tokens()
    operator = await operating.operator(issuer)
    [session] = await operator.items("/sessions")
    [authorization] = await operator.items("/authorizations")
    paths = [f"/sessions/{session['id']}", f"/authorizations/{authorization['id']}"]
    answers = []
    for path in paths * 2:
        answers.append(await operator.delete(path))
        issuer.later(seconds=1)  # facts sort by time

    assert [204] * 4 == [answer.status_code for answer in answers]
    assert [
        ("session_ended", "operator", session["id"], "id-of-alice", None),
        ("authorization_ended", "operator", None, "id-of-alice", authorization["id"]),
    ] == await issuer.server.store.fetch(FACTS)


async def test_an_ended_session_says_when_and_why(issuer):
    await issuer.tokens()
    operator = await operating.operator(issuer)
    [session] = await operator.items("/sessions")
    await operator.delete(f"/sessions/{session['id']}")
    ended = (await operator.get(f"/sessions/{session['id']}")).json()

    assert ("2026-11-25T12:00:00Z", "ended by an operator") == (ended["ended_at"], ended["end_reason"])


async def test_ending_all_sessions_of_a_person_leaves_offline_access(issuer):
    await issuer.add_person("bob")
    other = await issuer.tokens(scope=ONLINE, browser=issuer.browser(), username="bob")
    online, offline = await issuer.tokens(scope=ONLINE), await issuer.tokens(browser=issuer.browser())
    operator = await operating.operator(issuer)
    answers = [await operator.delete("/users/id-of-alice/sessions") for _ in range(2)]

    assert [204, 204] == [answer.status_code for answer in answers]
    assert [] == await operator.items("/users/id-of-alice/sessions")
    assert not await is_live(issuer, online)
    assert await is_live(issuer, offline)
    assert await is_live(issuer, other)


async def test_ending_everything_of_a_person_leaves_nothing(issuer):
    online, offline = await issuer.tokens(scope=ONLINE), await issuer.tokens(browser=issuer.browser())
    operator = await operating.operator(issuer)
    await operator.delete("/users/id-of-alice/sessions", everything="true")

    assert not await is_live(issuer, online)
    assert not await is_live(issuer, offline)
    assert not await refreshes(issuer, offline)


async def test_a_person_signs_in_again_after_an_end(issuer):
    await issuer.tokens()
    operator = await operating.operator(issuer)
    await operator.delete("/users/id-of-alice/sessions", everything="true")
    issuer.later(milliseconds=1)
    tokens = await issuer.tokens(browser=issuer.browser())

    assert await is_live(issuer, tokens)
    assert 1 == len(await operator.items("/sessions"))


async def test_ending_an_authorization_ends_its_tokens_and_its_consent(issuer):
    tokens = await issuer.tokens()
    operator = await operating.operator(issuer)
    [authorization] = await operator.items("/authorizations")
    answer = await operator.delete(f"/authorizations/{authorization['id']}")
    asked = await issuer.http.get("/authorize", params=issuer.request(), follow_redirects=True)

    assert 204 == answer.status_code
    assert not await is_live(issuer, tokens)
    assert not await refreshes(issuer, tokens)
    assert 1 == len(await operator.items("/sessions"))
    assert 'id="consent"' in asked.text


async def test_a_misspelt_parameter_ends_nothing(issuer):
    await issuer.tokens()
    operator = await operating.operator(issuer)
    [session] = await operator.items("/sessions")
    answers = [
        await operator.delete(f"/sessions/{session['id']}", everthing="true"),
        await operator.delete(f"/sessions/{session['id']}", everything=["true", "true"]),
        await operator.delete("/users/id-of-alice/sessions", all="true"),
    ]

    assert [400, 400, 400] == [answer.status_code for answer in answers]
    assert 1 == len(await operator.items("/sessions"))
