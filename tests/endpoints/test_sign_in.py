"""The sign-in page: who are you, and did this form really come from here? (contract, "Doors"; hardening 4.1, 4.2)."""

import asyncio

import pytest
from sqlalchemy import bindparam, update

from mintmark.factors import password as passwords
from mintmark.store import accounts, people, schema
from mintmark.store.changes import Change, Run
from mintmark.store.times import ms
from tests.issuer import ALICE, CALLBACK, PASSWORD, boxes, hidden, start

COOKIE = "__Host-mintmark"
ORIGIN = "https://id.example"


async def form(issuer, browser=None, **changed):
    page = await (browser or issuer.http).get("/login")
    return {**hidden(page.text), "username": "alice", "password": PASSWORD, **changed}


async def post(issuer, browser=None, headers=None, **changed):
    browser = browser or issuer.http
    return await browser.post("/login", data=await form(issuer, browser, **changed), headers=headers or {})


def is_refused(answer, status=403):
    assert status == answer.status_code
    assert "text/html; charset=utf-8" == answer.headers["content-type"]
    assert '<p id="error">' in answer.text


# ── the page


async def test_the_page_has_one_form_and_its_names(sqlite_issuer):
    page = await sqlite_issuer.http.get("/login?return_to=https://evil.example")

    assert 1 == page.text.count("<form")
    assert all(
        part in page.text for part in ('<form id="sign-in"', 'id="submit"', 'name="username"', 'name="password"')
    )
    assert "evil.example" not in page.text
    assert {"csrf_token", "request"} == set(hidden(page.text))


async def test_without_a_request_under_way_it_ends_at_the_account_page(sqlite_issuer):
    answer = await sqlite_issuer.sign_in()
    again = await sqlite_issuer.http.get("/login")

    assert (303, ORIGIN + "/account") == (answer.status_code, answer.headers["location"])
    assert (303, ORIGIN + "/account") == (again.status_code, again.headers["location"])


async def test_the_page_links_what_the_client_links_and_never_a_script(sqlite_issuer):
    await sqlite_issuer.change_client("web", policy_uri="https://web.example/privacy", tos_uri="javascript:alert(1)")
    begun = await sqlite_issuer.http.get("/authorize", params=sqlite_issuer.request())
    page = await sqlite_issuer.http.get(begun.headers["location"])

    assert "https://web.example/privacy" in page.text
    assert "javascript:" not in page.text


# ── the cookie and the session


async def test_the_cookie_is_for_this_host_alone_and_no_script_reads_it(sqlite_issuer):
    answer = await sqlite_issuer.http.get("/login")
    signed_in = await sqlite_issuer.sign_in()
    cookies = [*answer.headers.get_list("set-cookie"), *signed_in.headers.get_list("set-cookie")]
    for_scripts = [cookie for cookie in cookies if cookie.startswith(f"{COOKIE}-state=")]
    cookies = [cookie for cookie in cookies if cookie not in for_scripts]

    assert 1 == len(for_scripts)  # says nothing (docs: logout)
    assert 3 == len(cookies)  # the pre-session, the session, the mark of a known browser
    for cookie in cookies:
        assert cookie.startswith(COOKIE)
        parts = set(cookie.split("; ")[1:])
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= parts
        assert not any(part.startswith("Domain") for part in parts)
        assert len(cookie) < 4096


async def test_on_loopback_http_the_cookie_bears_the_issuers_mark(sqlite_database):
    async for issuer in start(sqlite_database, MINTMARK_ISSUER="http://localhost:8000"):
        answer = await issuer.http.get("/login")
        cookie = answer.headers["set-cookie"]

        assert cookie.startswith(issuer.settings.cookie_name + "=")
        assert "mintmark-" == issuer.settings.cookie_name[:9]
        assert 8 == len(issuer.settings.cookie_name[9:])
        assert "Secure" not in cookie
        assert "strict-transport-security" not in answer.headers
        assert 303 == (await issuer.sign_in()).status_code


async def test_the_secret_changes_at_sign_in_and_the_old_one_is_nobodys(issuer):
    await issuer.http.get("/login")
    before = issuer.http.cookies[COOKIE]
    await issuer.sign_in()
    after = issuer.http.cookies[COOKIE]
    thief = issuer.browser()
    thief.cookies.set(COOKIE, before, domain="id.example", path="/")

    assert before != after
    assert ORIGIN + "/login" == (await thief.get("/account")).headers["location"]
    assert 200 == (await issuer.http.get("/account")).status_code


async def test_a_session_is_stored_as_a_digest(issuer):
    await issuer.sign_in()
    secret = issuer.http.cookies[COOKIE]

    assert secret not in str(await issuer.rows())


async def test_a_session_ends_when_it_idles_and_in_any_case_after_a_day(issuer):
    async def signed_in():
        return 200 == (await issuer.http.get("/account")).status_code

    await issuer.sign_in()
    issuer.later(hours=7, minutes=59)
    used = await signed_in()
    issuer.later(hours=8)
    idle = await signed_in()
    await issuer.sign_in()
    for _ in range(3):
        issuer.later(hours=7, minutes=50)
        assert await signed_in()
    issuer.later(minutes=31)

    assert used
    assert not idle
    assert not await signed_in()


async def test_another_person_ends_the_session_that_was_here(issuer):
    tokens = await issuer.tokens(scope="openid api:read")
    await issuer.add_person("bob")
    issuer.later(seconds=1)
    got = await issuer.authorize(prompt="login", username="bob", scope="openid api:read")

    assert "code" in got
    assert [] == await issuer.sids()
    assert 1 == len(await issuer.sids("id-of-bob"))
    assert {"active": False} == await issuer.introspect(tokens["access_token"])
    assert "session_ended" in await issuer.audited()


async def test_the_same_person_keeps_the_session_and_its_sid_but_not_its_secret(issuer):
    tokens = await issuer.tokens(scope="openid api:read")
    sid, secret = await issuer.sids(), issuer.http.cookies[COOKIE]
    issuer.later(minutes=1)
    await issuer.authorize(prompt="login")
    thief = issuer.browser()
    thief.cookies.set(COOKIE, secret, domain="id.example", path="/")

    assert sid == await issuer.sids()
    assert secret != issuer.http.cookies[COOKIE]
    assert ORIGIN + "/login" == (await thief.get("/account")).headers["location"]
    assert (await issuer.introspect(tokens["access_token"]))["active"]


async def test_the_oldest_session_ends_when_one_too_many_begins(issuer):
    await issuer.set_policy({"max_sessions": 2})
    browsers = [issuer.browser() for _ in range(3)]
    for browser in browsers:
        issuer.later(seconds=1)
        await issuer.sign_in(browser)
    statuses = [(await browser.get("/account")).status_code for browser in browsers]
    at_once = [issuer.browser() for _ in range(6)]
    await asyncio.gather(*(issuer.sign_in(browser) for browser in at_once))

    assert [303, 200, 200] == statuses
    assert 2 == len(await issuer.sids())


async def test_a_session_of_a_disabled_person_is_over_for_good(issuer):
    await issuer.sign_in()
    await issuer.disable_person()
    disabled = await issuer.http.get("/account")
    await issuer.enable_person()
    enabled = await issuer.http.get("/account")

    assert [303, 303] == [disabled.status_code, enabled.status_code]


async def test_who_signs_in_again_while_their_session_is_ended_elsewhere_has_a_new_one(issuer, monkeypatch):
    await issuer.sign_in()
    issuer.later(seconds=1)
    begun = await issuer.http.get("/authorize", params=issuer.request(prompt="login"))
    page = await issuer.http.get(begun.headers["location"])
    before = await issuer.sids()
    prove = passwords.verify

    async def proved_while_it_ends(*given):
        found = await prove(*given)
        for sid in await issuer.sids():
            await issuer.end_session(sid)
        return found

    monkeypatch.setattr(passwords, "verify", proved_while_it_ends)
    answer = await issuer.http.post("/login", data={**hidden(page.text), "username": "alice", "password": PASSWORD})

    assert 303 == answer.status_code
    assert 1 == len(await issuer.sids())
    assert before != await issuer.sids()


async def test_a_password_that_is_changed_while_it_is_looked_at_signs_nobody_in(issuer, monkeypatch):
    """What was right when it was read is wrong when it counts: the change had been acknowledged by then."""
    page, verify, changes = await issuer.http.get("/login"), type(issuer.server.hashing).verify, list[Change]()

    async def verified_while_it_changes(self, password, stored):
        verdict = await verify(self, password, stored)
        if not changes:
            issuer.later(seconds=1)
            person = await people.find(issuer.server.store, ALICE)
            assert person is not None
            again = await self.hash("another one that is long")
            changes.extend(accounts.set_password(person, again, issuer.moment[0]))
            await issuer.server.store.commit(changes)
        return verdict

    monkeypatch.setattr(type(issuer.server.hashing), "verify", verified_while_it_changes)
    old = await issuer.http.post("/login", data={**hidden(page.text), "username": "alice", "password": PASSWORD})
    none = await issuer.sids()
    new = await issuer.sign_in(password="another one that is long")

    assert (400, [], 303) == (old.status_code, none, new.status_code)


async def test_a_session_that_was_ended_with_everything_is_none(issuer):
    await issuer.sign_in()
    table = schema.configuration
    over = update(table).where(table.c.id == bindparam("key")).values(ended_before=bindparam("now"))
    await issuer.server.store.commit([Run(over, {"key": 1, "now": ms(issuer.server.clock())}, rows=1)])

    assert [] == await issuer.sids()
    assert ORIGIN + "/login" == (await issuer.http.get("/account")).headers["location"]


# ── several tabs


async def tab(issuer, state, **changed):
    """The sign-in page of a request, with what a person types there."""
    issuer.later(seconds=1)
    begun = await issuer.http.get("/authorize", params=issuer.request(state=state, **changed))
    page = await issuer.http.get(begun.headers["location"])
    return {**hidden(page.text), "username": "alice", "password": PASSWORD}


@pytest.mark.parametrize("changed", [{}, {"prompt": "login"}])
async def test_two_tabs_that_sign_in_at_the_same_instant_both_come_to_their_end(issuer, changed):
    if changed:
        await issuer.sign_in()
    forms = [await tab(issuer, state, **changed) for state in ("1", "2")]
    cookie = {"cookie": f"{COOKIE}={issuer.http.cookies[COOKIE]}"}
    answers = await asyncio.gather(*(issuer.browser().post("/login", data=form, headers=cookie) for form in forms))
    kept = [{"cookie": answer.headers.get_list("set-cookie")[0].partition(";")[0]} for answer in answers]
    ways = [answer.headers["location"] for answer in answers]
    nexts = [await issuer.browser().get(way, headers=one) for way in ways for one in kept]

    assert [303, 303] == [answer.status_code for answer in answers]
    assert {303} == {answer.status_code for answer in nexts}  # to consent, or where that secret is old, to sign-in


async def test_signing_in_again_in_one_tab_leaves_the_form_of_the_other_good(issuer):
    await issuer.sign_in()
    begun = await issuer.http.get("/authorize", params=issuer.request(state="1"))
    consent = await issuer.http.get(begun.headers["location"])
    again = await issuer.http.post("/login", data=await tab(issuer, "2", prompt="login"))
    form = {**hidden(consent.text), "scope": boxes(consent.text), "decision": "allow"}
    got = await issuer.go_on(issuer.http, await issuer.http.post("/consent", data=form))

    assert 303 == again.status_code
    assert "1" == got["state"]


async def test_a_form_of_one_person_is_not_good_for_another_in_the_same_browser(issuer):
    await issuer.add_person("bob")
    await issuer.sign_in()
    begun = await issuer.http.get("/authorize", params=issuer.request(state="1"))
    consent = await issuer.http.get(begun.headers["location"])
    await issuer.http.post("/login", data={**await tab(issuer, "2", prompt="login"), "username": "bob"})
    form = {**hidden(consent.text), "scope": boxes(consent.text), "decision": "allow"}

    is_refused(await issuer.http.post("/consent", data=form))


# ── forms from elsewhere


async def test_a_form_without_the_right_token_is_refused_and_nothing_happens(sqlite_issuer):
    other = await form(sqlite_issuer, sqlite_issuer.browser())
    before = await sqlite_issuer.rows()
    for token in ("", "nonsense", "é", other["csrf_token"]):
        is_refused(await post(sqlite_issuer, csrf_token=token))
    stranger = sqlite_issuer.browser()
    is_refused(await stranger.post("/login", data=await form(sqlite_issuer)))

    assert before == await sqlite_issuer.rows()


async def test_the_token_may_come_in_a_header(sqlite_issuer):
    found = await form(sqlite_issuer)
    answer = await sqlite_issuer.http.post("/login", data=found, headers={"x-csrf-token": found.pop("csrf_token")})

    assert 303 == answer.status_code


@pytest.mark.parametrize(
    ("headers", "fine"),
    [
        ({}, True),
        ({"origin": ORIGIN}, True),
        ({"origin": ORIGIN, "sec-fetch-site": "same-origin"}, True),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, True),
        ({"origin": "null"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "https://id.example.evil.example"}, False),
        ({"origin": "http://id.example"}, False),
        ({"origin": ORIGIN, "sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
    ],
)
async def test_where_a_form_comes_from_is_looked_at_besides_its_token(sqlite_issuer, headers, fine):
    answer = await post(sqlite_issuer, headers=headers)

    assert fine == (303 == answer.status_code)
    if not fine:
        is_refused(answer)


@pytest.mark.parametrize("door", ["/login", "/consent", "/logout", "/account"])
async def test_every_form_of_a_cookie_is_held_to_this(sqlite_issuer, door):
    await sqlite_issuer.sign_in()
    page = await sqlite_issuer.http.get("/account")
    right = hidden(page.text) or hidden((await sqlite_issuer.http.get("/logout")).text)
    before = await sqlite_issuer.rows()
    wrong = [
        await sqlite_issuer.http.post(door, data={"csrf_token": "x", "decision": "allow"}, headers={"origin": "null"}),
        await sqlite_issuer.http.post(door, data=right, headers={"origin": "https://evil.example"}),
        await sqlite_issuer.http.post(door, data=right, headers={"sec-fetch-site": "cross-site"}),
        await sqlite_issuer.browser().post(door, data=right),
    ]

    for answer in wrong:
        is_refused(answer)
    assert before == await sqlite_issuer.rows()


# ── wrong, and wrong again


async def test_unknown_disabled_and_wrong_are_told_in_the_same_words(sqlite_issuer):
    await sqlite_issuer.add_person("bob")
    await sqlite_issuer.disable_person("id-of-bob")
    tried = [("nobody", PASSWORD), ("bob", PASSWORD), ("alice", "wrong"), ("alice", "x" * 5000), ("é" * 400, "x")]
    answers = [await post(sqlite_issuer, username=name, password=password) for name, password in tried]
    words = {answer.text.partition('role="alert">')[2].partition("<")[0] for answer in answers}

    assert {400} == {answer.status_code for answer in answers}
    assert {"That name or password is not right."} == words
    assert not any(password in answer.text for (_, password), answer in zip(tried[2:4], answers[2:4], strict=True))
    assert 0 == await sqlite_issuer.count("sessions")


async def test_the_name_stays_in_its_place_and_the_request_under_way_too(sqlite_issuer):
    begun = await sqlite_issuer.http.get("/authorize", params=sqlite_issuer.request())
    page = await sqlite_issuer.http.get(begun.headers["location"])
    wrong = await sqlite_issuer.http.post(
        "/login", data={**hidden(page.text), "username": 'a"><script>', "password": "wrong"}
    )
    got = await sqlite_issuer.go_on(sqlite_issuer.http, wrong)

    assert "<script>" not in wrong.text
    assert "a&#34;&gt;" in wrong.text
    assert "code" in got


async def test_nothing_entered_is_told_and_not_counted(sqlite_issuer):
    for _ in range(12):
        answer = await post(sqlite_issuer, password="")
        assert 400 == answer.status_code

    assert 303 == (await sqlite_issuer.sign_in()).status_code


async def test_a_name_is_folded_and_a_verified_address_signs_in_too(sqlite_issuer):
    for name in ("  ALICE ", "alice@EXAMPLE.org", "\uff21lice"):
        assert 303 == (await post(sqlite_issuer, sqlite_issuer.browser(), username=name)).status_code


async def test_ten_failures_make_the_account_wait_from_one_second_doubling(issuer):
    async def tried(password=PASSWORD):
        return await post(issuer, issuer.browser("192.0.2.1"), username="alice@example.org", password=password)

    for _ in range(10):
        assert 400 == (await post(issuer, password="wrong")).status_code
    waits = await tried()
    during = await tried()
    issuer.later(seconds=1)
    eleventh = await tried("wrong")
    longer = await tried()
    issuer.later(seconds=2)
    right = await tried()

    assert [(429, "1"), (429, "1")] == [(one.status_code, one.headers["retry-after"]) for one in (waits, during)]
    assert "text/html" in waits.headers["content-type"]
    assert 400 == eleventh.status_code
    assert (429, "2") == (longer.status_code, longer.headers["retry-after"])
    assert 303 == right.status_code
    assert {"sign_in_failed", "sign_in_throttled", "signed_in"} <= set(await issuer.audited())


async def test_a_stranger_cannot_keep_the_owner_out_of_a_browser_that_is_known(issuer):
    owner = issuer.browser()
    await issuer.sign_in(owner)
    await owner.post("/logout", data=hidden((await owner.get("/logout")).text))
    stranger = issuer.browser("192.0.2.1")
    for _ in range(12):
        await post(issuer, stranger, password="wrong")
    kept_out = await post(issuer, stranger)
    forged = issuer.browser()
    forged.cookies.set(next(name for name in owner.cookies if name != COOKIE), "0" * 64, domain="id.example", path="/")

    assert 429 == kept_out.status_code
    assert 429 == (await post(issuer, forged)).status_code
    assert 303 == (await post(issuer, owner)).status_code


async def test_an_address_has_its_own_budget_and_nobody_else_waits(sqlite_database):
    async for issuer in start(sqlite_database, MINTMARK_THROTTLE_SIGN_IN_ADDRESS="3/1h"):
        one, other = issuer.browser("2001:db8::1"), issuer.browser("2001:db8:0:1::1")
        for name in ("a", "b", "c"):
            assert 400 == (await post(issuer, one, username=name)).status_code
        waits = await post(issuer, issuer.browser("2001:db8::2"))

        assert (429, "3600") == (waits.status_code, waits.headers["retry-after"])
        assert 303 == (await post(issuer, other)).status_code


async def test_no_more_wrong_passwords_pass_at_once_than_one_after_the_other(issuer):
    browsers = [issuer.browser() for _ in range(24)]
    answers = await asyncio.gather(*(post(issuer, browser, password="wrong") for browser in browsers))

    assert 10 >= [answer.status_code for answer in answers].count(400)
    assert {400, 429, 503} >= {answer.status_code for answer in answers}


async def test_a_throttle_that_is_off_never_waits(sqlite_database):
    async for issuer in start(
        sqlite_database, MINTMARK_THROTTLE_SIGN_IN="off", MINTMARK_THROTTLE_SIGN_IN_ADDRESS="off"
    ):
        for _ in range(15):
            assert 400 == (await post(issuer, password="wrong")).status_code
        assert 303 == (await post(issuer)).status_code


async def test_a_sign_in_is_audited_without_the_password(issuer):
    await post(issuer, password="wrong-canary")
    await issuer.sign_in()

    assert {"sign_in_failed", "signed_in"} <= set(await issuer.audited())
    assert "wrong-canary" not in str(issuer.lines)


async def test_the_way_back_to_the_client_may_end_a_form_and_no_other_address(sqlite_issuer):
    begun = await sqlite_issuer.http.get("/authorize", params=sqlite_issuer.request())
    page = await sqlite_issuer.http.get(begun.headers["location"])
    plain = await sqlite_issuer.browser().get("/login")

    assert "form-action 'self' https://web.example;" in page.headers["content-security-policy"]
    assert "form-action 'self';" in plain.headers["content-security-policy"]
    assert CALLBACK not in page.headers["content-security-policy"]


async def test_nobody_signs_in_past_not_after(sqlite_issuer):
    await sqlite_issuer.set_policy({"not_after": "2026-11-25T11:00:00Z"})
    answer = await sqlite_issuer.sign_in()

    is_refused(answer, 400)
    assert [] == await sqlite_issuer.sids(ALICE)
