"""Recovery codes: shown once with the first app, each good once at the second step, made anew on the account page."""

import asyncio
import base64

from sqlalchemy import select

from mintmark.store import schema, schema_people, sessions
from mintmark.store.executor import Read
from tests.endpoints.enrolling import begun, code, codes_on, enrolled, proved_here, second_step, signed_in
from tests.issuer import ALICE, hidden

ROWS = Read(select(schema_people.recovery_codes))


async def used(issuer, typed, username="alice"):
    """A new browser in which the password was proved, and this code shown after it."""
    browser = issuer.browser()
    answer = await browser.post("/login", data={**await second_step(issuer, browser, username), "code": typed})
    return browser, answer


async def test_ten_are_shown_once_with_the_first_app_and_stored_as_digests(issuer):
    _, codes = await enrolled(issuer)

    assert 10 == len(set(codes))
    stored = str(await issuer.server.store.fetch(ROWS))
    assert [] == [code for code in codes if code in stored or code.replace("-", "") in stored]
    for door in ("/account", "/account/recovery-codes", "/account/totp"):
        assert [] == codes_on((await issuer.http.get(door, follow_redirects=True)).text)


async def test_one_stands_in_for_the_app_once_however_it_is_typed(issuer):
    _, codes = await enrolled(issuer)
    for given, right in (
        (codes[0], True),
        (codes[0], False),
        (codes[1].lower().replace("-", " "), True),
        (codes[1], False),
        (codes[2].replace("-", "").replace("0", "o").replace("1", "l"), True),
    ):
        browser, _ = await used(issuer, given)
        assert right == await signed_in(browser)

    assert 3 == (await issuer.audited()).count("recovery_code_used")
    assert 7 == sum(row[-1] is None for row in await issuer.server.store.fetch(ROWS))


async def test_with_the_password_it_is_two_factors(issuer):
    _, codes = await enrolled(issuer)
    await used(issuer, codes[0])
    found = (await sessions.live_of(issuer.server.store, ALICE, issuer.server.clock()))[-1].session

    assert ("urn:mintmark:acr:2", {"pwd", "otp", "mfa"}) == (found.acr, set(found.amr))


async def test_the_page_of_the_second_step_offers_it(sqlite_issuer):
    issuer = sqlite_issuer
    _, codes = await enrolled(issuer)
    browser = issuer.browser()
    answer = await issuer.sign_in(browser)
    page = await browser.get(answer.headers["location"] + "&factor=recovery_code")

    assert "Use a recovery code" in (await browser.get(answer.headers["location"])).text
    wrong = await browser.post("/login", data={**hidden(page.text), "code": "not one"})
    assert 400 == wrong.status_code
    assert "A recovery code has" in wrong.text
    done = await browser.post("/login", data={**hidden(wrong.text), "code": codes[3]})
    assert f"{issuer.url}/account" == done.headers["location"]


async def test_of_fifty_browsers_with_one_code_at_once_one_is_signed_in(issuer):
    _, codes = await enrolled(issuer)
    browsers = [issuer.browser() for _ in range(50)]
    forms = [await second_step(issuer, browser) for browser in browsers]
    before = len(await issuer.sids())
    answers = await asyncio.gather(
        *(
            browser.post("/login", data={**form, "code": codes[0]})
            for browser, form in zip(browsers, forms, strict=True)
        )
    )

    assert {303, 400, 429} >= {answer.status_code for answer in answers}
    assert 1 == sum(answer.is_redirect for answer in answers)
    assert before + 1 == len(await issuer.sids())
    assert 1 == (await issuer.audited()).count("recovery_code_used")


async def test_the_code_of_another_person_is_none_and_is_not_spent(issuer):
    await issuer.add_person("bob")
    _, alices = await enrolled(issuer)
    await enrolled(issuer, issuer.browser(), username="bob")
    browser, answer = await used(issuer, alices[0], "bob")

    assert 400 == answer.status_code
    assert not await signed_in(browser)
    assert await signed_in((await used(issuer, alices[0]))[0])


async def test_without_the_password_it_opens_nothing(issuer):
    _, codes = await enrolled(issuer)
    browser = issuer.browser()
    fields = hidden((await browser.get("/login")).text)
    for more in ({}, {"username": "alice"}, {"factor": "recovery_code", "username": "alice"}):
        answer = await browser.post("/login", data={**fields, **more, "code": codes[0]})
        assert 400 == answer.status_code

    assert not await signed_in(browser)
    assert 10 == sum(row[-1] is None for row in await issuer.server.store.fetch(ROWS))


async def test_wrong_ones_are_counted_by_themselves(issuer):
    seed, codes = await enrolled(issuer)
    browser, other = issuer.browser(), issuer.browser()
    fields, again = await second_step(issuer, browser), await second_step(issuer, other)
    wrong = "ABCD-" * 5 + "ABC"
    found = [(await browser.post("/login", data={**fields, "code": f"{wrong}{n}"})).status_code for n in range(5)]
    waits = await other.post("/login", data={**again, "code": codes[0]})
    by_app = await other.post("/login", data={**again, "code": code(issuer, seed)})

    assert [400] * 5 == found
    assert 429 == waits.status_code
    assert 303 == by_app.status_code


async def test_new_ones_end_the_old_ones(issuer):
    seed, old = await enrolled(issuer)
    await proved_here(issuer, seed)
    page = await issuer.http.get("/account/recovery-codes")
    sheet = await issuer.http.post("/account/recovery-codes", data=hidden(page.text))
    new = codes_on(sheet.text)

    assert "10 codes left" in page.text
    assert "no-store" in sheet.headers["cache-control"]
    assert 10 == len(new)
    assert set() == set(old) & set(new)
    assert not await signed_in((await used(issuer, old[0]))[0])
    assert await signed_in((await used(issuer, new[0]))[0])
    assert 2 == (await issuer.audited()).count("recovery_codes_made")


async def test_ten_are_there_however_many_make_new_ones_at_once(issuer):
    seed, _ = await enrolled(issuer)
    await proved_here(issuer, seed)
    fields = hidden((await issuer.http.get("/account/recovery-codes")).text)
    answers = await asyncio.gather(*(issuer.http.post("/account/recovery-codes", data=fields) for _ in range(8)))
    good = [answer for answer in answers if answer.status_code == 200]

    assert {200, 503} >= {answer.status_code for answer in answers}
    assert good
    assert 10 == await issuer.count("recovery_codes")


async def test_few_that_are_left_are_told(issuer):
    seed, codes = await enrolled(issuer)
    for one in codes[:6]:
        await used(issuer, one)
    await used(issuer, codes[6])
    account = await issuer.http.get("/account")
    await proved_here(issuer, seed)
    page = await issuer.http.get("/account/recovery-codes")

    assert "3 codes left" in page.text
    assert "3 recovery codes are left" in account.text


async def test_the_recovery_codes_of_a_first_app_stay_when_a_second_one_comes(issuer):
    seed, codes = await enrolled(issuer)
    await proved_here(issuer, seed)
    other, fields = await begun(issuer, name="Second")
    added = await issuer.http.post("/account/totp", data={**fields, "action": "confirm", "code": code(issuer, other)})

    assert 303 == added.status_code
    assert await signed_in((await used(issuer, codes[0]))[0])


async def test_no_seed_and_no_code_is_told_anywhere(issuer):
    seed, codes = await enrolled(issuer)
    await used(issuer, codes[0])
    await used(issuer, codes[0])
    await used(issuer, code(issuer, seed))
    await used(issuer, "000001")
    await issuer.http.get("/account/totp")
    await issuer.server.journal.flush(issuer.server.store)
    rows = await issuer.server.store.fetch(Read(select(schema.audit)))
    kept = await issuer.server.store.fetch(Read(select(schema.refusals)))
    everything = str(issuer.lines) + str(rows) + str(kept)
    key = base64.b32encode(seed).decode()
    secrets = [seed.hex(), key, str(seed)[2:-1], code(issuer, seed), *codes, *(one.replace("-", "") for one in codes)]
    assert [] == [secret for secret in secrets if secret in everything]
    stored = await issuer.server.store.fetch(Read(select(schema_people.totps.c.seed)))
    assert [] == [row for row in stored if seed in bytes(row[0])]
