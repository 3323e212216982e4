"""What is refused to people who sign in by more than a password, or change their account: each of those checks."""

from __future__ import annotations

from contextlib import suppress

from mintmark.protocol import external_factor
from mintmark.store import external_factors, schema
from mintmark.store.changes import Conflict, Insert, Update
from mintmark.store.times import ms
from tests.endpoints import enrolling, refusing_links, stepping
from tests.endpoints.asking import CANARY, elsewhere, somebody
from tests.issuer import PASSWORD, hidden

RING = {
    "name": "ring", "url": "http://127.0.0.1:9/ring", "use": ["first"], "label": "Use your ring",
    "secret": "whsec_" + "A" * 43 + "=",
}  # fmt: skip
WRONG_PAPER = "ABCD-" * 5 + "ABCD"  # what a recovery code looks like


# ── the steps of a sign-in


async def enrolled(issuer):
    """Somebody with an authenticator app: their name, their browser, the app's seed and the recovery codes."""
    name, browser = await somebody(issuer)
    return name, browser, *await enrolling.enrolled(issuer, browser, username=name)


async def at_second_step(issuer, name):
    """The password is proved in a browser: what the next form of it sends."""
    browser = elsewhere(issuer)
    form = await enrolling.second_step(issuer, browser, name)

    async def send(**typed):
        return await browser.post("/login", data={**form, **typed})

    return send


def wrong(issuer, seed):
    """A code that the app does not show, nor did, nor will at once."""
    good = {enrolling.code(issuer, seed, ahead) for ahead in (-1, 0, 1)}
    return next(code for code in ("000000", "000001", "000002", "000003") if code not in good)


def typed(code):
    """At the second step of somebody with an app. code: what is typed, of the issuer, the seed and the paper."""

    async def ask(issuer):
        name, _, seed, codes = await enrolled(issuer)
        send = await at_second_step(issuer, name)
        return await send(code=code(issuer, seed, codes))

    return ask


async def without_the_first_step(issuer):
    page = await issuer.http.get("/login")
    return await issuer.http.post("/login", data={**hidden(page.text), "factor": "totp", "code": "123456"})


async def not_set_up(issuer):
    name, browser = await somebody(issuer)
    page = await browser.get("/login")
    await issuer.sign_in(browser, name)
    return await browser.post("/login", data={**hidden(page.text), "factor": "totp", "code": "123456"})


async def paper_twice(issuer):
    name, _, _, codes = await enrolled(issuer)
    first, again = await at_second_step(issuer, name), await at_second_step(issuer, name)
    await first(code=codes[0])
    return await again(code=codes[0])


async def six_in_one_sign_in(issuer):
    name, _, seed, _ = await enrolled(issuer)
    send = await at_second_step(issuer, name)
    answers = [await send(code=wrong(issuer, seed)) for _ in range(6)]
    return answers[-1]


async def six_in_two_sign_ins(issuer):
    name, _, seed, _ = await enrolled(issuer)
    send, again = await at_second_step(issuer, name), await at_second_step(issuer, name)
    for _ in range(5):
        await send(code=wrong(issuer, seed))
    return await again(code=wrong(issuer, seed))


async def two_things_of_one_kind(issuer):
    """Without a password, an app and a sheet of paper are both things that one has."""
    name, browser = await somebody(issuer)
    await stepping.give(issuer, f"id-of-{name}")
    await issuer.server.store.commit([Update(schema.people, {"id": f"id-of-{name}"}, {"password_hash": None})])
    form, code = await refusing_links.mailed(issuer, browser, name)
    return await browser.post("/code", data={**form, "code": code})


# ── the operator's own service


def by_service(named):
    async def ask(issuer):
        """It stands where nothing may be asked (MINTMARK_OUTBOUND_ALLOW), and so it says nothing."""
        server = issuer.server
        with suppress(Conflict):  # another request has declared it
            one = external_factor.read(RING)
            await server.store.commit(external_factors.add(one, server.sealer, server.clock()))
        await server.registry.renew()
        name, browser = await somebody(issuer)
        page = await browser.get("/login")
        return await browser.post("/login", data={**hidden(page.text), "username": name, "external": named})

    return ask


# ── what a client gets of people who proved too little


async def by_password(issuer, name):
    return await issuer.token(grant_type="password", username=name, password=PASSWORD, scope="api:read")


async def password_alone(issuer):
    name, _ = await somebody(issuer)
    await stepping.give(issuer, f"id-of-{name}")
    return await by_password(issuer, name)


async def leaving(issuer):
    name, browser = await somebody(issuer)
    await issuer.sign_in(browser, name)
    page = await browser.get("/account/delete")
    await browser.post("/account/delete", data={**hidden(page.text), "sure": "yes"})
    return await by_password(issuer, name)


def demanding(use):
    """A policy of one client demands more than was proved for its tokens."""

    async def ask(issuer):
        name, browser = await somebody(issuer)
        tokens = await issuer.tokens("other", browser=browser, username=name, scope="openid offline_access")
        await issuer.set_policy({"require_factors": ["second_factor"]}, at="client", name="other")
        try:
            return await use(issuer, tokens)
        finally:
            await issuer.set_policy({}, at="client", name="other")

    return ask


def refreshing(issuer, tokens):
    return issuer.refresh(tokens["refresh_token"], "other")


def told_of(issuer, tokens):
    return issuer.http.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})


# ── the account


async def signed_in(issuer):
    name, browser = await somebody(issuer)
    await issuer.sign_in(browser, name)
    return browser


def of_apps(**form):
    """At the page of authenticator apps."""

    async def ask(issuer):
        browser = await signed_in(issuer)
        page = await browser.get("/account/totp")
        return await browser.post("/account/totp", data={**hidden(page.text), **form})

    return ask


async def one_app_too_many(issuer):
    name, browser, seed, _ = await enrolled(issuer)
    page = await browser.get("/login?fresh=totp")
    form = enrolling.form(page.text, "sign-in")
    await browser.post("/login", data={**form, "code": enrolling.code(issuer, seed)})
    now = ms(issuer.server.clock())
    for number in range(4):
        app = {"id": f"{name}-{number}", "person_id": f"id-of-{name}", "name": "Old", "seed": b"", "last_step": 0,
               "created_at": now, "confirmed_at": now, "last_used_at": None}  # fmt: skip
        await issuer.server.store.commit([Insert(schema.totps, app)])
    page = await browser.get("/account/totp")
    return await browser.post("/account/totp", data={**hidden(page.text), "action": "begin", "name": "Sixth"})


async def copied_too_often(issuer):
    browser = await signed_in(issuer)
    page = await browser.get("/account/download")
    answers = [await browser.post("/account/download", data=hidden(page.text)) for _ in range(6)]
    return answers[-1]


REQUESTS = {
    "sign-in step": without_the_first_step,
    "factor": not_set_up,
    "code form": typed(lambda issuer, seed, codes: CANARY),
    "totp code": typed(lambda issuer, seed, codes: wrong(issuer, seed)),
    "totp step": typed(lambda issuer, seed, codes: enrolling.code(issuer, seed, -1)),  # which confirmed the app
    "recovery code": typed(lambda issuer, seed, codes: WRONG_PAPER),
    "recovery code use": paper_twice,
    "factor throttle": six_in_two_sign_ins,
    "sign-in tries": six_in_one_sign_in,
    "factors": two_things_of_one_kind,
    "external factor": by_service(CANARY),
    "external answer": by_service("ring"),
    "second factor": password_alone,
    "person leaves": leaving,
    "require_factors": demanding(refreshing),
    "token's authentication": demanding(told_of),
    "totp app": of_apps(action="confirm", app=CANARY, code="123456"),
    "totp name": of_apps(action="begin", name=CANARY * 3),
    "totp count": one_app_too_many,
    "throttle download": copied_too_often,
}
