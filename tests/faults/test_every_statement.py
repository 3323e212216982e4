"""F-03: whatever is lost at whichever statement, the state is the old one or the new one, and a retry works."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select

from mintmark import keyring, upkeep
from mintmark.store import schema
from mintmark.store.changes import Unavailable
from mintmark.store.executor import Executor, Read
from tests.faults import trouble as troubles
from tests.faults.harness import quiet, tell
from tests.faults.trouble import Trouble
from tests.issuer import CALLBACK, SECRET, VERIFIER, Issuer, hidden, start

# A throttle counts what was tried, whatever came of it.
TABLES = [table for table in schema.metadata.sorted_tables if table is not schema.throttles]
SHAPES = {
    table.name: Read(select(func.count(), *[func.count(column) for column in table.columns if column.nullable]))
    if any(column.nullable for column in table.columns)
    else Read(select(func.count()).select_from(table))
    for table in TABLES
}


@dataclass
class Place:
    """An issuer whose store can be troubled, and another way to look at what is stored."""

    issuer: Issuer
    trouble: Trouble
    eyes: Executor

    async def shape(self) -> Counter[str]:
        """How many rows each table has, and in how many of them each column says something."""
        found: Counter[str] = Counter()
        for name, read in SHAPES.items():
            for number, count in enumerate((await self.eyes.fetch(read))[0]):
                found[f"{name} {number}"] = count
        return found

    async def heal(self) -> None:
        """The trouble is over, and the store has found out: after a fault it waits a moment before it tries again."""
        self.trouble.end()
        while True:
            try:
                await self.issuer.server.store.fetch(SHAPES["clients"])
                return
            except Unavailable:
                await asyncio.sleep(0.02)


@pytest.fixture
async def place(database, monkeypatch) -> AsyncIterator[Place]:
    """Without upkeep, whose statements would be counted among those of the request."""
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    quiet(monkeypatch)
    eyes = await database.connect()
    async for issuer in start(database):
        yield Place(issuer, troubles.let_into(issuer.server.store), eyes)
    await eyes.close()


Act = Callable[[], Awaitable[Any]]
Prepare = Callable[[Issuer], Awaitable[tuple[Act, Act]]]  # what is done, and what a client does where that failed


async def redeem(issuer: Issuer) -> tuple[Act, Act]:
    """A code whose answer was lost is spent: the client sends the browser again, which is signed in."""
    code = (await issuer.authorize())["code"]

    async def exchange(code=code) -> Any:
        return await issuer.token(
            grant_type="authorization_code", code=code, redirect_uri=CALLBACK, code_verifier=VERIFIER
        )

    async def again() -> Any:
        answer = await exchange()
        return answer if answer.is_success else await exchange((await issuer.authorize())["code"])

    return exchange, again


async def refresh(issuer: Issuer) -> tuple[Act, Act]:
    token = (await issuer.tokens())["refresh_token"]
    return lambda: issuer.refresh(token), lambda: issuer.refresh(token)


async def revoke(issuer: Issuer) -> tuple[Act, Act]:
    token = (await issuer.tokens())["refresh_token"]

    async def end() -> Any:
        return await issuer.http.post("/revoke", data={"token": token}, auth=("web", SECRET))

    return end, end


async def sign_in(issuer: Issuer) -> tuple[Act, Act]:
    browser = issuer.browser()
    page = await browser.get((await browser.get("/authorize", params=issuer.request())).headers["location"])
    form = {**hidden(page.text), "username": "alice", "password": "correct horse battery staple"}

    async def send() -> Any:
        return await browser.post("/login", data=form)

    async def again() -> Any:
        """Where the new cookie was lost, what is under way is no longer this browser's: the client begins anew."""
        answer = await send()
        if answer.is_success or answer.is_redirect:
            return answer
        assert "code" in await issuer.authorize(browser=browser)
        return await browser.get("/account")

    return send, again


async def consent(issuer: Issuer) -> tuple[Act, Act]:
    form = await consent_form(issuer)

    async def send() -> Any:
        return await issuer.http.post("/consent", data=form)

    return send, send


async def approve(issuer: Issuer) -> tuple[Act, Act]:
    """The code is made; where its address was lost, the client begins anew, and nobody is asked again."""
    sent = await issuer.http.post("/consent", data=await consent_form(issuer))
    assert sent.is_redirect, sent.text
    address = sent.headers["location"]

    async def go() -> Any:
        return await issuer.http.get(address)

    async def again() -> Any:
        answer = await go()
        return answer if answer.is_redirect else await issuer.http.get("/authorize", params=issuer.request())

    return go, again


async def consent_form(issuer: Issuer) -> dict[str, Any]:
    await issuer.authorize()  # signs in, the first time
    answer = await issuer.http.get("/authorize", params=issuer.request(prompt="consent"))
    assert "/consent?" in answer.headers.get("location", ""), f"{answer.status_code} {answer.headers}"
    page = await issuer.http.get(answer.headers["location"])
    return {**hidden(page.text), "scope": issuer.request()["scope"].split(), "decision": "allow"}


async def end_session(issuer: Issuer) -> tuple[Act, Act]:
    """By the account page of another browser of the person."""
    await issuer.authorize()
    before = await issuer.server.store.fetch(SESSIONS)
    await issuer.authorize(browser=issuer.browser(), scope="openid api:read")
    ((its,),) = set(await issuer.server.store.fetch(SESSIONS)) - set(before)
    form = {**hidden((await issuer.http.get("/account")).text), "end_session": its}

    async def end() -> Any:
        return await issuer.http.post("/account", data=form)

    return end, end


SESSIONS = Read(select(schema.sessions.c.id))
JOURNEYS = (redeem, refresh, revoke, sign_in, consent, approve, end_session)
QUICK = ("ES256", "EdDSA")  # an RSA key takes a second to make
WAYS = (("before", False), ("before", True), ("after", False), ("after", True))


@pytest.mark.parametrize("journey", JOURNEYS, ids=[journey.__name__ for journey in JOURNEYS])
async def test_whichever_statement_fails_the_state_is_the_old_or_the_new(place, journey):
    whole = await whole_change(place, journey)
    seen: Counter[str] = Counter()
    for when, lasting in WAYS:
        at = 0
        while True:
            at += 1
            place.issuer.later(milliseconds=2)  # no two requests of a browser are of the same instant
            act, again = await journey(place.issuer)
            before = await place.shape()
            place.trouble.begin(at, when, lasting=lasting)
            async with asyncio.timeout(20):
                answer = await act()
            await place.heal()
            if not place.trouble.struck:
                break
            done = changed(before, await place.shape())
            where = f"{journey.__name__}: {when} statement {at}, lasting {lasting}: {answer.status_code} and {done}"

            assert done in ({}, whole), where
            assert answer.status_code < 400 or (503 == answer.status_code and "retry-after" in answer.headers), where
            assert done == whole or 503 == answer.status_code, where
            assert not done or "after" == when or answer.status_code < 400, where
            retried = await again() if answer.status_code >= 400 else answer
            assert retried.status_code < 400, f"{where}; then {retried.status_code} {retried.text}"
            seen["new" if done else "old"] += 1

    assert seen["old"]
    tell(f"F-03 {journey.__name__} on {place.eyes.dialect}", statements_spoiled=seen.total(), **seen)


async def whole_change(place: Place, journey: Prepare) -> dict[str, int]:
    act, _ = await journey(place.issuer)
    before = await place.shape()
    answer = await act()
    assert answer.status_code < 400, answer.text
    return changed(before, await place.shape())


def changed(before: Counter[str], after: Counter[str]) -> dict[str, int]:
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


async def test_a_rotation_of_keys_that_fails_anywhere_leaves_a_whole_ring(place, monkeypatch):
    """The old keys go on, and the next turn makes what was missing."""
    monkeypatch.setattr(keyring, "AT_FIRST", QUICK)
    server, seen = place.issuer.server, Counter[str]()
    for when, lasting in WAYS:
        at = 0
        while True:
            at += 1
            place.issuer.later(days=100)  # a new key of each algorithm is due
            before = await place.shape()
            place.trouble.begin(at, when, lasting=lasting)
            with suppress(Unavailable):
                await upkeep.turn_keys(server)
            await place.heal()
            if not place.trouble.struck:
                break
            done = changed(before, await place.shape())
            await upkeep.turn_keys(server)
            whole = changed(before, await place.shape())
            await server.registry.renew()
            published = (await place.issuer.http.get("/.well-known/jwks.json")).json()["keys"]
            token = await place.issuer.token(grant_type="client_credentials")

            assert done in ({}, whole), f"{when} statement {at}: {done} of {whole}"
            assert 200 == token.status_code
            assert set(QUICK) <= {key["alg"] for key in published}
            seen["new" if done else "old"] += 1
    tell(f"F-03 key rotation on {place.eyes.dialect}", statements_spoiled=seen.total(), **seen)
