"""Back-channel logout: whoever ends a session, each client that took part hears of it (OIDC Back-Channel Logout)."""

import asyncio
import base64
import json
import ssl
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from mintmark import app, ending, logouts, outbox, upkeep
from mintmark.keys import jwt
from mintmark.networks import read as network
from mintmark.protocol.logout import EVENT
from mintmark.store import configuration, listed_outbox, participants, schema, sessions
from mintmark.store import people as stored_people
from mintmark.store.executor import Read
from tests import issuer as issuers
from tests.databases import *  # noqa: F403
from tests.issuer import ALICE, claims, header
from tests.receiving import *  # noqa: F403
from tests.receiving import hangs, huge, says, status
from tests.serving import *  # noqa: F403


@pytest.fixture
async def issuer(database, monkeypatch):
    """Without upkeep of its own: a test says when something is done."""
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    async for one in issuers.start(database):
        one.server.outbound.allow = (network("127.0.0.0/8"),)
        yield one


@pytest.fixture
async def web(issuer, receiver):
    """A client that wants to hear, and what it is told."""
    found = await receiver()
    await issuer.change_client("web", backchannel_logout_uri=f"http://127.0.0.1:{found.port}/back")
    return found


def now(issuer):
    return issuer.server.clock()


async def deliver(issuer):
    await logouts.tell(issuer.server)
    await outbox.deliver_all(issuer.server)


def tokens(receiver):
    return [parse_qs(one.body.decode())["logout_token"][0] for one in receiver.came]


async def states(issuer):
    return [one.state for one in await listed_outbox.page(issuer.server.store, after=None, limit=50)]


async def test_a_logout_token_comes_as_a_form_and_is_signed_as_an_id_token_is(issuer, web):
    hint = (await issuer.tokens())["id_token"]
    [sid] = await issuer.sids()
    await issuer.end_session(sid)
    await deliver(issuer)
    [came] = web.came
    [token] = tokens(web)
    said = claims(token)

    assert ("POST", "/back") == (came.method, came.target)
    assert "application/x-www-form-urlencoded" == came.headers["content-type"]
    assert {"typ": "logout+jwt", "alg": "RS256", "kid": header(hint)["kid"]} == header(token)
    assert {"iss": issuer.url, "aud": "web", "sub": ALICE, "sid": sid, "events": {EVENT: {}}} == {
        name: said[name] for name in ("iss", "aud", "sub", "sid", "events")
    }
    assert {"iat", "exp", "jti"} < said.keys()
    assert "nonce" not in said
    asked = {"issuer": issuer.url, "now": now(issuer)}
    assert said == jwt.verify(issuer.server.registry.ring, token, typ=("logout+jwt",), **asked)
    assert jwt.verify(issuer.server.registry.ring, token, typ=("JWT", "at+jwt"), **asked) is None  # it opens nothing
    assert ["done"] == await states(issuer)


async def test_it_arrives_over_https_where_the_certificate_is_trusted(issuer, receiver, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    found = await receiver(tls=context)
    await issuer.change_client("web", backchannel_logout_uri=f"https://localhost:{found.port}/back")
    await issuer.tokens()
    await issuer.end_session((await issuer.sids())[0])
    await deliver(issuer)
    untrusted = await states(issuer)
    issuer.server.outbound.authorities, issuer.server.outbound._context = certificate.certificate, None
    issuer.later(hours=1)
    await deliver(issuer)

    assert (["waiting"], ["done"]) == (untrusted, await states(issuer))
    assert [ALICE] == [claims(token)["sub"] for token in tokens(found)]


async def test_who_takes_encrypted_id_tokens_gets_encrypted_logout_tokens(issuer, web):
    key = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    x, y = (base64.urlsafe_b64encode(one.to_bytes(32)).rstrip(b"=").decode() for one in (key.x, key.y))
    await issuer.change_client(
        "web",
        jwks={"keys": [{"kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "enc", "kid": "e"}]},
        id_token_encrypted_response_alg="ECDH-ES",
    )
    await issuer.tokens(scope="openid")
    await issuer.end_session((await issuer.sids())[0])
    await deliver(issuer)
    [token] = tokens(web)

    assert ("ECDH-ES", 5) == (header(token)["alg"], len(token.split(".")))


@pytest.mark.parametrize("alg", ["ES256", "PS256"])
async def test_the_algorithm_is_the_clients_own(issuer, web, alg):
    await issuer.change_client("web", id_token_signed_response_alg=alg)
    await issuer.tokens()
    await issuer.end_session((await issuer.sids())[0])
    await deliver(issuer)

    assert alg == header(tokens(web)[0])["alg"]


async def by_the_person(issuer):
    page = await issuer.http.get("/logout")
    await issuer.http.post("/logout", data=issuers.hidden(page.text))


async def by_a_client(issuer):
    hint = (await issuer.tokens())["id_token"]
    await issuer.http.get("/end_session", params={"id_token_hint": hint})


async def at_the_account_page(issuer):
    form = issuers.hidden((await issuer.http.get("/account")).text)
    await issuer.http.post("/account", data={**form, "end_session": (await issuer.sids())[0]})


async def from_another_browser(issuer):
    other = issuer.browser()
    await issuer.sign_in(other)
    form = issuers.hidden((await other.get("/account")).text)
    await other.post("/account", data={**form, "end_session": (await issuer.sids())[0]})


async def all_of_the_person(issuer):
    changes, events = await ending.all_sessions(issuer.server, ALICE, "ended by a test", issuer.server.clock())
    await issuer.server.commit(changes, events, None, issuer.server.clock())


async def everything_of_the_person(issuer):
    changes, events = ending.everything(ALICE, "ended by a test", now(issuer))
    await issuer.server.commit(changes, events, None, now(issuer))


async def with_the_person(issuer):
    await issuer.server.commit(*ending.deletion(ALICE, now(issuer)), None, now(issuer))


async def with_the_person_disabled(issuer):
    changes, events = ending.everything(ALICE, "person disabled", now(issuer))
    await issuer.server.commit([stored_people.disable(ALICE, now(issuer)), *changes], events, None, now(issuer))


async def by_another_person(issuer):
    await issuer.add_person("bob")
    await issuer.authorize(prompt="login", username="bob")


async def by_one_session_too_many(issuer):
    await issuer.set_policy({"max_sessions": 1})
    await issuer.sign_in(issuer.browser())


async def by_running_out(issuer):
    issuer.later(hours=25)
    await upkeep.attempt(issuer.server, next(duty for duty in upkeep.duties() if "sessions" == duty.name))


ENDS = [
    by_the_person, by_a_client, at_the_account_page, from_another_browser, all_of_the_person, everything_of_the_person,
    with_the_person, with_the_person_disabled, by_another_person, by_one_session_too_many, by_running_out,
]  # fmt: skip


@pytest.mark.parametrize("end", ENDS, ids=[end.__name__ for end in ENDS])
async def test_whoever_ends_a_session_the_client_hears_once(issuer, web, end):
    await issuer.tokens()
    [sid] = await issuer.sids()
    issuer.later(seconds=1)
    await end(issuer)
    await deliver(issuer)
    await deliver(issuer)

    assert [sid] == [claims(token)["sid"] for token in tokens(web)]
    assert [] == await sessions.untold(issuer.server.store, 50)
    assert {None} >= set((await participants.of(issuer.server.store, [sid]))[sid].values())  # nobody is kept there


async def test_idling_ends_no_session_and_nobody_is_told(issuer, web):
    found = await issuer.tokens()
    issuer.later(hours=9)
    await upkeep.attempt(issuer.server, next(duty for duty in upkeep.duties() if "sessions" == duty.name))
    await deliver(issuer)

    assert [] == web.came
    assert 200 == (await issuer.refresh(found["refresh_token"])).status_code


async def test_clients_without_an_address_and_those_without_openid_are_not_told(issuer, web, receiver):
    silent = await receiver()
    await issuer.change_client("spa", backchannel_logout_uri=f"http://127.0.0.1:{silent.port}/back")
    await issuer.tokens()
    await issuer.tokens("other")
    await issuer.tokens("spa", scope="api:read")
    await issuer.end_session((await issuer.sids())[0])
    await deliver(issuer)

    assert (1, 0) == (len(web.came), len(silent.came))


async def test_who_registers_an_address_after_the_sign_in_is_told_too(issuer, receiver):
    await issuer.tokens()
    found = await receiver()
    await issuer.change_client("web", backchannel_logout_uri=f"http://127.0.0.1:{found.port}/late")
    await issuer.end_session((await issuer.sids())[0])
    await deliver(issuer)

    assert [ALICE] == [claims(token)["sub"] for token in tokens(found)]


async def test_a_disabled_client_is_not_told_whatever_waits(issuer, web):
    await issuer.tokens()
    await issuer.end_session((await issuer.sids())[0])
    await logouts.tell(issuer.server)
    await issuer.disable_client("web")
    await outbox.deliver_all(issuer.server)

    assert ([], ["given_up"]) == (web.came, await states(issuer))


async def test_several_renewals_are_one_client_that_takes_part(issuer, web):
    for _ in range(3):
        await issuer.tokens()
    [sid] = await issuer.sids()
    await asyncio.gather(*(issuer.authorize(prompt="none") for _ in range(5)))

    assert 1 == await issuer.count("session_clients")
    await issuer.end_session(sid)
    await deliver(issuer)
    assert 1 == len(web.came)
    assert 0 == await issuer.count("session_clients")


@pytest.mark.parametrize("answer", [status(500), status(302, "location: http://127.0.0.1/"), says(b""), status(404)])
async def test_what_did_not_arrive_is_tried_again_with_a_new_token(issuer, web, answer):
    web.answer = answer
    await issuer.tokens()
    await issuer.end_session((await issuer.sids())[0])
    await deliver(issuer)
    waiting = await states(issuer)
    web.answer = None
    issuer.later(hours=1)
    await deliver(issuer)
    first, second = map(claims, tokens(web))

    assert (["waiting"], ["done"]) == (waiting, await states(issuer))
    assert first["jti"] != second["jti"]
    assert second["exp"] > issuer.server.clock().timestamp()  # it never is an old one that arrives


async def test_one_that_refuses_is_asked_three_times_and_then_given_up_visibly(issuer, web):
    web.answer = status(400)
    await issuer.tokens()
    await issuer.end_session((await issuer.sids())[0])
    for _ in range(6):
        await deliver(issuer)
        issuer.later(hours=7)

    assert 3 == len(web.came)
    assert ["given_up"] == await states(issuer)
    assert 1 == (await issuer.audited()).count("delivery_given_up")


async def test_an_answer_of_any_length_is_an_answer(issuer, web):
    web.answer = huge
    await issuer.tokens()
    await issuer.end_session((await issuer.sids())[0])
    await deliver(issuer)

    assert ["done"] == await states(issuer)


async def test_one_that_hangs_keeps_neither_the_person_nor_another_client_waiting(issuer, web, receiver, monkeypatch):
    monkeypatch.setattr(logouts, "SECONDS", 0.5)
    web.answer, other = hangs, await receiver()
    await issuer.change_client("other", backchannel_logout_uri=f"http://127.0.0.1:{other.port}/back")
    await issuer.tokens("other")
    await issuer.tokens()
    async with asyncio.timeout(5):
        await by_the_person(issuer)
        while not other.came:
            await asyncio.sleep(0.01)  # what was begun at the sign-out arrives by itself
    await issuer.server.deliveries.idle()

    assert 1 == len(other.came)
    assert {"done", "waiting"} == set(await states(issuer))


async def test_an_operator_sees_it_and_sends_it_again(issuer, web):
    await issuer.tokens()
    await issuer.end_session((await issuer.sids())[0])
    await deliver(issuer)
    [found] = await listed_outbox.page(issuer.server.store, after=None, limit=50, receiver="web")

    assert ("logout", "web", "session_ended", "done") == (found.kind, found.receiver, found.subject, found.state)
    assert {"sub", "sid"} == json.loads(found.payload).keys()


async def test_of_two_nodes_that_tell_at_once_one_does(issuer, web):
    server = issuer.server
    await issuer.tokens()
    await issuer.end_session((await issuer.sids())[0])
    other = await app.open_server(issuer.settings, clock=server.clock)
    try:
        await asyncio.gather(logouts.tell(server), logouts.tell(other))  # two nodes: one of them does it
    finally:
        await other.store.close()
    await outbox.deliver_all(server)

    assert 1 == len(web.came)


async def test_what_everything_ended_is_told_within_the_next_turn(issuer, web):
    await issuer.tokens()
    issuer.later(seconds=1)
    await issuer.server.store.commit([configuration.end_before(issuer.server.clock())])
    issuer.later(seconds=1)
    await issuer.server.registry.renew()
    duty = next(duty for duty in upkeep.duties() if "sessions" == duty.name)
    await upkeep.attempt(issuer.server, duty)
    await deliver(issuer)
    await upkeep.attempt(issuer.server, duty)

    assert 1 == len(web.came)
    assert ["everything ended"] == [
        row[0] for row in await issuer.server.store.fetch(Read(select(schema.sessions.c.end_reason)))
    ]


async def test_a_sign_in_at_the_moment_of_the_end_is_told_or_never_was(issuer, web):
    """No code without a logout afterwards: the approval relies on the session that the end takes."""
    await issuer.change_client("other", backchannel_logout_uri=f"http://127.0.0.1:{web.port}/other")
    await issuer.tokens("other", scope="openid")
    for _ in range(10):
        await issuer.end_session((await issuer.sids())[0])
        await deliver(issuer)
        issuer.later(seconds=1)
        web.came.clear()
        await issuer.tokens()
        [sid] = await issuer.sids()
        asked = issuer.http.get("/authorize", params=issuer.request("other", prompt="none", scope="openid"))
        answers = await asyncio.gather(asked, issuer.end_session(sid))
        await deliver(issuer)
        got_a_code = "code=" in answers[0].headers["location"]

        assert got_a_code == ("other" in [claims(token)["aud"] for token in tokens(web)])
        await issuer.sign_in()
