"""A door behind uvicorn itself: asked over a socket, the short way and the long one answer with the same bytes."""

import asyncio
import re
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from mintmark.wire import asgi, direct
from mintmark.wire.answer import JSON, Answer, json_answer
from mintmark.wire.asgi import Doors, Route
from mintmark.wire.direct import KEPT, Heads

ALWAYS = ((b"strict-transport-security", b"max-age=63072000"),)
LIMIT = 200_000
DATE = re.compile(rb"date: [^\r]*\r\n")


async def echo(asked):
    return json_answer({"method": asked.method, "body": asked.body.decode("latin-1")})


def giving(*given, **more):
    async def give(asked):
        return Answer(*given, **more)

    return give


ROUTES = {
    "/echo": Route({"GET": echo, "POST": echo}),
    "/empty": Route({"GET": giving(204, ((b"cache-control", b"no-store"),))}),
    "/bare": Route({"GET": giving(200, (), b"x")}),
    "/large": Route({"GET": giving(200, JSON, b"x" * 3_000_000)}),
    "/torn": Route({"GET": giving(303, ((b"location", b"https://a.example/\r\nset-cookie: a=b"),), b"x")}),
    "/misnamed": Route({"GET": giving(200, ((b"set cookie", b"a=b"),), b"x")}),
    "/leaves": Route({"GET": giving(200, ((b"connection", b"close"),), b"x")}),
}


async def behind(scope, receive, send):
    message = await receive()
    assert message["type"] == "lifespan.startup"
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


def the_long_way(doors):
    """The same doors, with something in between."""

    async def app(scope, receive, send):
        async def received():
            return await receive()

        async def sent(message):
            await send(message)

        await doors(scope, received, sent)

    return app


@asynccontextmanager
async def served(app):
    config = uvicorn.Config(
        app, port=0, loop="none", http="httptools", ws="none", lifespan="on", log_config=None, server_header=False
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # it has no event for this
        await asyncio.sleep(0)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await serving


async def told(app, *parts):
    """What comes back until the server closes, without the dates; and how many dates there were."""
    async with served(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for part in parts:
            writer.write(part)
            await writer.drain()
        writer.write_eof()
        answer = await reader.read()
        writer.close()
    return DATE.sub(b"", answer), len(DATE.findall(answer))


class Numbers(asgi.Numbers):
    def next(self):
        return "request"


@pytest.fixture
def doors():
    return Doors(behind, ROUTES, LIMIT, (), ALWAYS, lambda asked, error: Answer(400, (), b"page"), numbers=Numbers())


@pytest.fixture
def short(monkeypatch):
    """How often the short way was gone."""
    gone = []
    answered = direct.answered

    def noted(*arguments):
        if answered(*arguments):
            gone.append(arguments)
            return True
        return False

    monkeypatch.setattr(direct, "answered", noted)
    return gone


def get(path, *headers, method="GET", version="1.1"):
    lines = [f"{method} {path} HTTP/{version}", "host: a.example", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def post(body, *headers, path="/echo"):
    return get(path, f"content-length: {len(body)}", *headers, method="POST") + body


CLOSE = "connection: close"
SHORT = {
    "a GET": [get("/echo")],
    "a POST": [post(b"a=1")],
    "a door without headers": [get("/bare")],
    "an answer without content": [get("/empty")],
    "a method that is not the door's": [get("/echo", method="PUT")],
    "an unspoken method": [get("/echo", method="OPTIONS")],
    "two after one another": [get("/echo"), post(b"b=2")],
    "two in one piece": [get("/echo") + post(b"b=2")],
    "three of which the last closes": [get("/echo") + get("/bare") + get("/echo", CLOSE)],
    "a body that is too long": [post(b"a" * (LIMIT + 1))],
    "a body in chunks": [get("/echo", "transfer-encoding: chunked", method="POST") + b"3\r\na=1\r\n0\r\n\r\n"],
    "a large answer": [get("/large")],
}
LONG = {
    "HEAD": [get("/echo", method="HEAD")],
    "a connection that closes": [get("/echo", CLOSE)],
    "an old version": [get("/echo", version="1.0")],
    "a header that would be two": [get("/torn")],
    "a header whose name is none": [get("/misnamed")],
    "an answer that closes": [get("/leaves")],
}


@pytest.mark.parametrize("asked", SHORT.values(), ids=SHORT)
async def test_the_short_way_answers_with_the_same_bytes_as_the_long_one(asked, doors, short):
    found = await told(doors, *asked)

    assert short
    assert found == await told(the_long_way(doors), *asked)
    assert found[0].startswith(b"HTTP/1.1 ")
    assert found[1]


@pytest.mark.parametrize("asked", LONG.values(), ids=LONG)
async def test_what_is_not_usual_goes_the_long_way(asked, doors, short):
    found = await told(doors, *asked)

    assert not short
    assert found == await told(the_long_way(doors), *asked)


async def test_of_a_header_that_would_be_two_nothing_is_written(doors):
    assert (b"", 0) == await told(doors, get("/torn"))


async def test_a_client_that_waits_to_be_told_to_go_on_is_told(doors):
    request = post(b"a=1", "expect: 100-continue", CLOSE)
    async with served(doors) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request[:-3])
        assert b"HTTP/1.1 100 Continue\r\n\r\n" == await reader.readuntil(b"\r\n\r\n")
        writer.write(request[-3:])
        answer = await reader.read()
        writer.close()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"body":"a=1"' in answer


async def test_a_body_that_comes_in_pieces_is_waited_for(doors):
    request = post(b"a=1&b=2")
    answer, _ = await told(doors, request[:-4], request[-4:])

    assert b'"body":"a=1&b=2"' in answer


async def test_an_answer_leaves_in_one_piece(doors, monkeypatch):
    written = []
    give = direct.answered

    def noted(cycle, *rest):
        write = cycle.transport.write

        class Transport:
            def write(self, data):
                written.append(data)
                write(data)

        real, cycle.transport = cycle.transport, Transport()
        try:
            return give(cycle, *rest)
        finally:
            cycle.transport = real

    monkeypatch.setattr(direct, "answered", noted)
    await told(doors, get("/echo"))

    assert 1 == len(written)
    assert written[0].endswith(b'"body":""}')


def test_with_a_uvicorn_that_it_was_not_written_for_nothing_is_done():
    cycle: Any = object()

    assert None is direct.body_of(cycle)
    assert direct.answered(cycle, Heads(), 200, JSON, (), b"x") is False


def test_what_is_bound_to_nothing_of_uvicorn_is_nobody_s():
    assert None is direct.cycle_of(lambda: None)
    assert None is direct.cycle_of([].append)


@pytest.mark.parametrize("name", [b"set-cookie", b"location", b"x-trace-id"])
def test_a_head_that_is_of_one_person_or_request_is_not_kept(name):
    heads, headers = Heads(), (*JSON, (name, b"https://a.example/?code=secret"))
    written = heads.written(200, headers, ALWAYS)
    assert written is not None
    line, rest = written

    assert b"HTTP/1.1 200 OK\r\n" == line
    assert name + b": https://a.example/?code=secret\r\n" in rest
    assert 0 == len(heads._kept)


def test_the_heads_that_are_kept_are_few_however_many_there_are():
    heads = Heads()
    for number in range(3 * KEPT):
        heads.written(200, ((b"etag", b"%d" % number),), ())

    assert 0 < len(heads._kept) <= KEPT
    assert heads.written(200, JSON, ()) == heads.written(200, JSON, ())
