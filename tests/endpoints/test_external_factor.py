"""The operator's own service as a factor, asked over real HTTP: a signed yes is a yes, and nothing else is."""

import base64
import hashlib
import hmac
import json
import time

import pytest

from mintmark import upkeep
from mintmark.outbound import Outbound
from mintmark.protocol import external_factor
from mintmark.store import external_factors
from tests import issuer as issuers
from tests import receiving
from tests.issuer import ALICE, hidden
from tests.receiving import *  # noqa: F403

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()


class Service:
    """Says what the test wants, signed for whatever was asked."""

    def __init__(self, issuer, receiver):
        self.issuer, self.receiver, self.says = issuer, receiver, [{"answer": "yes"}]
        self.key, self.id, self.wrong = KEY, None, None
        receiver.answer = self.answer

    @property
    def asked(self):
        return [json.loads(one.body)["data"] for one in self.receiver.came]

    async def answer(self, writer):
        if self.wrong is not None:
            await self.wrong(writer)
            return
        said = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        body = json.dumps(said).encode()
        id = (self.id or self.receiver.came[-1].headers["webhook-id"]).encode()
        stamp = str(int(self.issuer.server.clock().timestamp())).encode()
        signature = base64.b64encode(hmac.digest(self.key, b".".join((id, stamp, body)), hashlib.sha256))
        head = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\nwebhook-id: %s\r\n" % (len(body), id)
        writer.write(head + b"webhook-timestamp: %s\r\nwebhook-signature: v1,%s\r\n\r\n" % (stamp, signature) + body)
        await writer.drain()


async def declared(issuer, receiver, **members):
    found = await receiver()
    document = {
        "name": "ring",
        "url": found.url,
        "secret": SECRET,
        "label": "Use your ring",
        "timeout": "1s",
        **members,
    }
    one = external_factor.read(document)
    server = issuer.server
    await server.store.commit(external_factors.add(one, server.sealer, server.clock()))
    server.registry.forget()
    await server.registry.current()
    return Service(issuer, found)


@pytest.fixture
async def issuer(database):
    async for one in issuers.start(database, MINTMARK_OUTBOUND_ALLOW="127.0.0.0/8"):
        yield one


@pytest.fixture
async def sqlite_issuer(sqlite_database):
    async for one in issuers.start(sqlite_database, MINTMARK_OUTBOUND_ALLOW="127.0.0.0/8"):
        yield one


@pytest.fixture
async def first(issuer, receiver):
    return await declared(issuer, receiver, use=["first"])


async def begin(issuer, username="alice", browser=None, **form):
    browser = browser or issuer.browser()
    page = await browser.get("/login")
    return await browser.post("/login", data={**hidden(page.text), "username": username, "external": "ring", **form})


async def test_a_yes_signs_in_with_no_password(issuer, first):
    browser = issuer.browser()
    page = await browser.get("/login")
    answer = await begin(issuer, browser=browser, password="typed by a password keeper")
    [asked] = first.asked

    assert ">Use your ring</button>" in page.text
    assert (303, "https://id.example/account") == (answer.status_code, answer.headers["location"])
    assert ("ring", {"id": ALICE, "username": "alice"}, 1, None) == (
        asked["factor"], asked["user"], asked["round"], asked["input"]
    )  # fmt: skip
    assert 1 == len(await issuer.sids())


async def test_the_app_is_told_ext(issuer, first):
    browser = issuer.browser()
    await begin(issuer, browser=browser)
    code = await issuer.code(browser=browser)
    tokens = (await issuer.redeem(code)).json()

    assert ["ext"] == issuers.claims(tokens["id_token"])["amr"]


async def test_it_may_ask_and_is_shown_what_was_typed(issuer, first):
    ask = {"answer": "ask", "input": {"label": "What does your ring show?", "kind": "code"}, "state": "s-1"}
    first.says = [ask, {"answer": "yes"}]
    browser = issuer.browser()
    page = await begin(issuer, browser=browser)
    done = await browser.post("/login", data={**hidden(page.text), "external_input": "123456"})

    assert (200, True) == (page.status_code, "What does your ring show?" in page.text)
    assert "s-1" not in page.text
    assert (303, "https://id.example/account") == (done.status_code, done.headers["location"])
    assert (2, "123456", "s-1") == tuple(first.asked[1][name] for name in ("round", "input", "state"))
    assert {"id": ALICE, "username": "alice"} == first.asked[1]["user"]


async def test_a_question_is_no_refusal_and_a_no_is_one_that_is_told(sqlite_issuer, receiver):
    service = await declared(sqlite_issuer, receiver, use=["first"])
    service.says = [{"answer": "ask", "input": {"label": "Code"}}, {"answer": "no"}]
    browser = sqlite_issuer.browser()
    page = await begin(sqlite_issuer, browser=browser)
    told = await sqlite_issuer.audited()
    await browser.post("/login", data={**hidden(page.text), "external_input": "123456"})
    await upkeep.flush(sqlite_issuer.server)

    assert (200, False) == (page.status_code, "x-trace-id" in page.headers)
    assert "sign_in_failed" not in told
    assert "sign_in_failed" in await sqlite_issuer.audited()
    assert 1 == await sqlite_issuer.count("refusals")


async def test_it_may_ask_only_so_often(sqlite_issuer, receiver):
    service = await declared(sqlite_issuer, receiver, use=["first"])
    service.says = [{"answer": "ask", "input": {"label": "Again", "kind": "none"}}]
    browser = sqlite_issuer.browser()
    page = await begin(sqlite_issuer, browser=browser)
    for _ in range(external_factor.MOST_ROUNDS - 1):
        assert "external_state" in page.text
        page = await browser.post("/login", data=hidden(page.text))

    assert "external_state" not in page.text
    assert "That did not prove it is you." in page.text


async def test_what_goes_on_is_bound_to_the_browser_and_does_not_last(sqlite_issuer, receiver):
    service = await declared(sqlite_issuer, receiver, use=["first"])
    service.says = [{"answer": "ask", "input": {"label": "Code"}}, {"answer": "yes"}]
    page = await begin(sqlite_issuer)
    state = hidden(page.text)["external_state"]
    other = sqlite_issuer.browser()
    login = await other.get("/login")
    stolen = await other.post("/login", data={**hidden(login.text), "external_state": state, "external_input": "1"})
    changed = await other.post("/login", data={**hidden(login.text), "external_state": state[:-4] + "AAAA"})

    assert (400, 400) == (stolen.status_code, changed.status_code)
    assert 1 == len(service.asked)
    assert [] == await sqlite_issuer.sids()


@pytest.mark.parametrize(
    "wrong",
    [
        receiving.hangs,
        receiving.huge,
        receiving.slowly(receiving.OK),
        receiving.says(b"nothing of HTTP"),
        receiving.says(b'HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n{"answer":"yes"}'),
        receiving.status(302, "location: https://elsewhere.example/"),
        receiving.status(500),
        receiving.status(200),
    ],
)
async def test_down_slow_huge_malformed_or_elsewhere_means_no(sqlite_issuer, receiver, wrong):
    service = await declared(sqlite_issuer, receiver, use=["first"], timeout="1s")
    service.wrong = wrong
    began = time.monotonic()
    answer = await begin(sqlite_issuer)

    assert 400 == answer.status_code
    assert "That did not prove it is you." in answer.text
    assert time.monotonic() - began < 5
    assert [] == await sqlite_issuer.sids()


async def test_nobody_at_home_means_no(sqlite_issuer, receiver):
    service = await declared(sqlite_issuer, receiver, use=["first"], url="http://127.0.0.1:9/ring")

    assert 400 == (await begin(sqlite_issuer)).status_code
    assert [] == service.asked


async def test_a_private_address_is_asked_only_where_settings_allow_it(sqlite_issuer, receiver):
    service = await declared(sqlite_issuer, receiver, use=["first"])
    object.__setattr__(sqlite_issuer.server, "outbound", Outbound())

    assert 400 == (await begin(sqlite_issuer)).status_code
    assert [] == service.asked


async def test_a_yes_of_somebody_else_or_to_another_question_means_no(sqlite_issuer, receiver):
    service = await declared(sqlite_issuer, receiver, use=["first"])
    service.key = b"of somebody else"
    forged = await begin(sqlite_issuer)
    service.key, service.id = KEY, "an-earlier-question"
    replayed = await begin(sqlite_issuer)
    service.id, service.says = None, [{"answer": "no"}]
    refused = await begin(sqlite_issuer)

    assert [400] * 3 == [one.status_code for one in (forged, replayed, refused)]
    assert [] == await sqlite_issuer.sids()


async def test_whom_it_knows_and_we_do_not_is_nobody_and_the_page_says_the_same(sqlite_issuer, receiver):
    service = await declared(sqlite_issuer, receiver, use=["first"])
    unknown = await begin(sqlite_issuer, "nobody")
    service.says = [{"answer": "no"}]
    known = await begin(sqlite_issuer)

    assert (400, 400) == (unknown.status_code, known.status_code)
    assert {"id": None, "username": "nobody"} == service.asked[0]["user"]
    assert "That did not prove it is you." in unknown.text


async def test_tries_are_counted(sqlite_database, receiver):
    environment = {"MINTMARK_OUTBOUND_ALLOW": "127.0.0.0/8", "MINTMARK_THROTTLE_SECOND_FACTOR": "3"}
    async for issuer in issuers.start(sqlite_database, **environment):
        service = await declared(issuer, receiver, use=["first"])
        service.says = [{"answer": "no"}]
        statuses = [(await begin(issuer)).status_code for _ in range(4)]

        assert [400, 400, 400, 429] == statuses
        assert 3 == len(service.asked)


async def test_one_that_is_for_further_steps_begins_none(sqlite_issuer, receiver):
    service = await declared(sqlite_issuer, receiver, use=["second"])
    page = await sqlite_issuer.http.get("/login")
    answer = await begin(sqlite_issuer)

    assert "Use your ring" not in page.text
    assert 400 == answer.status_code
    assert [] == service.asked


async def test_as_a_second_factor_it_makes_two(issuer, receiver):
    service = await declared(issuer, receiver, use=["second"])
    browser = issuer.browser()
    asked = issuer.request("web", acr_values="urn:mintmark:acr:2")
    sent = await browser.get("/authorize", params=asked)
    login = await browser.get(sent.headers["location"])
    half = await browser.post("/login", data={**hidden(login.text), "username": "alice", "password": issuers.PASSWORD})
    page = await browser.get(half.headers["location"])
    before = await issuer.sids()
    done = await browser.post("/login", data=hidden(page.text))
    got = await issuer.go_on(browser, done)
    tokens = (await issuer.redeem(got["code"])).json()
    claims = issuers.claims(tokens["id_token"])

    assert [] == before
    assert "Use your ring" in page.text
    assert {"pwd", "ext", "mfa"} == set(claims["amr"])
    assert "urn:mintmark:acr:2" == claims["acr"]
    assert ALICE == service.asked[0]["user"]["id"]
