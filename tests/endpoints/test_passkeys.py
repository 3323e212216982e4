"""Passkeys: made on the account page, and sign-in by them alone (WebAuthn Level 3 §7)."""

import asyncio
import re

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from mintmark import upkeep
from mintmark.protocol import session as sessions
from mintmark.store import refusals
from tests.authenticator import BE, BS, UP, UV, Authenticator, text
from tests.issuer import ALICE, claims, hidden, start

ORIGIN = "https://id.example"
PAGE = "/account/passkeys"
GOOGLE = "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4"


def csrf(page):
    return {"x-csrf-token": hidden(page.text)["csrf_token"]}


async def options_to_add(browser):
    page = await browser.get(PAGE)
    answer = await browser.post(f"{PAGE}/options", data={"ask": "1"}, headers=csrf(page))
    return page, answer


async def add(browser, device, name="", **changed):
    """On the account page, by whoever is signed in there."""
    page, options = await options_to_add(browser)
    made = device.create(options.json(), **changed)
    return await browser.post(PAGE, data={**hidden(page.text), "passkey": made, "name": name})


async def asked(browser, address="/login"):
    """The sign-in page, and what its script asks the device for."""
    page = await browser.get(address)
    step = {"ask": "1", **{name: value for name, value in hidden(page.text).items() if "step" == name}}
    answer = await browser.post("/login/passkey", data=step, headers=csrf(page))
    assert 200 == answer.status_code, answer.text
    return page, answer.json()


async def sign_in(browser, device, address="/login", **changed):
    page, options = await asked(browser, address)
    return await send(browser, page, device.get(options, **changed))


async def send(browser, page, answer):
    return await browser.post("/login", data={**hidden(page.text), "passkey": answer})


async def confirm(browser, device):
    """Whoever has a passkey shows it before they change anything."""
    assert 303 == (await sign_in(browser, device, "/login?fresh=passkeys")).status_code


async def again(issuer):
    """The sign-in page of a request that wants it, whoever is signed in."""
    issuer.later(seconds=1)
    return (await issuer.http.get("/authorize", params=issuer.request(prompt="login"))).headers["location"]


async def why(issuer, answer):
    """The check that operators see."""
    await upkeep.flush(issuer.server)
    found = await refusals.find(issuer.server.store, answer.headers["x-trace-id"])
    assert found is not None
    return found.check


def said(answer):
    """What the page tells, and nothing that differs from one page to the next."""
    known = re.sub(r'value="[^"]*"|data-useless="[^"]*"', "", answer.text)
    return answer.status_code, known


async def passkeys_of(issuer):
    return await issuer.count("passkeys")


@pytest.fixture
async def device(issuer):
    """Alice's, which signed nobody in yet. Her browser is the issuer's."""
    await issuer.sign_in()
    made = Authenticator(ORIGIN, flags=UP | UV | BE | BS)
    assert 303 == (await add(issuer.http, made, "My phone")).status_code
    return made


@pytest.fixture
async def counting(issuer):
    """A security key: it counts, and cannot be copied."""
    await issuer.sign_in()
    made = Authenticator(ORIGIN, count=5)
    assert 303 == (await add(issuer.http, made)).status_code
    return made


# ── alone


async def test_a_passkey_alone_signs_in_as_two_phishing_resistant_factors(issuer, device):
    browser = issuer.browser()
    answer = await sign_in(browser, device)
    tokens = await issuer.tokens(browser=browser)

    assert (303, f"{ORIGIN}/account") == (answer.status_code, answer.headers["location"])
    told = claims(tokens["id_token"])
    assert sessions.PHISHING_RESISTANT == told["acr"]
    assert ["swk", "user", "mfa"] == told["amr"]


async def test_a_security_key_is_told_apart_from_what_may_be_copied(issuer, counting):
    browser = issuer.browser()
    await sign_in(browser, counting)
    tokens = await issuer.tokens(browser=browser)

    assert ["hwk", "user", "mfa"] == claims(tokens["id_token"])["amr"]


async def test_an_apps_request_goes_on_after_a_sign_in_by_passkey(issuer, device):
    browser = issuer.browser()
    begun = await browser.get("/authorize", params=issuer.request())
    answer = await sign_in(browser, device, begun.headers["location"])
    got = await issuer.go_on(browser, answer)

    assert "code" in got


async def test_what_is_asked_of_a_stranger_says_nothing_of_anybody(issuer, device):
    _, options = await asked(issuer.browser())

    assert [] == options["allowCredentials"]
    assert ("required", "id.example") == (options["userVerification"], options["rpId"])
    assert 0 == await issuer.count("challenges") - 1, "a page that nobody answers writes nothing"


# ── with a password


async def test_whoever_has_a_passkey_is_not_signed_in_by_the_password_alone(issuer, device):
    browser = issuer.browser()
    first = await issuer.sign_in(browser)
    step = await browser.get(first.headers["location"])
    account = await browser.get("/account")

    assert "/login?step=" in first.headers["location"]
    assert 'id="passkey-ready"' in step.text
    assert (303, f"{ORIGIN}/login") == (account.status_code, account.headers["location"])


async def test_after_the_password_a_touch_of_ones_own_key_is_enough(issuer, counting):
    browser = issuer.browser()
    first = await issuer.sign_in(browser)
    page, options = await asked(browser, first.headers["location"])
    answer = await send(browser, page, counting.get(options, flags=UP, userHandle=None))
    tokens = await issuer.tokens(browser=browser)

    assert "preferred" == options["userVerification"]
    assert [text(counting.id)] == [one["id"] for one in options["allowCredentials"]]
    assert f"{ORIGIN}/account" == answer.headers["location"]
    assert ["pwd", "hwk", "user", "mfa"] == claims(tokens["id_token"])["amr"]
    assert sessions.PHISHING_RESISTANT == claims(tokens["id_token"])["acr"]


async def test_the_password_grant_ends_where_a_passkey_begins(issuer, device):
    answer = await issuer.token(grant_type="password", username="alice", password="correct horse battery staple")

    assert "invalid_grant" == answer.json()["error"]


async def test_another_persons_passkey_is_no_second_factor(issuer, device):
    await issuer.add_person("bob")
    his = issuer.browser()
    await issuer.sign_in(his, "bob")
    bobs = Authenticator(ORIGIN)
    await add(his, bobs)
    browser = issuer.browser()
    first = await issuer.sign_in(browser)
    page, options = await asked(browser, first.headers["location"])
    answer = await send(browser, page, bobs.get(options))

    assert 400 == answer.status_code
    assert "That passkey does not work here." in answer.text
    assert "passkey person" == await why(issuer, answer)


# ── attacks


@pytest.mark.parametrize(
    ("changed", "check"),
    [
        ({"origin": "https://id.example.evil.example"}, "passkey"),
        ({"origin": "https://badid.example"}, "passkey"),
        ({"origin": "http://id.example"}, "passkey"),
        ({"origin": "https://id.example:8443"}, "passkey"),
        ({"rp_id": "evil.example"}, "passkey"),
        ({"rp_id": "example"}, "passkey"),
        ({"type": "webauthn.create"}, "passkey"),
        ({"cross_origin": True}, "passkey"),
        ({"flags": UP | BE | BS}, "passkey"),
        ({"flags": UV | BE | BS}, "passkey"),
        ({"flags": UP | UV}, "passkey"),
        ({"flags": UP | UV | BS}, "passkey"),
        ({"signature": None}, "passkey"),
        ({"signature": ""}, "passkey"),
        ({"signature": text(b"\x30\x06\x02\x01\x00\x02\x01\x00")}, "passkey"),
        ({"authenticatorData": None}, "passkey"),
        ({"authenticatorData": text(b"short")}, "passkey"),
        ({"userHandle": None}, "passkey person"),
        ({"userHandle": text(b"id-of-bob")}, "passkey person"),
        ({"clientDataJSON": None}, "passkey form"),
        ({"clientDataJSON": text(b"[]")}, "passkey form"),
        ({"clientDataJSON": text(b'{"challenge": 5}')}, "passkey form"),
    ],
)
async def test_wa_03_wa_04_whatever_is_changed_or_left_out_signs_nobody_in(issuer, device, changed, check):
    """An origin is equal or wrong, and who the device did not recognise is nobody."""
    browser = issuer.browser()
    answer = await sign_in(browser, device, **changed)

    assert 400 == answer.status_code
    assert check == await why(issuer, answer)
    assert 303 == (await browser.get("/account")).status_code


@pytest.mark.parametrize(
    "sent",
    [
        "{", "[]", "null", "5", '"x"', "{}", '{"response": {}}', '{"rawId": 5, "response": {"clientDataJSON": "e30"}}',
        '{"rawId": "AA", "response": {"clientDataJSON": "\\ud800"}}', "[" * 5000, "x" * 40_000,
    ],
)  # fmt: skip
async def test_what_is_no_answer_of_an_authenticator_is_refused(sqlite_issuer, sent):
    browser = sqlite_issuer.browser()
    page = await browser.get("/login")
    answer = await send(browser, page, sent)

    assert 400 == answer.status_code
    assert "passkey form" == await why(sqlite_issuer, answer)


async def test_wa_01_an_answer_counts_once(issuer, device):
    browser = issuer.browser()
    page, options = await asked(browser)
    answer = device.get(options)
    first = await send(browser, page, answer)
    again = await send(browser, page, answer)

    assert 303 == first.status_code
    assert (400, "passkey challenge") == (again.status_code, await why(issuer, again))


async def test_wa_01_of_fifty_at_once_one_signs_in(issuer, device):
    before = await issuer.count("sessions")
    browser = issuer.browser()
    page, options = await asked(browser)
    answer = device.get(options)
    answers = await asyncio.gather(*(send(browser, page, answer) for _ in range(50)))

    assert [303] + [400] * 49 == sorted(one.status_code for one in answers)
    assert before + 1 == await issuer.count("sessions")


async def test_a_challenge_is_good_for_five_minutes(issuer, device):
    browser = issuer.browser()
    page, options = await asked(browser)
    issuer.later(minutes=5)
    answer = await send(browser, page, device.get(options))

    assert (400, "passkey challenge") == (answer.status_code, await why(issuer, answer))


async def test_a_challenge_of_another_browser_is_none(issuer, device):
    browser, other = issuer.browser(), issuer.browser()
    _, options = await asked(other)
    page, _ = await asked(browser)
    answer = await send(browser, page, device.get(options))

    assert (400, "passkey challenge") == (answer.status_code, await why(issuer, answer))


async def test_a_challenge_that_we_did_not_make_is_none(issuer, device):
    browser = issuer.browser()
    page, options = await asked(browser)
    answer = await send(browser, page, device.get({**options, "challenge": text(b"\xff" * 56)}))

    assert (400, "passkey challenge") == (answer.status_code, await why(issuer, answer))


async def test_wa_02_a_challenge_for_a_new_passkey_signs_nobody_in(issuer, device):
    await confirm(issuer.http, device)
    _, options = await options_to_add(issuer.http)
    page = await issuer.http.get(await again(issuer))
    answer = await send(issuer.http, page, device.get({**options.json(), "rpId": "id.example"}))

    assert (400, "passkey challenge") == (answer.status_code, await why(issuer, answer))


async def test_wa_02_a_challenge_to_sign_in_makes_no_passkey(issuer, device):
    await confirm(issuer.http, device)
    _, options = await asked(issuer.http, await again(issuer))
    other = Authenticator(ORIGIN)
    made = other.create({**options, "rp": {"id": "id.example"}, "user": {"id": text(ALICE.encode())}})
    page = await issuer.http.get(PAGE)
    answer = await issuer.http.post(PAGE, data={**hidden(page.text), "passkey": made})

    assert (400, "passkey challenge") == (answer.status_code, await why(issuer, answer))
    assert 1 == await passkeys_of(issuer)


async def test_a_challenge_of_the_second_step_does_not_begin_a_sign_in(issuer, counting):
    """Else whoever may leave out the PIN there could leave it out here."""
    browser = issuer.browser()
    first = await issuer.sign_in(browser)
    _, options = await asked(browser, first.headers["location"])
    page = await browser.get("/login")
    answer = await send(browser, page, counting.get(options, flags=UP))

    assert (400, "passkey challenge") == (answer.status_code, await why(issuer, answer))


async def test_an_unknown_passkey_and_a_wrong_signature_get_the_same_answer(issuer, device):
    unknown = Authenticator(ORIGIN, handle=ALICE.encode(), flags=device.flags)
    wrong = Authenticator(ORIGIN, handle=ALICE.encode(), flags=device.flags, id=device.id)
    answers = [await sign_in(issuer.browser(), one) for one in (unknown, wrong)]

    assert said(answers[0]) == said(answers[1])
    assert ["unknown passkey", "passkey"] == [await why(issuer, one) for one in answers]
    # Their providers may forget both.
    assert [
        f'data-useless="{text(one.id)}"' in answer.text for one, answer in zip((unknown, wrong), answers, strict=True)
    ]


async def test_a_passkey_that_verifies_is_never_called_useless(issuer, device):
    await issuer.disable_person()
    answer = await sign_in(issuer.browser(), device)

    assert (400, "disabled person") == (answer.status_code, await why(issuer, answer))
    assert "That passkey does not work here." in answer.text
    assert "data-useless" not in answer.text


async def test_a_counter_that_goes_back_signs_nobody_in_and_is_told(issuer, counting):
    await sign_in(issuer.browser(), counting)
    counting.count = 3
    browser = issuer.browser()
    answer = await sign_in(browser, counting)

    assert (400, "passkey counter") == (answer.status_code, await why(issuer, answer))
    assert 303 == (await browser.get("/account")).status_code
    assert "passkey_perhaps_cloned" in await issuer.audited()


async def test_a_form_of_another_site_signs_nobody_in(issuer, device):
    browser = issuer.browser()
    page, options = await asked(browser)
    form = {**hidden(page.text), "passkey": device.get(options)}
    forged = await browser.post("/login", data=form, headers={"sec-fetch-site": "cross-site"})
    untold = await browser.post("/login/passkey", data={"ask": "1"})

    assert (403, 403) == (forged.status_code, untold.status_code)


# ── adding


async def test_a_new_passkey_has_a_name_and_stands_on_the_page(issuer, device):
    page = await issuer.http.get(PAGE)

    assert 'id="prove"' in page.text, "the password alone is not enough any more"
    assert "My phone" in page.text
    assert "not used yet · synchronised" in page.text
    assert "factor_added" in await issuer.audited()


async def test_what_it_is_called_without_a_name_its_maker_says(issuer):
    await issuer.sign_in()
    await add(issuer.http, Authenticator(ORIGIN))

    assert "Google Password Manager" in (await issuer.http.get(PAGE)).text


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": "https://evil.example"},
        {"flags": UV},
        {"flags": UP | BS},
    ],
)
async def test_a_new_passkey_for_another_place_or_nobody_is_not_taken(issuer, changed):
    await issuer.sign_in()
    answer = await add(issuer.http, Authenticator(ORIGIN), **changed)

    assert (400, "new passkey") == (answer.status_code, await why(issuer, answer))
    assert 0 == await passkeys_of(issuer)


def confused():
    """Keys that say they are of another algorithm, on another curve, or short."""
    p256 = Authenticator(ORIGIN).public()
    p384 = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
    return {
        "RS256 of a curve": {**p256, 3: -257},
        "EdDSA of P-256": {**p256, 3: -8},
        "ES512": {**p256, 3: -36},
        "P-384": {1: 2, 3: -7, -1: 2, -2: p384.x.to_bytes(48, "big"), -3: p384.y.to_bytes(48, "big")},
        "off the curve": {**p256, -3: b"\x01" * 32},
        "RSA of 512 bits": {1: 3, 3: -257, -1: b"\xff" * 64, -2: b"\x01\x00\x01"},
        "RSA with e = 1": {1: 3, 3: -257, -1: b"\xff" * 256, -2: b"\x01"},
        "no key": {},
    }


@pytest.mark.parametrize("which", confused())
async def test_a_key_of_a_confused_algorithm_is_not_taken(sqlite_issuer, which):
    await sqlite_issuer.sign_in()
    answer = await add(sqlite_issuer.http, Authenticator(ORIGIN, cose=confused()[which]))

    assert (400, "new passkey") == (answer.status_code, await why(sqlite_issuer, answer))
    assert 0 == await passkeys_of(sqlite_issuer)


async def test_a_credential_belongs_to_one_person(issuer, device):
    await issuer.add_person("bob")
    his = issuer.browser()
    await issuer.sign_in(his, "bob")
    answer = await add(his, Authenticator(ORIGIN, id=device.id))

    assert (400, "known passkey") == (answer.status_code, await why(issuer, answer))
    assert 1 == await passkeys_of(issuer)


async def test_of_fifty_at_once_one_is_added(issuer):
    await issuer.sign_in()
    page, options = await options_to_add(issuer.http)
    form = {**hidden(page.text), "passkey": Authenticator(ORIGIN).create(options.json())}
    answers = await asyncio.gather(*(issuer.http.post(PAGE, data=form) for _ in range(50)))

    assert 1 == sum(303 == one.status_code for one in answers)
    assert {303, 400} == {one.status_code for one in answers} - {503}
    assert 1 == await passkeys_of(issuer)


async def test_wa_07_only_a_person_who_has_just_proved_themself_adds_a_passkey(issuer):
    await issuer.sign_in()
    page, options = await options_to_add(issuer.http)
    made = Authenticator(ORIGIN).create(options.json())
    issuer.later(minutes=4)
    tokens = await issuer.tokens()
    by_token = issuer.browser()
    by_token.headers["authorization"] = f"Bearer {tokens['access_token']}"
    issuer.later(minutes=7)
    late = await issuer.http.post(f"{PAGE}/options", data={"ask": "1"}, headers=csrf(page))
    told = issuer.refusals("check")[-1]
    sent = await issuer.http.post(PAGE, data={**hidden(page.text), "passkey": made})

    assert 403 == (await by_token.post(f"{PAGE}/options", data={"ask": "1"})).status_code
    assert (400, "fresh proof") == (late.status_code, told)
    assert f"{ORIGIN}/login?fresh=passkeys" == sent.headers["location"]
    assert 'id="prove"' in (await issuer.http.get(PAGE)).text
    assert 0 == await passkeys_of(issuer)


async def test_a_second_passkey_wants_the_first_one_and_not_the_password_alone(issuer, device):
    issuer.later(minutes=11)
    page = await issuer.http.get("/login?fresh=passkeys")
    form = {**hidden(page.text), "username": "alice", "password": "correct horse battery staple"}
    half = await issuer.http.post("/login", data=form)
    still = await issuer.http.get(PAGE)
    await sign_in(issuer.http, device, half.headers["location"])
    _, options = await options_to_add(issuer.http)

    assert 'id="prove"' in still.text
    assert [text(device.id)] == [one["id"] for one in options.json()["excludeCredentials"]]


# ── renaming and removing


async def change(browser, **which):
    page = await browser.get(PAGE)
    return await browser.post(PAGE, data={**hidden(page.text), **which})


async def only_id(issuer):
    return re.findall(r'name="remove" value="([^"]+)"', (await issuer.http.get(PAGE)).text)[0]


async def test_a_passkey_gets_another_name(issuer, device):
    await confirm(issuer.http, device)
    await change(issuer.http, rename=await only_id(issuer), name="  The \u202e red one ")

    assert "The red one" in (await issuer.http.get(PAGE)).text
    assert "passkey_renamed" in await issuer.audited()


async def test_a_passkey_is_removed_once_that_is_confirmed_and_signs_nobody_in(issuer, device):
    await confirm(issuer.http, device)
    id = await only_id(issuer)
    asked_first = await change(issuer.http, remove=id)
    before = await passkeys_of(issuer)
    answer = await change(issuer.http, remove=id, confirm="yes")
    refused = await sign_in(issuer.browser(), device)
    by_password = await issuer.sign_in(issuer.browser())

    assert (200, 1) == (asked_first.status_code, before)
    assert "your password alone signs you in" in asked_first.text
    assert (303, 0) == (answer.status_code, await passkeys_of(issuer))
    assert 400 == refused.status_code
    assert f"{ORIGIN}/account" == by_password.headers["location"]
    assert "factor_removed" in await issuer.audited()


async def test_nobody_removes_or_renames_another_persons_passkey(issuer, device):
    await confirm(issuer.http, device)
    id = await only_id(issuer)
    await issuer.add_person("bob")
    his = issuer.browser()
    await issuer.sign_in(his, "bob")
    await change(his, remove=id, confirm="yes")
    await change(his, rename=id, name="mine")

    assert 1 == await passkeys_of(issuer)
    assert "mine" not in (await issuer.http.get(PAGE)).text


async def test_a_sign_in_under_way_is_over_once_another_passkey_is_there(issuer):
    """Its password was proved when there was nothing else to prove."""
    await issuer.sign_in()
    first = Authenticator(ORIGIN)
    await add(issuer.http, first)
    await confirm(issuer.http, first)
    browser = issuer.browser()
    begun = await issuer.sign_in(browser)
    issuer.later(seconds=1)
    await add(issuer.http, Authenticator(ORIGIN))
    page = await browser.get(begun.headers["location"])

    assert 'id="passkey-ready"' not in page.text


# ── where passkeys are not offered, and which are


async def test_an_issuer_at_an_address_offers_none(sqlite_database):
    async for issuer in start(sqlite_database, MINTMARK_ISSUER="http://127.0.0.1:8123"):
        page = await issuer.http.get("/login")
        answer = await issuer.http.post("/login/passkey", data={"ask": "1"}, headers=csrf(page))

        assert "use-passkey" not in page.text
        assert 400 == answer.status_code


async def test_an_issuer_with_a_port_and_a_path_has_passkeys_of_its_host(sqlite_database):
    async for issuer in start(sqlite_database, MINTMARK_ISSUER="http://localhost:8123/tenant"):
        browser = issuer.http
        page = await browser.get("/login")
        form = {**hidden(page.text), "username": "alice", "password": "correct horse battery staple"}
        await browser.post("/login", data=form)
        device = Authenticator("http://localhost:8123")
        page = await browser.get(PAGE)
        options = await browser.post(f"{PAGE}/options", data={"ask": "1"}, headers=csrf(page))
        made = device.create(options.json())
        added = await browser.post(PAGE, data={**hidden(page.text), "passkey": made})
        other = issuer.browser()
        page = await other.get("/login")
        asked = await other.post("/login/passkey", data={"ask": "1"}, headers=csrf(page))
        form = {**hidden(page.text), "passkey": device.get(asked.json())}
        answer = await other.post("/login", data=form)

        assert "localhost" == options.json()["rp"]["id"]
        assert "/tenant/account/passkeys" in added.headers["location"]
        assert "http://localhost:8123/tenant/account" == answer.headers["location"]


async def test_only_passkeys_of_the_named_authenticators_are_taken_and_let_in(sqlite_database):
    allowed = f"{GOOGLE.upper()}, 2fc0579f-8113-47ea-b116-bb5a8db9202a"
    async for issuer in start(sqlite_database, MINTMARK_PASSKEY_AUTHENTICATORS=allowed):
        await issuer.sign_in()
        _, options = await options_to_add(issuer.http)
        refused = await add(issuer.http, Authenticator(ORIGIN, aaguid=bytes(16)))
        good = Authenticator(ORIGIN)
        await add(issuer.http, good)

        assert "direct" == options.json()["attestation"]
        assert (400, "passkey authenticator") == (refused.status_code, await why(issuer, refused))
        assert 303 == (await sign_in(issuer.browser(), good)).status_code

        object.__setattr__(issuer.server.settings, "passkey_authenticators", ("2fc0579f-8113-47ea-b116-bb5a8db9202a",))
        assert 400 == (await sign_in(issuer.browser(), good)).status_code
