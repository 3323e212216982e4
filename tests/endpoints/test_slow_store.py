"""Each call of the store takes 15 ms longer: what may be used once is still used once (lessons, "Seen by us").

Who reads, waits and then writes without asking who was first is found out here, on both databases.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from mintmark.store import connect
from mintmark.store.executor import Executor
from tests.issuer import API, SECRET, boxes, hidden, start

SLOW = 0.015  # seconds


@dataclass
class Slow:
    """An executor that takes its time, before and after."""

    behind: Executor

    @property
    def dialect(self):
        return self.behind.dialect

    @property
    def statements(self):
        return self.behind.statements

    async def fetch(self, read, /, **parameters):
        rows = await self.behind.fetch(read, **parameters)
        await asyncio.sleep(SLOW)
        return rows

    async def commit(self, changes, /):
        await asyncio.sleep(SLOW)
        await self.behind.commit(changes)

    async def close(self):
        await self.behind.close()


@pytest.fixture
async def slow(database, monkeypatch):
    quick = connect.connect

    async def connected(url: str, **more: Any):
        return Slow(await quick(url, **more))

    monkeypatch.setattr("mintmark.store.connect.connect", connected)
    async for one in start(database):
        yield one


def won(answers):
    assert not [answer.text for answer in answers if answer.status_code >= 500 and 503 != answer.status_code]
    return [answer for answer in answers if 200 == answer.status_code]


async def test_a_code_is_redeemed_once(slow):
    code = await slow.code()
    answers = await asyncio.gather(*(slow.redeem(code) for _ in range(20)))
    winners = won(answers)

    assert 1 == len(winners)
    assert {"active": False} == await slow.introspect(winners[0].json()["access_token"])


async def test_a_refresh_token_has_one_heir(slow):
    tokens = await slow.tokens()
    answers = await asyncio.gather(*(slow.refresh(tokens["refresh_token"]) for _ in range(20)))

    assert {200, 503} >= {answer.status_code for answer in answers}
    assert 1 == len({answer.json()["refresh_token"] for answer in won(answers)})
    assert 2 == await slow.count("refresh_tokens")


async def test_a_one_use_token_is_used_once(slow):
    await slow.set_policy({"one_use": True})
    token = (await slow.tokens())["access_token"]
    introspected = [slow.introspect(token) for _ in range(10)]
    header = {"authorization": f"Bearer {token}"}
    told = await asyncio.gather(*introspected, *(slow.http.get("/userinfo", headers=header) for _ in range(10)))
    good = [one for one in told[:10] if one["active"]] + [one for one in told[10:] if 200 == one.status_code]

    assert 1 == len(good)


async def test_a_consent_gives_one_code(slow):
    await slow.sign_in()
    asked = await slow.http.get("/authorize", params=slow.request())
    page = await slow.http.get(asked.headers["location"])
    form = {**hidden(page.text), "scope": boxes(page.text), "decision": "allow"}
    decided = await asyncio.gather(*(slow.http.post("/consent", data=form) for _ in range(4)))
    ways = {answer.headers["location"] for answer in decided if answer.is_redirect}
    steps = await asyncio.gather(*(slow.http.get(way) for way in ways for _ in range(10)))

    assert {303, 400, 503} >= {answer.status_code for answer in [*decided, *steps]}
    assert 1 == await slow.count("codes") == await slow.count("authorizations")


async def test_no_more_tokens_live_than_may(slow):
    await slow.set_policy({"max_active_tokens": 2})
    form = {"grant_type": "client_credentials", "scope": "api:read", "resource": API}
    answers = await asyncio.gather(*(slow.token(**form) for _ in range(12)))
    tokens = [answer.json()["access_token"] for answer in won(answers)]
    live = [one for one in [await slow.introspect(token) for token in tokens] if one["active"]]

    assert 1 <= len(live) <= 2


async def test_an_end_that_was_acknowledged_leaves_no_token(slow):
    tokens = await slow.tokens()
    old = tokens["refresh_token"]
    revoked = slow.http.post("/revoke", data={"token": old}, auth=("web", SECRET))
    *answers, ended = await asyncio.gather(*(slow.refresh(old) for _ in range(8)), revoked)
    got = [answer.json()["access_token"] for answer in won(answers)]

    assert 200 == ended.status_code
    assert [{"active": False}] * len(got) == [await slow.introspect(token) for token in got]


async def test_sign_ins_at_once_keep_to_the_number_of_sessions(slow):
    await slow.set_policy({"max_sessions": 2})
    browsers = [slow.browser() for _ in range(6)]
    answers = await asyncio.gather(*(slow.sign_in(browser) for browser in browsers))

    assert {303, 503} >= {answer.status_code for answer in answers}
    assert 2 >= len(await slow.sids())
