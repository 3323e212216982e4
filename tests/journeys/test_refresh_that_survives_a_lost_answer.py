"""Refresh: rotation that survives a lost answer, and ends the family of a token that somebody else has."""

import socket
from urllib.parse import urlencode

import httpx2
import pytest

from tests.issuer import VERIFIER

LOST = 10  # answers in a row


@pytest.fixture
def most(issuer):
    """Statements: one read, and one change set with its guards and its facts (design: the hot path)."""
    return {"sqlite": 5, "postgresql": 2}["sqlite" if issuer.settings.is_sqlite else "postgresql"]


async def test_a_refresh_costs_few_statements_and_the_signatures_of_its_tokens(cost, issuer, most):
    got = await issuer.tokens()
    again = (await issuer.refresh(got["refresh_token"])).json()
    with cost(issuer) as spent:
        await issuer.refresh(again["refresh_token"])

    assert spent.statements <= most
    assert 2 == spent.signatures


async def test_a_code_costs_few_statements_too(cost, issuer):
    await issuer.tokens()
    got = await issuer.authorize()
    form = {"code": got["code"], "code_verifier": VERIFIER, "redirect_uri": issuer.request()["redirect_uri"]}
    with cost(issuer) as spent:
        answer = await issuer.token(grant_type="authorization_code", **form)

    assert 200 == answer.status_code
    assert spent.statements <= (7 if issuer.settings.is_sqlite else 2)
    assert 2 == spent.signatures


async def test_a_client_whose_answers_are_lost_goes_on_with_what_it_has(demo):
    """Over the wire: the server has written, the client has hung up, and tries again with the token that it knows."""
    async with httpx2.AsyncClient() as browser:
        token = await first_token(demo, browser)
        for _ in range(LOST):
            ask_and_hang_up(demo, token)
            answer = await refresh(demo, browser, token)
            assert 200 == answer.status_code, answer.text
            token = answer.json()["refresh_token"]


async def test_a_token_that_somebody_else_has_ends_its_family(demo):
    async with httpx2.AsyncClient() as browser:
        stolen = await first_token(demo, browser)
        heir = (await refresh(demo, browser, stolen)).json()["refresh_token"]
        newest = (await refresh(demo, browser, heir)).json()["refresh_token"]
        thief = await refresh(demo, browser, stolen)
        owner = await refresh(demo, browser, newest)

    assert ("invalid_grant", "invalid_grant") == (thief.json()["error"], owner.json()["error"])


async def first_token(demo, browser):
    form = {
        "grant_type": "password",
        "scope": "openid offline_access",
        "username": demo.username,
        "password": demo.password,
    }
    answer = await browser.post(f"{demo.url}/token", data=form, auth=(demo.client_id, demo.client_secret))
    return answer.json()["refresh_token"]


async def refresh(demo, browser, token):
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return await browser.post(f"{demo.url}/token", data=form, auth=(demo.client_id, demo.client_secret))


def ask_and_hang_up(demo, token):
    """Once the first byte of the answer is there, everything that the answer promises was written."""
    form = urlencode(
        {
            "grant_type": "refresh_token",
            "refresh_token": token,
            "client_id": demo.client_id,
            "client_secret": demo.client_secret,
        }
    )
    head = (
        f"POST /token HTTP/1.1\r\nHost: localhost:{demo.port}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", demo.port), timeout=30) as connection:
        connection.sendall((head + form).encode())
        connection.recv(1)
