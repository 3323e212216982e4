"""How a request arrived, for whoever holds a sealing key; to everybody else there is nothing here (keys/probe.py).

It stands behind the doors, as an application of its own: it tells what no `Asked` holds, and costs the doors nothing.
"""

from typing import Any

from mintmark import networks
from mintmark.keys import probe
from mintmark.server import Server
from mintmark.wire.answer import NO_STORE, NOSNIFF, Answer, Headers, json_answer
from mintmark.wire.asgi import App, Receive, Scope, Send, address_of

PATH = "/health/probe"
TOLD = (b"host", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"forwarded", b"x-real-ip")
MOST = 200  # characters of each


def application(server: Server, always: Headers) -> App:
    """always: the headers that every answer has."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        found = _answer(server, scope)
        length = (b"content-length", b"%d" % len(found.body))
        await send(
            {"type": "http.response.start", "status": found.status, "headers": [*found.headers, *always, length]}
        )
        await send({"type": "http.response.body", "body": found.body})

    return answer


def _answer(server: Server, scope: Scope) -> Answer:
    given = dict(scope["headers"]).get(probe.HEADER.encode(), b"").decode("latin-1")
    now = server.clock()
    if not probe.is_signed(server.settings.sealing_key_bytes, server.issuer, now, given):
        return Answer(404, ((b"content-type", b"application/json"), *NO_STORE, *NOSNIFF), b'{"detail":"Not Found"}')
    return json_answer({**_arrived(server, scope), "now": now.timestamp()})


def _arrived(server: Server, scope: Scope) -> dict[str, Any]:  # Any: JSON
    peer = scope["client"][0] if scope.get("client") else None
    trusted = server.settings.trusted_proxies
    names = [name for name, _ in scope["headers"]]
    return {
        "method": scope["method"],
        "path": (scope.get("raw_path") or scope["path"].encode()).decode("latin-1"),
        "query": scope["query_string"].decode("latin-1"),
        "http_version": scope["http_version"],
        "peer": peer,
        "peer_is_trusted": peer is not None and networks.hold(trusted, peer),
        "address": address_of(scope, trusted),
        "authorization": b"authorization" in names,
        "headers": {
            name.decode(): [value.decode("latin-1")[:MOST] for key, value in scope["headers"] if key == name]
            for name in TOLD
            if name in names
        },
    }
