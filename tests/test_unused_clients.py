"""Clients that registered themselves go when nobody used them, and no others do."""

import asyncio

import pytest

from mintmark import upkeep
from mintmark.store import listed_clients, registrations
from tests.databases import *  # noqa: F403
from tests.issuer import *  # noqa: F403
from tests.issuer import CALLBACK, start
from tests.registering import registered


async def signed_in(issuer, client_id):
    asked = {"client_id": client_id, "redirect_uri": CALLBACK, "scope": "openid", "response_type": "code"}
    return await issuer.go_on(issuer.http, await issuer.http.get("/authorize", params=asked))


async def test_who_was_never_used_goes_after_a_month_and_the_others_stay(issuer):
    unused, used = [(await registered(issuer))["client_id"] for _ in range(2)]
    before = await issuer.count("clients")
    assert "code" in await signed_in(issuer, used)
    issuer.later(days=29)
    await upkeep.clear_unused(issuer.server)
    assert before == await issuer.count("clients")
    issuer.later(days=2)
    recent = (await registered(issuer))["client_id"]
    await upkeep.clear_unused(issuer.server)
    await issuer.server.registry.renew()

    assert before == await issuer.count("clients")  # one went, one came
    assert await issuer.server.registry.client(unused) is None
    assert None not in [await issuer.server.registry.client(one) for one in (used, recent, "web", "operator")]
    assert 1 == (await issuer.audited()).count("client_deleted")
    assert 400 == (await issuer.http.get("/authorize", params={"client_id": unused})).status_code


async def test_the_first_use_is_remembered_once(issuer):
    client_id = (await registered(issuer))["client_id"]
    first = issuer.server.clock()
    await asyncio.gather(*(signed_in_elsewhere(issuer, client_id) for _ in range(5)))
    issuer.later(hours=1)
    await signed_in(issuer, client_id)
    found = await listed_clients.find(issuer.server.store, client_id)

    assert found is not None
    assert first == found.used_at


async def signed_in_elsewhere(issuer, client_id):
    browser = issuer.browser()
    asked = {"client_id": client_id, "redirect_uri": CALLBACK, "scope": "openid", "response_type": "code"}
    return await issuer.go_on(browser, await browser.get("/authorize", params=asked))


async def test_hundreds_go_in_one_run(sqlite_issuer):
    store, now = sqlite_issuer.server.store, sqlite_issuer.server.clock()
    for number in range(registrations.BATCH + 5):
        await store.commit([registrations.add(f"stale-{number}", "{}", "{}", bytes(32), None, now)])
    left = await sqlite_issuer.count("clients")
    sqlite_issuer.later(days=31)
    await upkeep.clear_unused(sqlite_issuer.server)

    assert left - registrations.BATCH - 5 == await sqlite_issuer.count("clients")


@pytest.mark.parametrize(("setting", "stays"), [("off", True), ("1d", False)])
async def test_how_long_is_a_setting(sqlite_database, setting, stays):
    async for issuer in start(sqlite_database, MINTMARK_REGISTRATION_UNUSED=setting):
        client_id = (await registered(issuer))["client_id"]
        issuer.later(days=2)
        await upkeep.clear_unused(issuer.server)
        await issuer.server.registry.renew()

        assert stays == (await issuer.server.registry.client(client_id) is not None)
