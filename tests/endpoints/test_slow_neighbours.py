"""What a stranger's slow or huge things cost everybody else: nothing waits on the event loop, and nobody else waits."""

import asyncio
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from mintmark import logouts, outbox, upkeep
from tests.issuer import SECRET, start
from tests.receiving import *  # noqa: F403
from tests.registering import WEB, register
from tests.watching import Watch

AT_ONCE = 12
TOKENS = 40
KEY = ec.generate_private_key(ec.SECP256R1())  # which no client has


@pytest.fixture
async def reaching(database, monkeypatch):
    """It may reach loopback addresses, and throttles no registration; a test says when something is delivered."""
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    settings = {"MINTMARK_OUTBOUND_ALLOW": "127.0.0.0/8", "MINTMARK_THROTTLE_REGISTRATION": "off"}
    async for one in start(database, **settings):
        yield one


@pytest.fixture
async def trap(receiver):
    """It takes connections, and never answers until it is let go."""
    released = asyncio.Event()

    async def never(writer):
        await released.wait()

    found = await receiver(never)
    yield found
    released.set()


async def by_sector(issuer, trap):
    two = [f"https://{name}.example/cb" for name in ("one", "two")]
    uri = trap.url.replace("http:", "https:")  # not even the handshake is answered
    await register(issuer, redirect_uris=two, subject_type="pairwise", sector_identifier_uri=uri)


async def by_jwks(issuer, trap):
    now = issuer.moment[0].timestamp()
    claims = {"iss": "other", "sub": "other", "aud": issuer.url, "jti": str(time.monotonic_ns()), "exp": now + 60}
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(claims, KEY, "ES256", {"kid": "unknown"}),
    }
    await issuer.http.post("/token", data=form)


async def by_request(issuer, trap):
    await issuer.browser().get("/authorize", params=issuer.request("web", request_uri=trap.url))


@pytest.mark.parametrize("attack", [by_sector, by_jwks, by_request])
async def test_what_never_answers_holds_nobody_else_up(reaching, trap, attack):
    await reaching.change_client("other", token_endpoint_auth_method="private_key_jwt", jwks_uri=trap.url)
    await reaching.change_client("web", request_uris=[trap.url])
    async with Watch() as watch:
        hanging = [asyncio.create_task(attack(reaching, trap)) for _ in range(AT_ONCE)]
        while not trap.connections:
            await asyncio.sleep(0.01)
        answers = [await client_token(reaching) for _ in range(TOKENS)]
        still = [task for task in hanging if not task.done()]
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)

    assert [] == watch.stalls
    assert {200} == {answer.status_code for answer in answers}
    assert still


SESSIONS = 6


async def test_a_receiver_of_logouts_that_never_answers_holds_nobody_else_up(reaching, trap):
    """The one that signs out neither; and one that answers hears at once."""
    await reaching.change_client("web", backchannel_logout_uri=trap.url)
    signed_in = [reaching.browser() for _ in range(SESSIONS)]
    hints = [(await reaching.tokens(browser=browser))["id_token"] for browser in signed_in]
    async with Watch() as watch:
        left = [
            await browser.get("/end_session", params={"id_token_hint": hint})
            for browser, hint in zip(signed_in, hints, strict=True)
        ]
        await logouts.tell(reaching.server)
        delivering = asyncio.create_task(outbox.deliver_all(reaching.server))
        while not trap.connections:
            await asyncio.sleep(0.01)
        answers = [await client_token(reaching) for _ in range(TOKENS)]
        is_waiting = not delivering.done()
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)

    assert [] == watch.stalls
    assert {200} == {answer.status_code for answer in [*left, *answers]}
    assert is_waiting


async def client_token(issuer):
    form = {"grant_type": "client_credentials", "scope": "api:read"}
    return await issuer.http.post("/token", data=form, auth=("web", SECRET))


async def test_registrations_with_ten_thousand_addresses_hold_nobody_else_up(reaching):
    huge = {**WEB, "redirect_uris": [f"https://web.example/{number}" for number in range(10_000)]}
    async with Watch() as watch:
        flood = [asyncio.create_task(register(reaching, huge)) for _ in range(AT_ONCE)]
        answers = [await client_token(reaching) for _ in range(TOKENS)]
        refused = [(await task).status_code for task in flood]

    assert [] == watch.stalls
    assert {200} == {answer.status_code for answer in answers}
    assert set(refused) <= {400, 413}
