"""The same attacks on every way to be signed in: none of them is forgotten (issue 5, "Bad input and attack").

What is good for one way alone is tried where that way is: test_passkeys, test_totp, test_recovery_codes,
test_email_code, test_external_factor, test_sign_up, test_reset.
"""

import asyncio

import pytest

from mintmark import factors, upkeep
from tests import issuer as issuers
from tests.endpoints import ways_in
from tests.endpoints.ways_in import COOKIE, WAYS, Last, Scene, is_signed_in, sessions
from tests.issuer import hidden
from tests.mailbox import *  # noqa: F403
from tests.receiving import *  # noqa: F403

ONCE = [name for name, way in WAYS.items() if way.once]
HERE = [name for name, way in WAYS.items() if way.here]
AT_ONCE = 50


@pytest.fixture
async def scene(database, mailbox, receiver, monkeypatch):
    async for one in _scene(database, mailbox, receiver, monkeypatch):
        yield one


@pytest.fixture
async def sqlite_scene(sqlite_database, mailbox, receiver, monkeypatch):
    async for one in _scene(sqlite_database, mailbox, receiver, monkeypatch):
        yield one


async def _scene(database, mailbox, receiver, monkeypatch):
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    async for issuer in issuers.start(database, MINTMARK_SMTP_URL=mailbox.url, **ways_in.SETTINGS):
        yield Scene(issuer, mailbox, receiver, issuer.browser())


async def walked(scene, name):
    """The last form of that way, in the scene's browser, and the sessions that were there before it."""
    await WAYS[name].set_up(scene)
    last = await WAYS[name].walk(scene)
    return last, await sessions(scene.issuer)


async def begun(scene, before):
    """The sessions that began since."""
    return [seen for id, seen in (await sessions(scene.issuer)).items() if id not in before]


def test_every_factor_is_a_way_in():
    assert set(factors.FACTORS) <= set(WAYS)


@pytest.mark.parametrize("name", WAYS)
async def test_it_signs_in(sqlite_scene, name):
    last, before = await walked(sqlite_scene, name)
    answer = await last.post(sqlite_scene.browser)

    assert (303, WAYS[name].leads) == (answer.status_code, answer.headers["location"])
    assert await is_signed_in(sqlite_scene.browser)
    assert [WAYS[name].level] == [level for _, level in await begun(sqlite_scene, before)]


# ── once


@pytest.mark.parametrize("name", ONCE)
async def test_of_fifty_at_once_one_is_signed_in(scene, name):
    last, before = await walked(scene, name)
    answers = await asyncio.gather(*(last.post(scene.browser) for _ in range(AT_ONCE)))

    assert 1 == [answer.headers.get("location") for answer in answers].count(WAYS[name].leads)
    assert {303, 400, 403, 429, 503} >= {answer.status_code for answer in answers}
    assert 1 == len(await begun(scene, before))


@pytest.mark.parametrize("name", ONCE)
async def test_what_was_sent_once_signs_nobody_in_again(sqlite_scene, name):
    """Not even in the browser that sent it, with all that it had then."""
    last, before = await walked(sqlite_scene, name)
    browser, had = sqlite_scene.browser, dict(sqlite_scene.browser.cookies)
    await last.post(browser)
    [mine] = await begun(sqlite_scene, before)
    browser.cookies.clear()
    for cookie, value in had.items():
        browser.cookies.set(cookie, value, domain="id.example", path="/")
    again = await last.post(browser)

    assert again.status_code in (400, 429)
    assert [mine] == await begun(sqlite_scene, before)


# ── a session that was fixed before the sign-in


@pytest.mark.parametrize("name", WAYS)
async def test_whoever_planted_the_cookie_of_a_browser_is_not_signed_in_with_it(scene, name):
    """SS-01: the secret is a new one, and what was known before opens nothing."""
    await WAYS[name].set_up(scene)
    thief = scene.issuer.browser()
    await thief.get("/login")
    plant(scene, thief)
    last = await WAYS[name].walk(scene)
    await last.post(scene.browser)

    assert await is_signed_in(scene.browser)
    assert thief.cookies[COOKIE] != scene.browser.cookies[COOKIE]
    assert not await is_signed_in(thief)


@pytest.mark.parametrize("name", WAYS)
async def test_whoever_plants_their_own_session_has_none_of_who_signs_in_over_it(sqlite_scene, name):
    """SS-01, SS-08: it ends where it was planted, and everywhere else; or else the form counts for nothing."""
    scene = sqlite_scene
    await WAYS[name].set_up(scene)
    await scene.issuer.add_person("mallory")
    thief = scene.issuer.browser()
    await thief.get("/login")
    plant(scene, thief)
    last, before = await WAYS[name].walk(scene), await sessions(scene.issuer)
    await scene.issuer.sign_in(thief, "mallory")
    plant(scene, thief)
    answer = await last.post(scene.browser)
    came = [whose for whose, _ in await begun(scene, before)]

    if 303 == answer.status_code:
        assert "id-of-mallory" not in came
        assert not await is_signed_in(thief)
    else:
        assert (403, ["id-of-mallory"]) == (answer.status_code, came)


def plant(scene, thief):
    scene.browser.cookies.set(COOKIE, thief.cookies[COOKIE], domain="id.example", path="/")


# ── from elsewhere


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}]
)
async def test_another_sites_form_signs_nobody_in_and_spends_nothing(sqlite_scene, name, headers):
    last, before = await walked(sqlite_scene, name)
    forged = await last.post(sqlite_scene.browser, **headers)
    without = await last.without("csrf_token").post(sqlite_scene.browser)
    none = await begun(sqlite_scene, before)
    right = await last.post(sqlite_scene.browser)

    assert (403, 403, []) == (forged.status_code, without.status_code, none)
    assert 303 == right.status_code


@pytest.mark.parametrize("name", HERE)
async def test_what_was_begun_in_one_browser_signs_nobody_in_in_another(sqlite_scene, name):
    last, before = await walked(sqlite_scene, name)
    thief = sqlite_scene.issuer.browser()
    token = hidden((await thief.get("/login")).text)["csrf_token"]
    await Last(last.door, {**last.form, "csrf_token": token}).post(thief)

    assert not await is_signed_in(thief)
    assert [] == await begun(sqlite_scene, before)


# ── less than all of it


def needed(name, last):
    return [field for field, value in last.form.items() if value and field not in WAYS[name].helps]


@pytest.mark.parametrize("name", WAYS)
async def test_without_any_one_of_its_fields_it_signs_nobody_in(sqlite_scene, name):
    """BF-14: and without what only helps it is worth as much as with it."""
    last, before = await walked(sqlite_scene, name)
    fields = needed(name, last)
    for field in fields:
        await last.without(field).post(sqlite_scene.browser)
        assert not await is_signed_in(sqlite_scene.browser), field
    rest = [field for field in last.form if field not in fields]
    await last.without(*rest).post(sqlite_scene.browser)

    assert [WAYS[name].level] == [level for _, level in await begun(sqlite_scene, before)]


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("value", ["x", "[]", "\u2028", "a" * 3000])
async def test_with_nonsense_in_any_one_of_its_fields_it_signs_nobody_in(sqlite_scene, name, value):
    last, before = await walked(sqlite_scene, name)
    chosen = ("username",) if "invitation" == name else ()  # whatever a new account is called
    for field in needed(name, last):
        if field not in chosen:
            answer = await Last(last.door, {**last.form, field: value}).post(sqlite_scene.browser)

            assert answer.status_code in (400, 403, 429), field
            assert [] == await begun(sqlite_scene, before), field


# ── the wrong person, and the wrong order


@pytest.mark.parametrize("name", [name for name in WAYS if name not in ("sign_up", "invitation")])
async def test_whoever_was_disabled_meanwhile_is_not_signed_in(sqlite_scene, name):
    """BF-07."""
    last, before = await walked(sqlite_scene, name)
    await sqlite_scene.issuer.disable_person()
    answer = await last.post(sqlite_scene.browser)

    assert 400 == answer.status_code
    assert [] == [whose for whose, _ in await begun(sqlite_scene, before)]
    assert not await is_signed_in(sqlite_scene.browser)


@pytest.mark.parametrize("name", ["totp", "recovery_code", "email_code"])
async def test_the_last_form_without_the_first_step_signs_nobody_in(sqlite_scene, name):
    """BF-14."""
    last, before = await walked(sqlite_scene, name)
    for more in ({}, {"username": "alice"}, {"username": "alice", "password": "wrong"}, {"step": "", "reference": ""}):
        browser = sqlite_scene.issuer.browser()
        token = hidden((await browser.get("/login")).text)["csrf_token"]
        for door in ("/login", "/code"):
            await Last(door, {"csrf_token": token, "code": last.form["code"], **more}).post(browser)

            assert not await is_signed_in(browser)
    assert [] == await begun(sqlite_scene, before)
