"""The account page: where am I signed in, and which apps act for me (contract, "Doors")."""

from tests.issuer import ALICE, hidden

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def end(issuer, browser=None, **which):
    browser = browser or issuer.http
    token = hidden((await browser.get("/account")).text)["csrf_token"]
    return await browser.post("/account", data={"csrf_token": token, **which})


async def test_who_is_not_signed_in_goes_to_the_sign_in_page(sqlite_issuer):
    answer = await sqlite_issuer.http.get("/account")

    assert (303, "https://id.example/login") == (answer.status_code, answer.headers["location"])


async def test_it_shows_the_sessions_and_the_apps(sqlite_issuer):
    other = sqlite_issuer.browser("192.0.2.9")
    other.headers["user-agent"] = AGENT
    await sqlite_issuer.sign_in(other)
    await sqlite_issuer.authorize()
    page = await sqlite_issuer.http.get("/account")

    assert 200 == page.status_code
    assert all(text in page.text for text in ("Alice Example", "Harbour Notes", "This browser", "192.0.2.9", "Firefox"))
    assert "same-origin" == page.headers["cross-origin-opener-policy"]
    assert "no-store" == page.headers["cache-control"]


async def test_another_session_is_ended_there(issuer):
    other = issuer.browser()
    await issuer.sign_in(other)
    tokens = await issuer.tokens(browser=other, scope="openid api:read")
    issuer.later(seconds=1)
    await issuer.sign_in()
    first, mine = await issuer.sids()
    answer = await end(issuer, end_session=first)

    assert (303, "https://id.example/account") == (answer.status_code, answer.headers["location"])
    assert [mine] == await issuer.sids()
    assert 303 == (await other.get("/account")).status_code
    assert {"active": False} == await issuer.introspect(tokens["access_token"])


async def test_an_app_that_is_ended_loses_its_tokens_and_must_ask_again(issuer):
    tokens = await issuer.tokens()
    page = await issuer.http.get("/account")
    id = page.text.partition('name="end_authorization" value="')[2].partition('"')[0]
    await end(issuer, end_authorization=id)
    again = await issuer.http.get("/authorize", params=issuer.request())

    assert {"active": False} == await issuer.introspect(tokens["access_token"])
    assert "invalid_grant" == (await issuer.refresh(tokens["refresh_token"])).json()["error"]
    assert "/consent?request=" in again.headers["location"]


async def test_somebody_elses_session_and_app_are_none(sqlite_issuer):
    await sqlite_issuer.tokens()
    await sqlite_issuer.add_person("bob")
    page = await sqlite_issuer.http.get("/account")
    id = page.text.partition('name="end_authorization" value="')[2].partition('"')[0]
    browser = sqlite_issuer.browser()
    await sqlite_issuer.authorize(browser=browser, username="bob")
    before = await sqlite_issuer.rows()
    for which in (
        {"end_session": (await sqlite_issuer.sids(ALICE))[0]},
        {"end_authorization": id},
        {"end_session": "x"},
    ):
        assert 303 == (await end(sqlite_issuer, browser, **which)).status_code

    assert before == await sqlite_issuer.rows()


async def test_a_session_that_idled_out_is_shown_no_more_and_costs_no_live_one_its_place(sqlite_issuer):
    await sqlite_issuer.set_policy({"max_sessions": 2, "session_idle": "1h"})
    kept, idle = sqlite_issuer.browser(), sqlite_issuer.browser()
    await sqlite_issuer.sign_in(kept)
    await sqlite_issuer.sign_in(idle)
    for _ in range(2):
        sqlite_issuer.later(minutes=40)
        assert 200 == (await kept.get("/account")).status_code
    page = await kept.get("/account")
    await sqlite_issuer.sign_in()

    assert "end_session" not in page.text
    assert 200 == (await kept.get("/account")).status_code
