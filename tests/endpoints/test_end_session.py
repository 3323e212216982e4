"""The end-session endpoint: what a client may ask, and what the person answers (OIDC RP-Initiated Logout)."""

import asyncio
from urllib.parse import urlencode

import pytest

from mintmark.keys import jwt
from mintmark.mint import seconds
from tests.issuer import claims, hidden, part

BYE = "https://web.example/bye"
EVIL = "https://evil.example/bye"
COOKIE = "__Host-mintmark"
CROSS = {"origin": "https://web.example", "sec-fetch-site": "cross-site"}


@pytest.fixture
async def issuer(issuer):
    return await registered(issuer)


@pytest.fixture
async def sqlite_issuer(sqlite_issuer):
    return await registered(sqlite_issuer)


async def registered(issuer):
    await issuer.change_client("web", post_logout_redirect_uris=[BYE, BYE + "?a=1"])
    await issuer.change_client("spa", post_logout_redirect_uris=["http://127.0.0.1/bye"])
    return issuer


async def ask(issuer, browser=None, **parameters):
    return await (browser or issuer.http).get("/end_session", params=parameters)


async def answered(issuer, page, browser=None):
    """The person presses the button."""
    return await (browser or issuer.http).post("/logout", data=hidden(page.text))


async def signed_in(issuer, client="web", **changed):
    return (await issuer.tokens(client, **changed))["id_token"]


def is_asked(page):
    return 200 == page.status_code and 'id="sign-out"' in page.text and "location" not in page.headers


async def is_signed_in(issuer):
    answer = await issuer.http.get("/authorize", params=issuer.request(prompt="none"))
    return "code=" in answer.headers["location"]


# ── with a hint of this session: at once


async def test_the_session_ends_and_the_browser_goes_back_with_the_state(issuer):
    hint = await signed_in(issuer)
    answer = await ask(issuer, id_token_hint=hint, post_logout_redirect_uri=BYE, state="a b&c")

    assert (303, BYE + "?state=a%20b%26c") == (answer.status_code, answer.headers["location"])
    assert [] == await issuer.sids()
    assert not await is_signed_in(issuer)
    assert "session_ended" in await issuer.audited()


async def test_the_registered_query_stays_and_without_state_none_is_added(sqlite_issuer):
    hint = await signed_in(sqlite_issuer)
    answer = await ask(sqlite_issuer, id_token_hint=hint, post_logout_redirect_uri=BYE + "?a=1")

    assert BYE + "?a=1" == answer.headers["location"]


async def test_without_an_address_there_is_a_page(sqlite_issuer):
    hint = await signed_in(sqlite_issuer)
    page = await ask(sqlite_issuer, id_token_hint=hint, state="x")

    assert (200, []) == (page.status_code, await sqlite_issuer.sids())
    assert 'id="signed-out"' in page.text


async def test_a_hint_may_have_expired_long_ago(sqlite_issuer):
    hint = await signed_in(sqlite_issuer)
    sqlite_issuer.later(hours=3)
    answer = await ask(sqlite_issuer, id_token_hint=hint, post_logout_redirect_uri=BYE, client_id="web")

    assert (BYE, []) == (answer.headers["location"], await sqlite_issuer.sids())


async def test_once_more_goes_the_same_way(issuer):
    hint = await signed_in(issuer)
    answers = [await ask(issuer, id_token_hint=hint, post_logout_redirect_uri=BYE, state="x") for _ in range(3)]

    assert {BYE + "?state=x"} == {answer.headers["location"] for answer in answers}
    assert 1 == (await issuer.audited()).count("session_ended")


async def test_eight_at_once_are_one(issuer):
    hint = await signed_in(issuer)
    answers = await asyncio.gather(*(ask(issuer, id_token_hint=hint, post_logout_redirect_uri=BYE) for _ in range(8)))

    assert {BYE} == {answer.headers["location"] for answer in answers}
    assert 1 == (await issuer.audited()).count("session_ended")


async def test_what_ends_with_the_session_ends_and_offline_access_goes_on(issuer):
    online = await issuer.tokens(scope="openid api:read")
    offline = await issuer.tokens(scope="openid offline_access api:read")
    await ask(issuer, id_token_hint=online["id_token"])

    assert "invalid_grant" == (await issuer.refresh(online["refresh_token"])).json()["error"]
    assert 200 == (await issuer.refresh(offline["refresh_token"])).status_code


async def test_a_native_apps_port_is_free(sqlite_issuer):
    hint = await signed_in(sqlite_issuer, "spa", redirect_uri="http://127.0.0.1:9999/callback")
    answer = await ask(sqlite_issuer, id_token_hint=hint, post_logout_redirect_uri="http://127.0.0.1:4711/bye")

    assert "http://127.0.0.1:4711/bye" == answer.headers["location"]


async def test_nonsense_in_hints_for_people_and_languages_is_passed_over(sqlite_issuer):
    hint = await signed_in(sqlite_issuer)
    answer = await ask(
        sqlite_issuer, id_token_hint=hint, post_logout_redirect_uri=BYE, logout_hint="\u2603", ui_locales="-- 7", x="y"
    )

    assert BYE == answer.headers["location"]


# ── refused: a page, and nothing ends


@pytest.mark.parametrize(
    "address",
    [EVIL, BYE + "/", BYE + "?a=2", BYE + "?a=1&b=2", "https://web.example/cb", "//web.example/bye", BYE + "%0d%0aX:y"],
)
async def test_an_address_that_is_not_registered_is_a_page_and_the_session_goes_on(sqlite_issuer, address):
    hint = await signed_in(sqlite_issuer)
    page = await ask(sqlite_issuer, id_token_hint=hint, post_logout_redirect_uri=address)

    assert 400 == page.status_code
    assert '<p id="error">' in page.text
    assert "location" not in page.headers
    assert 1 == len(await sqlite_issuer.sids())
    assert ["post_logout_redirect_uri"] == sqlite_issuer.refusals("check")


async def test_another_clients_address_or_name_is_a_page(sqlite_issuer):
    hint = await signed_in(sqlite_issuer)
    pages = [
        await ask(sqlite_issuer, id_token_hint=hint, post_logout_redirect_uri="http://127.0.0.1/bye"),
        await ask(sqlite_issuer, id_token_hint=hint, client_id="other"),
    ]

    assert [400, 400] == [page.status_code for page in pages]
    assert 1 == len(await sqlite_issuer.sids())


async def test_a_parameter_twice_is_a_page(sqlite_issuer):
    hint = await signed_in(sqlite_issuer)
    twice = [("id_token_hint", hint), ("post_logout_redirect_uri", BYE), ("post_logout_redirect_uri", EVIL)]
    page = await sqlite_issuer.http.get("/end_session?" + urlencode(twice))

    assert 400 == page.status_code
    assert 1 == len(await sqlite_issuer.sids())


# ── without a trustworthy hint: the person is asked


def unsigned(hint):
    return f"eyJhbGciOiJub25lIn0.{hint.split('.')[1]}."


def damaged(hint):
    return hint[:-6] + ("AAAAAA" if not hint.endswith("AAAAAA") else "BBBBBB")


async def foreign(issuer, hint, **changed):
    """Signed by us, but not an ID token of this issuer."""
    ring, now = issuer.server.registry.ring, issuer.server.clock()
    typ = changed.pop("typ", "JWT")
    return jwt.sign(ring.signer("RS256", now), typ, {**claims(hint), **changed})


@pytest.mark.parametrize("kind", ["unsigned", "damaged", "garbage", "issuer", "access token", "logout token"])
async def test_a_forged_hint_ends_nothing_and_leads_nowhere(sqlite_issuer, kind):
    hint = await signed_in(sqlite_issuer)
    forged = {
        "unsigned": unsigned(hint),
        "damaged": damaged(hint),
        "garbage": "x" * 5000,
        "issuer": await foreign(sqlite_issuer, hint, iss="https://other.example"),
        "access token": (await sqlite_issuer.tokens())["access_token"],
        "logout token": await foreign(sqlite_issuer, hint, typ="logout+jwt"),
    }[kind]
    page = await ask(sqlite_issuer, id_token_hint=forged, post_logout_redirect_uri=BYE, state="x")
    there = len(await sqlite_issuer.sids())
    after = await answered(sqlite_issuer, page)

    assert is_asked(page)
    assert 1 == there
    assert 200 == after.status_code
    assert 'id="signed-out"' in after.text  # nobody was named: nobody to go back to
    assert [] == await sqlite_issuer.sids()


@pytest.mark.parametrize(
    "parameters", [{}, {"state": "x"}, {"post_logout_redirect_uri": BYE, "state": "x"}, {"client_id": "nobody"}]
)
async def test_without_a_hint_the_person_is_asked_and_then_there_is_a_page(sqlite_issuer, parameters):
    await signed_in(sqlite_issuer)
    page = await ask(sqlite_issuer, **parameters)
    there = len(await sqlite_issuer.sids())
    after = await answered(sqlite_issuer, page)

    assert is_asked(page)
    assert 1 == there
    assert 'id="signed-out"' in after.text
    assert [] == await sqlite_issuer.sids()
    assert not await is_signed_in(sqlite_issuer)


async def test_a_named_client_gets_the_person_back_after_the_answer(issuer):
    await signed_in(issuer)
    page = await ask(issuer, client_id="web", post_logout_redirect_uri=BYE, state="x")
    after = await answered(issuer, page)

    assert is_asked(page)
    assert "Harbour Notes" in page.text
    assert "form-action 'self' https://web.example" in page.headers["content-security-policy"]
    assert (303, BYE + "?state=x") == (after.status_code, after.headers["location"])
    assert [] == await issuer.sids()


async def test_a_named_client_with_another_address_is_a_page(sqlite_issuer):
    await signed_in(sqlite_issuer)

    assert 400 == (await ask(sqlite_issuer, client_id="web", post_logout_redirect_uri=EVIL)).status_code


async def test_a_hint_of_another_session_asks_and_the_answer_ends_this_one(issuer):
    first = await signed_in(issuer, browser=issuer.browser())
    await signed_in(issuer)
    page = await ask(issuer, id_token_hint=first, post_logout_redirect_uri=BYE)
    there = len(await issuer.sids())
    after = await answered(issuer, page)

    assert is_asked(page)
    assert 2 == there
    assert BYE == after.headers["location"]
    assert [claims(first)["sid"]] == await issuer.sids()


async def test_a_disabled_clients_hint_asks_and_leads_nowhere(sqlite_issuer):
    hint = await signed_in(sqlite_issuer)
    await sqlite_issuer.disable_client("web")
    page = await ask(sqlite_issuer, id_token_hint=hint, post_logout_redirect_uri=BYE)

    assert is_asked(page)
    assert 200 == (await answered(sqlite_issuer, page)).status_code


async def test_the_answer_is_the_persons_own_form(sqlite_issuer):
    await signed_in(sqlite_issuer)
    page = await ask(sqlite_issuer, client_id="web", post_logout_redirect_uri=BYE)
    form = hidden(page.text)
    forged = [
        await sqlite_issuer.http.post("/logout", data=form, headers=CROSS),
        await sqlite_issuer.http.post("/logout", data={**form, "csrf_token": "x"}),
    ]

    assert [403, 403] == [one.status_code for one in forged]
    assert 1 == len(await sqlite_issuer.sids())


@pytest.mark.parametrize("changed", ["x", "x.y", ".", "e30.e30", "\u2603"])
async def test_what_was_kept_cannot_be_made_up(sqlite_issuer, changed):
    await signed_in(sqlite_issuer)
    form = hidden((await ask(sqlite_issuer, client_id="web", post_logout_redirect_uri=BYE)).text)
    after = await sqlite_issuer.http.post("/logout", data={**form, "request": changed})
    page = await ask(sqlite_issuer, request=changed)

    assert 200 == after.status_code
    assert "location" not in after.headers
    assert is_asked(page)


async def test_an_answer_after_half_an_hour_signs_out_and_leads_nowhere(sqlite_issuer):
    await signed_in(sqlite_issuer)
    page = await ask(sqlite_issuer, client_id="web", post_logout_redirect_uri=BYE)
    sqlite_issuer.later(minutes=31)
    after = await answered(sqlite_issuer, page)

    assert (200, []) == (after.status_code, await sqlite_issuer.sids())


# ── POST


async def test_a_post_from_another_site_goes_on_by_a_get_where_the_cookies_arrive(issuer):
    hint = await signed_in(issuer)
    sent = {"id_token_hint": hint, "post_logout_redirect_uri": BYE, "state": "x"}
    posted = await issuer.browser().post("/end_session", data=sent, headers=CROSS)
    there = len(await issuer.sids())
    answer = await issuer.http.get(posted.headers["location"])

    assert 303 == posted.status_code
    assert posted.headers["location"].startswith(issuer.url + "/end_session?request=")
    assert hint not in posted.headers["location"]
    assert 1 == there
    assert (BYE + "?state=x", []) == (answer.headers["location"], await issuer.sids())


async def test_a_post_from_another_site_without_a_hint_asks(sqlite_issuer):
    await signed_in(sqlite_issuer)
    before = await sqlite_issuer.rows()
    posted = await sqlite_issuer.http.post("/end_session", data={"state": "x"}, headers=CROSS)
    page = await sqlite_issuer.http.get(posted.headers["location"])

    assert is_asked(page)
    assert before == await sqlite_issuer.rows()


async def test_a_post_of_a_clients_server_without_cookies_ends_the_hints_session(issuer):
    hint = await signed_in(issuer)
    sent = {"id_token_hint": hint, "client_id": "web", "post_logout_redirect_uri": BYE, "state": "x"}
    answer = await issuer.browser().post("/end_session", data=sent)
    again = await issuer.browser().post("/end_session", data=sent)

    assert {BYE + "?state=x"} == {one.headers["location"] for one in (answer, again)}
    assert [] == await issuer.sids()


async def test_a_post_of_a_program_without_a_hint_ends_nothing(sqlite_issuer):
    await signed_in(sqlite_issuer)
    page = await sqlite_issuer.http.post("/end_session", data={"post_logout_redirect_uri": BYE})

    assert is_asked(page)
    assert 1 == len(await sqlite_issuer.sids())


@pytest.mark.parametrize("sent", [b"\xff=1", b"a=1&a=2", b"x=" + b"y" * 200_000])
async def test_a_bad_post_is_a_page(sqlite_issuer, sent):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await sqlite_issuer.http.post("/end_session", content=sent, headers=headers)

    assert answer.status_code in (400, 413)
    assert '<p id="error">' in answer.text


# ── what the browser keeps


async def test_the_cookies_go_and_the_state_is_another(sqlite_issuer):
    hint = await signed_in(sqlite_issuer)
    before = sqlite_issuer.http.cookies[f"{COOKIE}-state"]
    answer = await ask(sqlite_issuer, id_token_hint=hint, post_logout_redirect_uri=BYE)
    cookies = answer.headers.get_list("set-cookie")

    assert any(cookie.startswith(f"{COOKIE}=;") and "Max-Age=0" in cookie for cookie in cookies)
    assert '"cache"' == answer.headers["clear-site-data"]
    assert before != sqlite_issuer.http.cookies[f"{COOKIE}-state"]


async def test_nobodys_tokens_hold_more_than_they_say(sqlite_issuer):
    """The hint is our own word: `sid` stands in every ID token of a browser's session."""
    hint = await signed_in(sqlite_issuer)

    assert [claims(hint)["sid"]] == await sqlite_issuer.sids()
    assert "JWT" == part(hint, 0)["typ"]
    assert claims(hint)["iat"] <= seconds(sqlite_issuer.server.clock())
