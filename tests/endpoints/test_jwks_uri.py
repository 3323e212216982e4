"""A client's jwks_uri that hangs, redirects, answers too much, or leads where nobody may look: over real sockets."""

import asyncio
import json
import time
from ipaddress import ip_network

import pytest

from mintmark import key_sets
from mintmark.outbound import Outbound
from tests import receiving
from tests.endpoints.test_private_key_jwt import DOCUMENT, KEYS, ask, public, refused_because, signed
from tests.receiving import *  # noqa: F403

LOOPBACK = (ip_network("127.0.0.0/8"),)
SET = json.dumps({"keys": [public(KEYS["ES256"], kid="one")]}).encode()


def says(body):
    head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
    return receiving.says(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)


@pytest.fixture
def going_out(sqlite_issuer, monkeypatch):
    """It may reach this machine."""
    monkeypatch.setattr(key_sets, "SECONDS", 1.0)
    object.__setattr__(sqlite_issuer.server, "outbound", Outbound(LOOPBACK))


async def registered(issuer, uri):
    await issuer.add_client("bank", {**DOCUMENT, "jwks_uri": uri})


async def test_keys_come_from_where_the_client_publishes_them(sqlite_issuer, going_out, receiver):
    there = await receiver(says(SET))
    await registered(sqlite_issuer, there.url)

    assert 200 == (await ask(sqlite_issuer, signed(sqlite_issuer))).status_code
    assert 200 == (await ask(sqlite_issuer, signed(sqlite_issuer))).status_code
    [came] = there.came
    assert ("GET", "application/json") == (came.method, came.headers["accept"])
    assert {"authorization", "cookie"}.isdisjoint(came.headers)


BAD = {
    "hangs": receiving.hangs,
    "a byte a second": receiving.slowly(b"HTTP/1.1 200 OK\r\n\r\n" + SET),
    "a redirect": receiving.status(302, "location: http://127.0.0.1:1/other"),
    "a fault": receiving.status(500),
    "nothing": receiving.status(204),
    "five megabytes": receiving.huge,
    "too long, and whole": says(b'{"keys":[],"more":"' + b"x" * 300_000 + b'"}'),
    "a page": says(b"<html>"),
    "a list": says(SET[8:-1]),
    "a member twice": says(b'{"keys":[],' + SET[1:]),
    "deep": says(b'{"keys":' + b"[" * 100_000),
    "a thousand keys": says(json.dumps({"keys": [public(KEYS["ES256"])] * 1000}).encode()),
    "a private key": says(json.dumps({"keys": [{**public(KEYS["ES256"]), "d": "AQ"}]}).encode()),
    "a weak key": says(json.dumps({"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}).encode()),
    "no HTTP": receiving.says(b"nonsense\r\n\r\n"),
}


@pytest.mark.parametrize("name", BAD)
async def test_whatever_stands_there_the_client_is_told_what_everybody_is(sqlite_issuer, going_out, receiver, name):
    there = await receiver(BAD[name])
    await registered(sqlite_issuer, there.url)
    began = time.monotonic()
    answer = await ask(sqlite_issuer, signed(sqlite_issuer))

    assert "assertion signature" == await refused_because(sqlite_issuer, answer)
    assert "127.0.0.1" not in answer.text
    assert time.monotonic() - began < 5
    there.answer = says(SET)
    sqlite_issuer.later(seconds=15)
    assert 200 == (await ask(sqlite_issuer, signed(sqlite_issuer))).status_code


async def test_a_private_address_is_never_asked(sqlite_issuer, receiver):
    there = await receiver(says(SET))
    await registered(sqlite_issuer, there.url.replace("http:", "https:"))
    answer = await ask(sqlite_issuer, signed(sqlite_issuer))

    assert "assertion signature" == await refused_because(sqlite_issuer, answer)
    assert 0 == there.connections
    assert "not a public address" in sqlite_issuer.refusals("expected")[-1]


async def test_a_name_that_leads_elsewhere_the_second_time_wins_nothing(sqlite_issuer, receiver):
    """DNS rebinding."""
    there, answers = await receiver(says(SET)), [["127.0.0.1"], ["10.0.0.1"]]

    async def resolve(host, port):
        return answers.pop(0) if len(answers) > 1 else answers[0]

    out = Outbound((ip_network("127.0.0.1/32"),), resolve=resolve)
    object.__setattr__(sqlite_issuer.server, "outbound", out)
    await registered(sqlite_issuer, f"http://bank.example:{there.port}/jwks")
    assert 200 == (await ask(sqlite_issuer, signed(sqlite_issuer))).status_code
    sqlite_issuer.later(minutes=5)

    assert 200 == (await ask(sqlite_issuer, signed(sqlite_issuer))).status_code, "what was fetched before is still good"
    sqlite_issuer.later(minutes=70)
    assert 401 == (await ask(sqlite_issuer, signed(sqlite_issuer))).status_code
    assert 1 == there.connections


async def test_while_addresses_hang_other_clients_get_their_tokens(sqlite_issuer, going_out, receiver):
    issuer, there = sqlite_issuer, await receiver(receiving.hangs)
    good = await receiver(says(SET))
    await registered(issuer, good.url)
    strangers = [f"stranger-{number}" for number in range(20)]
    for name in strangers:
        await issuer.add_client(name, {**DOCUMENT, "jwks_uri": f"{there.url}/{name}"})
    stuck = [asyncio.create_task(ask(issuer, signed(issuer, iss=name, sub=name))) for name in strangers]
    await asyncio.sleep(0.1)
    other = await asyncio.wait_for(issuer.token(grant_type="client_credentials"), 0.5)
    bank = await asyncio.wait_for(ask(issuer, signed(issuer)), 0.5)

    assert [200, 200] == [other.status_code, bank.status_code]
    assert {401} == {answer.status_code for answer in await asyncio.gather(*stuck)}
