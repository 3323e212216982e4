"""Logos: fetched once by us, shown from here, and no page ever waits for one."""

import re
import time

import pytest

from tests.issuer import CALLBACK, CHALLENGE, start
from tests.protocol.test_picture import png
from tests.receiving import *  # noqa: F403
from tests.receiving import hangs, huge, says, status
from tests.registering import WEB, manage, registered

SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script><path d='M0 0'/></svg>"


def picture(body, code=200, kind=b"image/png"):
    return says(
        b"HTTP/1.1 %d So\r\ncontent-type: %b\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b"
        % (code, kind, len(body), body)
    )


@pytest.fixture
async def reaching(database):
    async for one in start(database, MINTMARK_OUTBOUND_ALLOW="127.0.0.1/32"):
        yield one


async def page(issuer, client_id, at="login"):
    asked = {"client_id": client_id, "redirect_uri": CALLBACK, "scope": "openid", "response_type": "code"}
    asked |= {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    answer = await issuer.http.get("/authorize", params=asked)
    assert f"/{at}?" in answer.headers["location"]
    return await issuer.http.get(answer.headers["location"])


def shown(answer):
    found = re.search(r'<img class="tile" src="([^"]+)"', answer.text)
    return None if found is None else found[1].replace("&amp;", "&")


async def test_a_logo_is_fetched_once_and_shown_from_here(reaching, receiver):
    there = await receiver(picture(png(), kind=b"text/html"))
    told = await registered(
        reaching, logo_uri=there.url, policy_uri="https://web.example/p", tos_uri="https://web.example/t"
    )
    await reaching.server.logos.idle()
    sign_in = await page(reaching, told["client_id"])
    again = await page(reaching, told["client_id"])
    logo = await reaching.http.get(shown(sign_in))

    assert shown(sign_in) == shown(again)
    assert 1 == len(there.came)
    assert there.url not in sign_in.text
    assert {"https://web.example/p", "https://web.example/t"} <= set(re.findall(r'<a href="([^"]+)"', sign_in.text))
    assert (200, "image/png", "nosniff", png()) == (
        logo.status_code, logo.headers["content-type"], logo.headers["x-content-type-options"], logo.content,
    )  # fmt: skip
    assert "default-src 'none'; sandbox; frame-ancestors 'none'" == logo.headers["content-security-policy"]
    assert "set-cookie" not in logo.headers


async def test_the_consent_page_shows_it_too(reaching, receiver):
    there = await receiver(picture(png()))
    told = await registered(reaching, logo_uri=there.url)
    await reaching.server.logos.idle()
    await reaching.sign_in()

    assert shown(await page(reaching, told["client_id"], at="consent"))


@pytest.mark.parametrize(
    "answer",
    [picture(b"<html>"), picture(png(), 404), picture(png(9999)), huge,
     status(302, "location: https://elsewhere.example/logo.png")],
)  # fmt: skip
async def test_what_is_no_picture_is_not_shown_and_not_asked_for_at_every_page(reaching, receiver, answer):
    there = await receiver(answer)
    told = await registered(reaching, logo_uri=there.url)
    await reaching.server.logos.idle()
    for _ in range(2):
        assert shown(await page(reaching, told["client_id"])) is None
        await reaching.server.logos.idle()

    assert 1 == len(there.came)
    assert 404 == (await reaching.http.get("/logo", params={"client_id": told["client_id"]})).status_code


async def test_no_page_waits_for_a_logo_that_hangs(reaching, receiver):
    there = await receiver(hangs)
    began = time.monotonic()
    told = await registered(reaching, logo_uri=there.url)
    assert shown(await page(reaching, told["client_id"])) is None

    assert time.monotonic() - began < 3
    assert 1 == reaching.server.logos.under_way


async def test_an_operators_client_has_its_logo_when_somebody_sees_it_the_second_time(reaching, receiver):
    there = await receiver(picture(png()))
    await reaching.change_client("web", logo_uri=there.url)
    first = shown(await page(reaching, "web"))
    await reaching.server.logos.idle()

    assert first is None
    assert shown(await page(reaching, "web"))


async def test_another_address_is_another_picture_and_a_week_later_it_is_looked_at_anew(reaching, receiver):
    there, other = await receiver(picture(png())), await receiver(picture(png(2, 2)))
    told = await registered(reaching, logo_uri=there.url)
    await reaching.server.logos.idle()
    one = shown(await page(reaching, told["client_id"]))
    wanted = {**WEB, "client_id": told["client_id"], "logo_uri": other.url}
    assert 200 == (await manage(reaching, told, "PUT", wanted)).status_code
    await reaching.server.logos.idle()
    two = shown(await page(reaching, told["client_id"]))
    reaching.later(days=8)
    other.answer = status(500)
    three = shown(await page(reaching, told["client_id"]))
    await reaching.server.logos.idle()

    assert one != two == three
    assert png(2, 2) == (await reaching.http.get(two)).content
    assert [1, 2] == [len(there.came), len(other.came)]
    assert two == shown(await page(reaching, told["client_id"])), "what was there is better than nothing"


async def test_a_logo_at_a_private_address_is_never_asked_for(sqlite_issuer, receiver):
    there = await receiver(picture(png()))
    told = await registered(sqlite_issuer, logo_uri=there.url)
    await sqlite_issuer.server.logos.idle()

    assert shown(await page(sqlite_issuer, told["client_id"])) is None
    assert 0 == there.connections


async def test_of_a_drawing_only_what_draws_is_shown(reaching, receiver):
    there = await receiver(picture(SVG, kind=b"image/svg+xml"))
    told = await registered(reaching, logo_uri=there.url)
    logo = await reaching.http.get(shown(await page(reaching, told["client_id"])))

    assert "image/svg+xml" == logo.headers["content-type"]
    assert b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"></path></svg>' == logo.content
