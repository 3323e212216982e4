"""The middleware that finds a door by its exact path and carries bytes in and out."""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from time import perf_counter
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from mintmark import networks
from mintmark.counting import TOGETHER, Door
from mintmark.networks import Network
from mintmark.protocol.errors import InvalidRequest, NoSuchMethod, TooLarge
from mintmark.ticks import Tick
from mintmark.wire import direct, refusals
from mintmark.wire.answer import CORS, NO_STORE, NOSNIFF, Answer, Headers
from mintmark.wire.asked import Asked

T = TypeVar("T")
Scope: TypeAlias = MutableMapping[str, Any]  # Any: ASGI's own shape
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Handle: TypeAlias = Callable[[Asked], Awaitable[Answer]]

BODY_DEADLINE = 10.0  # seconds for the whole body
MOST_HOPS = 20  # proxies in a row that are looked through
_HOST = re.compile(rb"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
PREFLIGHT: Headers = (
    (b"access-control-allow-headers", b"Authorization, Content-Type, DPoP, MCP-Protocol-Version, X-Requested-With"),
    (b"access-control-max-age", b"7200"),
    *CORS,
)


@dataclass(frozen=True, slots=True)
class Route:
    """One address, and what each method does there.

    json: errors are JSON and any origin may read the answer; page: errors are pages for this browser alone.
    """

    methods: Mapping[str, Handle]
    kind: Literal["json", "page"] = "json"
    tally: Door | None = None  # None: nobody counts
    head: bool = True  # False: its GET changes something, which nobody means who asks for headers (RFC 9110 §9.2.1)

    def handle(self, method: str) -> Handle | None:
        return self.methods.get("GET" if method == "HEAD" and self.head else method)


class Numbers:
    """Request ids: 48 random bits that are no secret, many drawn at once: asking the kernel is the dear part of it."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left: list[str] = []

    def next(self) -> str:
        if not self._left:
            digits = os.urandom(6 * 256).hex()
            self._left = [digits[at : at + 12] for at in range(0, len(digits), 12)]
        return self._left.pop()


@dataclass(frozen=True, slots=True)
class Doors:
    """Answers what it has a door for; everything else goes on to the application behind."""

    app: App
    routes: Mapping[str, Route]
    body_limit: int  # bytes
    trusted_proxies: Sequence[Network]
    always: Headers  # on every answer: HSTS on https
    page_refused: Callable[[Asked, Exception], Answer]
    told: Callable[[Asked, InvalidRequest], None] = lambda asked, error: None  # what no door was asked
    numbers: Numbers = field(default_factory=Numbers)
    heads: direct.Heads = field(default_factory=direct.Heads)
    tick: Tick = field(default_factory=Tick)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self.routes.get(scope["path"]) if scope["type"] == "http" else None
        if route is None:
            await self.app(scope, receive, send)
            return
        began, tick = perf_counter(), self.tick.come()
        answer = await self._answer(route, scope, receive)
        if (tally := route.tally) is not None:
            tally.met.append((scope["method"], answer.status, answer.error, perf_counter() - began))
            if len(tally.met) >= TOGETHER:
                tally.count()
        if tick == self.tick.number and self.tick.is_busy:
            # Answers of one tick leave one right after the other, and so do those that waited for the same thing. Each
            # that leaves by itself wakes its reader by itself, which costs as much as a small answer.
            await asyncio.sleep(0)
        cycle = direct.cycle_of(send)
        if cycle is not None and direct.answered(
            cycle, self.heads, answer.status, answer.headers, self.always, answer.body
        ):
            return
        length = (b"content-length", b"%d" % len(answer.body))
        headers = [*answer.headers, *self.always, length]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    async def _answer(self, route: Route, scope: Scope, receive: Receive) -> Answer:
        method = scope["method"]
        handle = route.handle(method)
        if handle is None:
            return self._no_such_method(route, scope)
        try:
            check_host(scope["headers"])
            body = b"" if method == "GET" else await self._body(receive)
        except InvalidRequest as error:
            asked = self._asked(scope, b"")
            self.told(asked, error)
            is_page = route.kind == "page"
            return self.page_refused(asked, error) if is_page else refusals.as_json(error, asked.request_id)
        return await handle(self._asked(scope, body))

    def _asked(self, scope: Scope, body: bytes) -> Asked:
        return Asked(
            method=scope["method"],
            path=scope["path"],
            query_string=scope["query_string"],
            headers=scope["headers"],
            body=body,
            address=address_of(scope, self.trusted_proxies),
            request_id=self.numbers.next(),
        )

    def _no_such_method(self, route: Route, scope: Scope) -> Answer:
        allowed = ", ".join((*route.methods, *(("HEAD",) if route.handle("HEAD") else ()), "OPTIONS")).encode()
        if scope["method"] == "OPTIONS":
            if route.kind == "page":
                return Answer(204, ((b"allow", allowed), *NO_STORE))
            return Answer(204, ((b"allow", allowed), (b"access-control-allow-methods", allowed), *PREFLIGHT))
        asked = self._asked(scope, b"")
        methods = {"expected": allowed.decode(), "got": scope["method"]}
        error = NoSuchMethod("this method is not one of this door", check="method", **methods)
        self.told(asked, error)
        if route.kind == "page":
            return Answer(405, ((b"allow", allowed), *NO_STORE, *NOSNIFF)).traced(asked.request_id)
        return refusals.as_json(error, asked.request_id).plus((b"allow", allowed))

    async def _body(self, receive: Receive) -> bytes:
        """Nearly always it is there already. Else the client may send its head, and nothing more for ever."""
        cycle = direct.cycle_of(receive)
        whole = None if cycle is None else direct.body_of(cycle)
        if whole is not None and len(whole) <= self.body_limit:
            return whole
        reading = self._parts(receive)
        try:
            waits_for = reading.send(None)
        except StopIteration as done:
            body: bytes = done.value
            return body
        deadline = Deadline(asyncio.current_task())
        timer = asyncio.get_running_loop().call_later(BODY_DEADLINE, deadline.pass_)
        try:
            return await Begun(reading, waits_for)
        except asyncio.CancelledError as error:
            if not deadline.passed:
                raise
            raise InvalidRequest(
                "the body did not come in time", check="body deadline", expected=f"within {BODY_DEADLINE:.0f} s"
            ) from error
        finally:
            timer.cancel()

    async def _parts(self, receive: Receive) -> bytes:
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise InvalidRequest("the connection was closed", check="body broken off")
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self.body_limit:
                raise TooLarge(
                    f"the body is longer than {self.body_limit} bytes",
                    check="body length",
                    expected=f"{self.body_limit} bytes at most",
                )
            more = message.get("more_body", False)
        return b"".join(parts)


@dataclass(slots=True)
class Begun(Generic[T]):
    """A coroutine that was begun by hand, and now waits for something: awaiting this goes on with it."""

    coroutine: Coroutine[object, object, T]
    waits_for: object

    def __await__(self) -> Generator[object, object, T]:
        waits_for = self.waits_for
        while True:
            try:
                try:
                    sent = yield waits_for
                except BaseException as error:  # noqa: BLE001  whatever it is, it is the coroutine's
                    waits_for = self.coroutine.throw(error)
                else:
                    waits_for = self.coroutine.send(sent)
            except StopIteration as done:
                result: T = done.value
                return result


@dataclass(slots=True)
class Deadline:
    """What asyncio.timeout does, at a third of the cost: this is on the way of every POST."""

    task: "asyncio.Task[object] | None"
    passed: bool = False

    def pass_(self) -> None:
        self.passed = True
        if self.task is not None:
            self.task.cancel()


def address_of(scope: Scope, trusted: Sequence[Network]) -> str:
    """Who asks: the peer, or where that is a trusted proxy, whom the proxies name last that is none."""
    peer = scope["client"][0] if scope.get("client") else "0.0.0.0"  # noqa: S104  a unix socket has no address
    if not trusted or not networks.hold(trusted, peer):
        return str(peer)
    written = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").decode("latin-1")
    hops = [hop.strip() for hop in written.rsplit(",", MOST_HOPS)[-MOST_HOPS:]]
    for hop in reversed([hop for hop in hops if hop]):
        try:
            address = str(ip_address(hop))
        except ValueError:
            return str(peer)  # whoever wrote this is not to be believed
        if not networks.hold(trusted, address):
            return address
        peer = address
    return str(peer)


def check_host(headers: Sequence[tuple[bytes, bytes]]) -> None:
    """A Host that is no host is refused; any other changes nothing, since every URL is built from the issuer."""
    hosts = [value for name, value in headers if name == b"host"]
    if hosts and (len(hosts) > 1 or not _HOST.fullmatch(hosts[0])):
        raise InvalidRequest("the Host header is malformed", check="host", expected="one host, perhaps with a port")
