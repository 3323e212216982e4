"""Sign-out: a page with a button, and only the button ends anything (contract, "Doors")."""

import asyncio

from tests.issuer import hidden

COOKIE = "__Host-mintmark"


async def sign_out(issuer, browser=None, **headers):
    browser = browser or issuer.http
    page = await browser.get("/logout")
    return await browser.post("/logout", data=hidden(page.text), headers=headers)


async def test_the_page_alone_ends_nothing(issuer):
    await issuer.sign_in()
    page = await issuer.http.get("/logout")

    assert 200 == page.status_code
    assert 'id="sign-out"' in page.text
    assert 1 == len(await issuer.sids())


async def test_the_button_ends_the_session_and_what_ends_with_it(issuer):
    online = await issuer.tokens(scope="openid api:read")
    offline = await issuer.tokens(scope="openid offline_access api:read")
    code = await issuer.code(scope="openid api:read")
    answer = await sign_out(issuer)

    assert 200 == answer.status_code
    assert 'id="signed-out"' in answer.text
    assert '"cache"' == answer.headers["clear-site-data"]
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert [] == await issuer.sids()
    assert {"active": False} == await issuer.introspect(online["access_token"])
    assert "invalid_grant" == (await issuer.refresh(online["refresh_token"])).json()["error"]
    assert "invalid_grant" == (await issuer.redeem(code)).json()["error"]
    assert (await issuer.introspect(offline["access_token"]))["active"]
    assert 200 == (await issuer.refresh(offline["refresh_token"])).status_code
    assert "session_ended" in await issuer.audited()


async def test_afterwards_nobody_is_signed_in(sqlite_issuer):
    await sqlite_issuer.authorize()
    await sign_out(sqlite_issuer)
    answer = await sqlite_issuer.http.get("/authorize", params=sqlite_issuer.request(prompt="none"))

    assert "error=login_required" in answer.headers["location"]


async def test_twice_and_at_once_is_once(issuer):
    await issuer.sign_in()
    form = hidden((await issuer.http.get("/logout")).text)
    secret = issuer.http.cookies[COOKIE]
    headers = {"cookie": f"{COOKIE}={secret}"}
    answers = await asyncio.gather(*(issuer.browser().post("/logout", data=form, headers=headers) for _ in range(8)))

    assert {200} == {answer.status_code for answer in answers}
    assert 1 == (await issuer.audited()).count("session_ended")


async def test_a_form_from_elsewhere_ends_nothing(sqlite_issuer):
    await sqlite_issuer.sign_in()
    answers = [
        await sign_out(sqlite_issuer, origin="https://evil.example"),
        await sqlite_issuer.http.post("/logout", data={"csrf_token": "x"}),
    ]

    assert [403, 403] == [answer.status_code for answer in answers]
    assert 1 == len(await sqlite_issuer.sids())


async def test_other_browsers_of_the_person_stay_signed_in(sqlite_issuer):
    other = sqlite_issuer.browser()
    await sqlite_issuer.sign_in(other)
    await sqlite_issuer.sign_in()
    await sign_out(sqlite_issuer)

    assert 200 == (await other.get("/account")).status_code


async def test_who_is_not_signed_in_sees_the_same_pages(sqlite_issuer):
    answer = await sign_out(sqlite_issuer)

    assert 200 == answer.status_code
    assert 'id="signed-out"' in answer.text
