"""The steps of a sign-in: in order, once each, in one browser, of one person (lessons BF-09 to BF-14, SS-01, SS-13)."""

import asyncio

import pytest
from sqlalchemy import select

from mintmark import remedies, throttled
from mintmark.store import accounts, people, schema, sessions, trusted_browsers
from mintmark.store.executor import Read
from tests.endpoints import stepping
from tests.endpoints.stepping import code, give, give_passkey, second_page, send
from tests.issuer import ALICE, PASSWORD, add_person, hidden

ACCOUNT = "https://id.example/account"


@pytest.fixture(autouse=True)
def _two_factors(monkeypatch):
    stepping.install(monkeypatch)


async def live(issuer, person=ALICE):
    return [seen.session for seen in await sessions.live_of(issuer.server.store, person, issuer.server.clock())]


def is_refused(answer, status=400):
    assert status == answer.status_code
    assert '<form id="sign-in"' in answer.text
    assert 'role="alert"' in answer.text


# ── in order


async def test_whoever_has_a_second_factor_is_asked_for_it_and_signed_in_by_nothing_less(issuer):
    await give(issuer)
    page = await second_page(issuer)

    assert [] == await issuer.sids()
    assert (await issuer.http.get("/account")).headers["location"].endswith("/login")
    assert {"csrf_token", "request", "step", "factor"} == set(hidden(page.text))
    assert 1 == page.text.count("<form")
    assert all(part in page.text for part in ('<form id="sign-in"', 'id="submit"', 'name="code"'))

    done = await send(issuer.http, page, code=code(issuer))

    (session,) = await live(issuer)
    assert (303, ACCOUNT) == (done.status_code, done.headers["location"])
    assert ("urn:mintmark:acr:2", ("pwd", "otp", "mfa")) == (session.acr, session.amr)


async def test_whoever_has_one_factor_signs_in_as_ever_and_nothing_is_kept_of_it(issuer):
    await issuer.sign_in()

    (session,) = await live(issuer)
    assert ("urn:mintmark:acr:1", ("pwd",)) == (session.acr, session.amr)
    assert 0 == await issuer.count("sign_ins")


async def test_another_factor_of_theirs_can_be_chosen(issuer):
    await give(issuer)
    page = await second_page(issuer)
    link = page.text.split('id="others"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    other = await issuer.http.get(link)

    assert "recovery_code" == hidden(other.text)["factor"]
    assert 303 == (await send(issuer.http, other, code="on-paper")).status_code


async def test_a_reload_shows_the_same_step(sqlite_issuer):
    await give(sqlite_issuer)
    page = await second_page(sqlite_issuer)
    again = await sqlite_issuer.http.get(str(page.url))

    assert hidden(page.text) == hidden(again.text)


@pytest.mark.parametrize(
    "changed",
    [
        {"step": None, "code": "right"},
        {"step": "", "code": "right"},
        {"step": "another", "code": "right"},
        {"code": None},
        {"code": ""},
        {"factor": "password", "code": None},
        {"factor": None, "code": None},
        {"factor": "passkey", "credential": "signed", "step": None, "code": None},
    ],
)
async def test_a_step_left_out_or_a_field_dropped_signs_nobody_in(sqlite_issuer, changed):
    """BF-14."""
    await give(sqlite_issuer)
    page = await second_page(sqlite_issuer)
    sent = {name: code(sqlite_issuer) if value == "right" else value for name, value in changed.items()}
    if "credential" in sent:
        sent["credential"] = "forged"
    answer = await send(sqlite_issuer.http, page, **sent)

    is_refused(answer)
    assert [] == await sqlite_issuer.sids()


async def test_the_second_factor_alone_opens_nothing(sqlite_issuer):
    await give(sqlite_issuer)
    page = await sqlite_issuer.http.get("/login")
    answer = await send(sqlite_issuer.http, page, factor="totp", username="alice", code=code(sqlite_issuer))

    is_refused(answer)
    assert [] == await sqlite_issuer.sids()


async def test_without_the_field_that_names_the_factor_its_code_tells_it(sqlite_issuer):
    await give(sqlite_issuer)
    page = await second_page(sqlite_issuer)

    assert 303 == (await send(sqlite_issuer.http, page, factor=None, code=code(sqlite_issuer))).status_code


# ── once


async def test_a_code_is_good_once_and_a_sign_in_too(issuer):
    """BF-10, BF-12."""
    await give(issuer)
    page = await second_page(issuer)
    await send(issuer.http, page, code=code(issuer))
    replayed = await send(issuer.http, page, code=code(issuer))
    other = issuer.browser()
    elsewhere = await send(other, await second_page(issuer, other), code=code(issuer))

    is_refused(replayed)
    is_refused(elsewhere)
    assert 1 == len(await issuer.sids())


async def test_of_fifty_at_once_one_signs_in(issuer):
    await give(issuer)
    page = await second_page(issuer)
    answers = await asyncio.gather(*[send(issuer.http, page, code=code(issuer)) for _ in range(50)])

    assert 1 == [answer.status_code for answer in answers].count(303)
    assert {303, 400, 429} >= {answer.status_code for answer in answers}
    assert 1 == len(await issuer.sids())


async def test_one_code_in_fifty_browsers_at_once_signs_in_one(issuer):
    await give(issuer)
    browsers = [issuer.browser() for _ in range(10)]
    pages = [await second_page(issuer, browser) for browser in browsers]
    answers = await asyncio.gather(
        *[send(browser, page, code=code(issuer)) for browser, page in zip(browsers, pages, strict=True)]
    )

    assert 1 == [answer.status_code for answer in answers].count(303)
    assert 1 == len(await issuer.sids())


# ── in one browser, of one person, from our own page


async def test_another_browser_cannot_go_on_with_it(sqlite_issuer):
    await give(sqlite_issuer)
    page = await second_page(sqlite_issuer)
    thief = sqlite_issuer.browser()
    own = await thief.get(str(page.url))

    assert 'name="password"' in own.text
    is_refused(await send(thief, own, step=hidden(page.text)["step"], code=code(sqlite_issuer)))
    assert 403 == (await send(thief, page, code=code(sqlite_issuer))).status_code
    assert [] == await sqlite_issuer.sids()


async def test_another_persons_password_begins_their_own_sign_in(sqlite_issuer):
    await give(sqlite_issuer)
    await add_person(sqlite_issuer.server, "bob")
    page = await second_page(sqlite_issuer)
    answer = await send(sqlite_issuer.http, page, factor="password", username="bob", password=PASSWORD)

    assert (303, ACCOUNT) == (answer.status_code, answer.headers["location"])
    assert ("pwd",) == (await live(sqlite_issuer, "id-of-bob"))[0].amr
    assert [] == await sqlite_issuer.sids()


@pytest.mark.parametrize(
    ("headers", "changed"),
    [
        ({}, {"csrf_token": None}),
        ({}, {"csrf_token": "x"}),
        ({"sec-fetch-site": "cross-site"}, {}),
        ({"origin": "https://evil.example"}, {}),
    ],
)
async def test_a_step_from_elsewhere_is_forbidden(sqlite_issuer, headers, changed):
    await give(sqlite_issuer)
    page = await second_page(sqlite_issuer)
    form = {**hidden(page.text), "code": code(sqlite_issuer), **changed}
    answer = await sqlite_issuer.http.post(
        "/login", data={name: value for name, value in form.items() if value is not None}, headers=headers
    )

    assert 403 == answer.status_code
    assert 303 == (await send(sqlite_issuer.http, page, code=code(sqlite_issuer))).status_code


async def test_every_step_that_signs_in_gives_the_session_a_secret_nobody_knew(sqlite_issuer):
    """SS-01: whoever planted the cookie before the sign-in has nothing of it."""
    await give(sqlite_issuer)
    page = await second_page(sqlite_issuer)
    before = dict(sqlite_issuer.http.cookies)["__Host-mintmark"]
    await send(sqlite_issuer.http, page, code=code(sqlite_issuer))
    planted = sqlite_issuer.browser()
    planted.cookies.set("__Host-mintmark", before, domain="id.example")

    assert before != dict(sqlite_issuer.http.cookies)["__Host-mintmark"]
    assert (await planted.get("/account")).headers["location"].endswith("/login")


async def test_a_sign_in_ends_after_ten_minutes(sqlite_issuer):
    await give(sqlite_issuer)
    page = await second_page(sqlite_issuer)
    sqlite_issuer.later(minutes=10)

    is_refused(await send(sqlite_issuer.http, page, code=code(sqlite_issuer)))
    assert [] == await sqlite_issuer.sids()


async def test_a_change_of_the_account_ends_it(issuer):
    await give(issuer)
    page = await second_page(issuer)
    issuer.later(seconds=1)
    store, now = issuer.server.store, issuer.server.clock()
    await store.commit(accounts.set_password(await issuer.person(), "another", now))

    is_refused(await send(issuer.http, page, code=code(issuer)))
    await issuer.disable_person()
    is_refused(await send(issuer.http, page, code=code(issuer)))
    assert [] == await issuer.sids()


# ── throttles


async def test_five_wrong_codes_end_the_sign_in_and_then_each_must_wait(issuer):
    """BF-09."""
    await give(issuer)
    page = await second_page(issuer)
    wrong = [await send(issuer.http, page, code="0") for _ in range(5)]
    right = await send(issuer.http, page, code=code(issuer))
    issuer.later(seconds=2)
    over = await send(issuer.http, page, code=code(issuer))

    assert [400] * 5 == [answer.status_code for answer in wrong]
    is_refused(right)
    is_refused(over)
    assert [] == await issuer.sids()

    waits = await send(issuer.http, await second_page(issuer), code="0")
    longer = await send(issuer.http, await second_page(issuer), code=code(issuer))

    assert 400 == waits.status_code
    assert (429, "2") == (longer.status_code, longer.headers["retry-after"])


async def test_each_factor_has_a_count_of_its_own(sqlite_issuer):
    await give(sqlite_issuer)
    for _ in range(5):
        await send(sqlite_issuer.http, await second_page(sqlite_issuer), code="0")
    page = await second_page(sqlite_issuer)

    assert 429 == (await send(sqlite_issuer.http, page, code=code(sqlite_issuer))).status_code
    assert 303 == (await send(sqlite_issuer.http, page, factor="recovery_code", code="on-paper")).status_code


async def test_a_right_code_clears_no_failed_passwords(sqlite_issuer):
    """Nor do passwords clear the codes': with one of the two, nobody gets more tries at the other."""
    await give(sqlite_issuer)
    page, thief = await second_page(sqlite_issuer), sqlite_issuer.browser()
    for _ in range(9):
        await sqlite_issuer.sign_in(thief, password="wrong")
    await send(sqlite_issuer.http, page, code=code(sqlite_issuer))
    tenth = await sqlite_issuer.sign_in(thief, password="wrong")
    eleventh = await sqlite_issuer.sign_in(thief, password="wrong")

    assert (400, 429) == (tenth.status_code, eleventh.status_code)


async def test_a_right_password_clears_no_failed_codes(sqlite_issuer):
    await give(sqlite_issuer)
    for _ in range(5):
        await send(sqlite_issuer.http, await second_page(sqlite_issuer), code="0")

    assert 429 == (await send(sqlite_issuer.http, await second_page(sqlite_issuer), code="0")).status_code


async def test_operators_see_what_failed_and_clear_it(issuer):
    await give(issuer)
    for _ in range(5):
        await send(issuer.http, await second_page(issuer), code="0")
    person = await people.find(issuer.server.store, ALICE)
    assert person is not None
    server, now = issuer.server, issuer.server.clock()
    (seen,) = await throttled.of_person(server.store, server.registry, person.holder, now)
    await server.store.commit(remedies.unthrottled(server.registry, person.holder, None)[0])

    assert ("totp", False, 5, True) == (seen.factor, seen.known_browser, seen.failures, seen.waits_until is not None)
    assert [] == await throttled.of_person(server.store, server.registry, person.holder, now)
    assert 303 == (await send(issuer.http, await second_page(issuer), code=code(issuer))).status_code


async def test_what_comes_before_a_proof_is_no_try(sqlite_issuer):
    await give(sqlite_issuer)
    page = await second_page(sqlite_issuer)
    asked = [await send(sqlite_issuer.http, page, code="send") for _ in range(12)]

    assert [200] * 12 == [answer.status_code for answer in asked]
    assert 303 == (await send(sqlite_issuer.http, page, code=code(sqlite_issuer))).status_code


async def test_when_everybody_fails_only_browsers_that_are_known_go_on(sqlite_database):
    from tests.issuer import start

    async for issuer in start(sqlite_database, MINTMARK_THROTTLE_SIGN_IN_EVERYBODY="3/1h"):
        await issuer.sign_in()
        known = issuer.browser()
        await issuer.sign_in(known)
        known.cookies.delete("__Host-mintmark")
        stranger = issuer.browser("192.0.2.1")
        for name in ("nobody", "somebody", "anybody"):
            await issuer.sign_in(stranger, username=name)

        assert 429 == (await issuer.sign_in(stranger)).status_code
        assert 303 == (await issuer.sign_in(known)).status_code


# ── a browser that is trusted


async def trusting(issuer, browser=None):
    browser = browser or issuer.http
    done = await send(browser, await second_page(issuer, browser), code=code(issuer), trust="1")
    assert 303 == done.status_code
    return done


async def begin_again(issuer, browser=None):
    """Signed out, with all other cookies where they were; what the right password comes to."""
    browser = browser or issuer.http
    browser.cookies.delete("__Host-mintmark")
    issuer.later(seconds=1)  # so that this session is the newest
    return await issuer.sign_in(browser)


async def test_a_browser_that_is_trusted_needs_no_second_factor_for_a_while(issuer):
    await give(issuer)
    await trusting(issuer)
    trusted = await begin_again(issuer)

    assert ACCOUNT == trusted.headers["location"]
    assert ("urn:mintmark:acr:2", ("pwd",)) == ((await live(issuer))[-1].acr, (await live(issuer))[-1].amr)
    assert "/login?" in (await issuer.sign_in(issuer.browser())).headers["location"]
    issuer.later(days=30)
    assert "/login?" in (await begin_again(issuer)).headers["location"]


async def test_nobody_is_trusted_who_did_not_ask_for_it(sqlite_issuer):
    await give(sqlite_issuer)
    await send(sqlite_issuer.http, await second_page(sqlite_issuer), code=code(sqlite_issuer))

    assert "/login?" in (await begin_again(sqlite_issuer)).headers["location"]
    assert 0 == await sqlite_issuer.count("trusted_browsers")


async def test_with_one_factor_there_is_nothing_to_trust(sqlite_issuer):
    await sqlite_issuer.sign_in(trust="1")

    assert 0 == await sqlite_issuer.count("trusted_browsers")


async def test_trust_is_of_one_person_and_cannot_be_carried_to_another(sqlite_issuer):
    await give(sqlite_issuer)
    await add_person(sqlite_issuer.server, "bob")
    await give(sqlite_issuer, "id-of-bob")
    await trusting(sqlite_issuer)
    (name,) = [name for name in dict(sqlite_issuer.http.cookies) if name.endswith("-trust")]
    secret = dict(sqlite_issuer.http.cookies)[name]
    from mintmark import browser as browsers

    sqlite_issuer.http.cookies.set(
        browsers.trust_cookie(sqlite_issuer.server, "id-of-bob"), secret, domain="id.example"
    )
    sqlite_issuer.http.cookies.delete("__Host-mintmark")

    assert "/login?" in (await sqlite_issuer.sign_in(username="bob")).headers["location"]


async def test_trust_ends_with_all_sessions_and_with_every_row_of_it(issuer):
    await give(issuer)
    await trusting(issuer)
    issuer.later(minutes=1)
    await issuer.server.store.commit([people.end_sessions(ALICE, issuer.server.clock())])
    assert "/login?" in (await begin_again(issuer)).headers["location"]

    await trusting(issuer)
    await issuer.server.store.commit([trusted_browsers.end_all_of(ALICE)])
    assert "/login?" in (await begin_again(issuer)).headers["location"]


async def test_a_trusted_browser_is_bounded_and_its_cookie_for_nobody_else(issuer):
    await give(issuer)
    for _ in range(11):
        await trusting(issuer, issuer.browser())
        issuer.later(minutes=1)
    done = await trusting(issuer, issuer.browser())

    cookie = next(value for name, value in done.headers.multi_items() if "-trust=" in value)
    assert 10 == await issuer.count("trusted_browsers")
    assert all(part in cookie for part in ("__Host-", "HttpOnly", "Secure", "SameSite=Lax", "Max-Age=2592000"))
    stored = await issuer.server.store.fetch(Read(select(schema.trusted_browsers)))
    assert cookie.split("=")[1].split(";")[0] not in str(stored)


async def test_an_operator_may_trust_no_browser(sqlite_database):
    from tests.issuer import start

    async for issuer in start(sqlite_database, MINTMARK_TRUSTED_BROWSER="off"):
        await give(issuer)
        page = await second_page(issuer)
        await send(issuer.http, page, code=code(issuer), trust="1")

        assert 'name="trust"' not in page.text
        assert 0 == await issuer.count("trusted_browsers")


# ── a passkey is two factors at once


async def test_a_passkey_signs_in_by_itself(issuer):
    await give(issuer)
    await give_passkey(issuer)
    page = await issuer.http.get("/login")
    done = await send(issuer.http, page, factor="passkey", credential="signed")

    (session,) = await live(issuer)
    assert ACCOUNT == done.headers["location"]
    assert ("urn:mintmark:acr:phr", ("hwk", "user", "mfa")) == (session.acr, session.amr)


# ── fresh proof, before a change to the account


async def test_what_was_proved_long_ago_is_proved_again_for_a_change(sqlite_issuer):
    await give(sqlite_issuer)
    await send(sqlite_issuer.http, await second_page(sqlite_issuer), code=code(sqlite_issuer))
    assert 303 == (await sqlite_issuer.http.get("/login?fresh=1")).status_code
    sqlite_issuer.later(minutes=11)
    page = await sqlite_issuer.http.get("/login?fresh=1")
    step = await send(sqlite_issuer.http, page, username="alice", password=PASSWORD)
    second = await sqlite_issuer.http.get(step.headers["location"])
    (before,) = await sqlite_issuer.sids()
    done = await send(sqlite_issuer.http, second, code=code(sqlite_issuer))

    assert "fresh=1" in step.headers["location"]
    assert ACCOUNT == done.headers["location"]
    assert [before] == await sqlite_issuer.sids()
    assert 303 == (await sqlite_issuer.http.get("/login?fresh=1")).status_code
