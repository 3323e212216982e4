import asyncio
import json
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol.errors import InvalidRequest
from mintmark.wire import asgi
from mintmark.wire.answer import Answer, json_answer
from mintmark.wire.asgi import Doors, Route

LIMIT = 100
PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


async def echo(asked):
    return json_answer({"method": asked.method, "address": asked.address, "body": asked.body.decode("latin-1")})


async def behind(scope, receive, send):
    await send({"type": "behind", "scope": scope["type"]})


def page(asked, error):
    return Answer(error.status, ((b"content-type", b"text/html"),), error.description.encode())


def doors(proxies=()):
    routes = {
        "/token": Route({"POST": echo}),
        "/jwks": Route({"GET": echo}),
        "/authorize": Route({"GET": echo, "POST": echo}, "page"),
    }
    always = ((b"strict-transport-security", b"max-age=63072000"),)
    return Doors(behind, routes, LIMIT, proxies, always, page)


async def ask(
    method="POST", path="/token", *, parts=(b"",), headers=(), client=("192.0.2.7", 1234), proxies=(), kind="http"
):
    """Status, headers and body of the answer; what was sent, where it went on to the application behind."""
    left, sent = list(parts), []

    async def receive():
        part = left.pop(0)
        if part is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": bool(left)}

    async def send(message):
        sent.append(message)

    scope = {
        "type": kind,
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": list(headers),
        "client": client,
    }
    await doors(proxies)(scope, receive, send)
    if len(sent) == 1:
        return sent[0]
    start, body = sent
    return start["status"], dict(start["headers"]), body["body"]


async def test_a_door_is_found_by_its_exact_path():
    assert 200 == (await ask(parts=[b"a=1"]))[0]
    for path in ("/token/", "/Token", "//token", "/", "/token/x"):
        assert {"type": "behind", "scope": "http"} == await ask(path=path)
    assert {"type": "behind", "scope": "websocket"} == await ask(kind="websocket")


async def test_an_answer_has_its_length_and_what_every_answer_has():
    status, headers, body = await ask(parts=[b"a=1"])

    assert 200 == status
    assert {"method": "POST", "address": "192.0.2.7", "body": "a=1"} == json.loads(body)
    assert b"%d" % len(body) == headers[b"content-length"]
    assert b"max-age=63072000" == headers[b"strict-transport-security"]


async def test_head_is_get_without_its_body():
    _, _, whole = await ask("GET", "/jwks")
    status, headers, body = await ask("HEAD", "/jwks")

    assert 200 == status
    assert b"" == body
    assert len(whole) + 1 == int(headers[b"content-length"])  # HEAD is a letter longer than GET


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE", "get", "post"])
async def test_another_verb_is_refused_in_json_with_what_is_allowed(method):
    status, headers, body = await ask(method)

    assert 405 == status
    assert b"POST, OPTIONS" == headers[b"allow"]
    assert method == "HEAD" or "invalid_request" == json.loads(body)["error"]


async def test_another_verb_at_a_page_is_refused_without_cross_origin_headers():
    status, headers, body = await ask("PUT", "/authorize")

    assert 405 == status
    assert b"GET, POST, HEAD, OPTIONS" == headers[b"allow"]
    assert b"" == body
    assert b"access-control-allow-origin" not in headers


async def test_any_origin_may_ask_a_json_door():
    status, headers, body = await ask("OPTIONS")

    assert 204 == status
    assert b"" == body
    assert b"*" == headers[b"access-control-allow-origin"]
    assert b"POST, OPTIONS" == headers[b"access-control-allow-methods"]
    for name in (b"Authorization", b"DPoP", b"MCP-Protocol-Version"):
        assert name in headers[b"access-control-allow-headers"]


async def test_no_other_origin_may_ask_a_page():
    status, headers, _ = await ask("OPTIONS", "/authorize")

    assert 204 == status
    assert not [name for name in headers if name.startswith(b"access-control")]


# ---- the body


async def test_a_body_comes_in_parts_and_a_get_has_none():
    assert "abc" == json.loads((await ask(parts=[b"a", b"", b"bc"]))[2])["body"]
    assert "" == json.loads((await ask("GET", "/jwks", parts=[b"abc"]))[2])["body"]
    assert "x" * LIMIT == json.loads((await ask(parts=[b"x" * LIMIT]))[2])["body"]


@pytest.mark.parametrize("parts", [[b"x" * (LIMIT + 1)], [b"x" * LIMIT, b"x"], [b"x" * (LIMIT + 1), b"", None]])
async def test_a_body_that_is_too_long_is_refused(parts):
    status, _, body = await ask(parts=parts)

    assert 413 == status
    assert "invalid_request" == json.loads(body)["error"]


@pytest.mark.parametrize("parts", [[None], [b"a", None]])
async def test_half_a_request_is_none(parts):
    assert 400 == (await ask(parts=parts))[0]


async def test_a_refused_body_of_a_page_is_a_page():
    status, headers, body = await ask("POST", "/authorize", parts=[b"x" * (LIMIT + 1)])

    assert 413 == status
    assert b"text/html" == headers[b"content-type"]
    assert b"longer" in body


@pytest.mark.parametrize("comes", [0, 1])
async def test_who_sends_its_body_too_slowly_or_not_at_all_is_not_waited_for(monkeypatch, comes):
    monkeypatch.setattr(asgi, "BODY_DEADLINE", 0.01)
    sent = []

    async def receive(left=[b"a"] * comes):  # it is used up
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": True}
        return await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/token", "query_string": b"", "headers": []}
    await doors()(scope, receive, send)

    assert 400 == sent[0]["status"]
    assert "in time" in json.loads(sent[1]["body"])["error_description"]


# ---- Host


@pytest.mark.parametrize(
    "host", [b"id.example", b"id.example:8443", b"127.0.0.1:8000", b"[::1]:8000", b"evil.example", b"my_host", b"h."]
)
async def test_any_host_will_do(host):
    assert 200 == (await ask(headers=[(b"host", host)]))[0]
    assert 200 == (await ask())[0]


@pytest.mark.parametrize(
    "hosts",
    [
        [b""],
        [b"a b"],
        [b"a/b"],
        [b"user@h"],
        [b"h:"],
        [b"h:x"],
        [b"h:123456"],
        [b"[::1"],
        [b"h\n"],
        [b"\xff"],
        [b"h", b"h"],
        [b"a,b"],
    ],
)
async def test_a_host_that_is_none_is_refused(hosts):
    headers = [(b"host", host) for host in hosts]
    _, page_headers, _ = await ask("GET", "/authorize", headers=headers)

    assert 400 == (await ask(headers=headers))[0]
    assert b"text/html" == page_headers[b"content-type"]
    with pytest.raises(InvalidRequest):
        asgi.check_host(headers)


# ---- who asks?


async def address(*forwarded, peer="10.0.0.1", proxies=PROXIES):
    headers = [(b"x-forwarded-for", one) for one in forwarded]
    client = None if peer is None else (peer, 1)
    return json.loads((await ask(headers=headers, client=client, proxies=proxies))[2])["address"]


@pytest.mark.parametrize(
    ("forwarded", "found"),
    [
        ([], "10.0.0.1"),
        ([b""], "10.0.0.1"),
        ([b" , "], "10.0.0.1"),
        ([b"192.0.2.9"], "192.0.2.9"),
        ([b"203.0.113.5, 192.0.2.9"], "192.0.2.9"),
        ([b"203.0.113.5", b"192.0.2.9"], "192.0.2.9"),
        ([b"203.0.113.5, 192.0.2.9, 10.0.0.2"], "192.0.2.9"),
        ([b"10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ([b"2001:db8::1, fd00::1"], "2001:db8::1"),
        ([b"203.0.113.5, unknown"], "10.0.0.1"),
        ([b"203.0.113.5, nonsense, 10.0.0.2"], "10.0.0.2"),
        ([b"\xff"], "10.0.0.1"),
    ],
)
async def test_behind_trusted_proxies_the_last_hop_that_is_none_of_them_asks(forwarded, found):
    assert found == await address(*forwarded)


async def test_who_is_no_trusted_proxy_speaks_for_itself():
    assert "192.0.2.1" == await address(b"203.0.113.5", peer="192.0.2.1")
    assert "10.0.0.1" == await address(b"203.0.113.5", proxies=())
    assert "0.0.0.0" == await address(b"203.0.113.5", peer=None)
    assert "testclient" == await address(b"203.0.113.5", peer="testclient")


async def test_a_proxy_is_known_though_its_address_came_mapped():
    assert "203.0.113.5" == await address(b"203.0.113.5", peer="::ffff:10.0.0.1")


async def test_an_endless_row_of_proxies_is_not_looked_through():
    row = b", ".join([b"203.0.113.5", *[b"10.0.0.2"] * asgi.MOST_HOPS])

    assert "10.0.0.2" == await address(row)
    assert "10.0.0.2" == await address(b"x" * 100_000 + row)
    assert "203.0.113.5" == await address(b", ".join([b"203.0.113.5", *[b"10.0.0.2"] * (asgi.MOST_HOPS - 1)]))


@given(st.lists(st.binary()), st.sampled_from(["10.0.0.1", "192.0.2.1"]))
def test_whatever_headers_come_are_no_error(forwarded, peer):
    async def look():
        return await address(*forwarded, peer=peer)

    assert asyncio.run(look())


async def nothing():
    return {"type": "http.disconnect"}


class Sent:
    """What doors did, in its order."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.doors = Doors(
            behind, {"/now": Route({"GET": self._now}), "/later": Route({"GET": self._later})}, LIMIT, (), (), page
        )
        self.event = asyncio.Event()

    async def _now(self, asked):
        self.done.append("asked")
        return json_answer({})

    async def _later(self, asked):
        await self.event.wait()
        return await self._now(asked)

    def ask(self, path="/now"):
        async def send(message):
            if message["type"] == "http.response.body":
                self.done.append("answered")

        scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [], "client": None}
        return self.doors(scope, nothing, send)


async def test_answers_of_one_tick_leave_one_right_after_the_other():
    sent = Sent()
    await asyncio.gather(*[sent.ask() for _ in range(4)])
    sent.done.clear()
    await asyncio.gather(*[sent.ask() for _ in range(4)])

    assert [*["asked"] * 4, *["answered"] * 4] == sent.done


async def test_whoever_asks_alone_is_answered_at_once():
    sent = Sent()
    for _ in range(3):
        with pytest.raises(StopIteration):
            sent.ask().send(None)
        await asyncio.sleep(0)

    assert ["asked", "answered"] * 3 == sent.done


async def test_those_who_waited_for_the_same_thing_wait_for_nothing_more():
    sent = Sent()
    tasks = [asyncio.ensure_future(sent.ask("/later")) for _ in range(3)]
    await asyncio.sleep(0)
    sent.event.set()
    await asyncio.gather(*tasks)

    assert ["asked", "answered"] * 3 == sent.done
