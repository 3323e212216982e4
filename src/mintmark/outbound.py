"""What goes out over HTTP: to public addresses only, in a bounded time, without redirects (RFC 9700 §4.11, OWASP SSRF).

The address is checked when the connection is made, and the connection is made to the very address that was checked: a
name that answers with another one the next time (DNS rebinding) wins nothing.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from mintmark import networks
from mintmark.networks import Network

if TYPE_CHECKING:  # it takes 0.1 s to import, and most processes never send anything
    import httpx2

SECONDS = 10.0  # for all of it: name, connection, TLS, head and body
MOST = 65536  # bytes of a body that are read
MOST_ADDRESSES = 4  # of a name that are tried
AT_ONCE = 256  # under way in one process
LOOKUPS = 32  # names that are looked up at once: each takes a thread

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052 §2.1: an IPv4 address stands in its last 32 bits
_SIX_TO_FOUR = IPv6Network("2002::/16")  # RFC 3056 §2: in the 32 bits behind the prefix
_TEREDO = IPv6Network("2001::/32")


class NotReached(Exception):
    """Nothing came back, or nothing was sent. The message is for the operator; it names no URL."""


class NotAllowed(NotReached):
    """The address is not one that may be asked; nothing was sent."""


class Pointless(NotReached):
    """No other attempt would change anything."""


class Declined(NotReached):
    """It answered that it will not: a few more attempts, and none for days."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    is_whole: bool  # False: the body was longer than what is read, or did not end in time


class Lookups:
    """Names looked up in threads of their own: the loop's would be used up by names that nobody answers for, and the
    database's name is looked up there too."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(LOOKUPS)
        self._under_way: dict[tuple[str, int], asyncio.Future[Sequence[str]]] = {}

    async def find(self, host: str, port: int) -> Sequence[str]:
        """Its addresses, in the system's order. Raises NotReached."""
        key = (host, port)
        found = self._under_way.get(key)
        if found is None:  # one thread a name, however many ask
            found = self._under_way[key] = asyncio.ensure_future(self._look_up(host, port))
            found.add_done_callback(lambda done: self._end(key, done))
        return await asyncio.shield(found)

    def _end(self, key: tuple[str, int], done: "asyncio.Future[Sequence[str]]") -> None:
        del self._under_way[key]
        if not done.cancelled():
            done.exception()  # those who waited have heard it

    async def _look_up(self, host: str, port: int) -> Sequence[str]:
        async with self._room:
            loop = asyncio.get_running_loop()
            answer: asyncio.Future[Sequence[str]] = loop.create_future()

            def give(found: Sequence[str]) -> None:
                if not answer.done():
                    answer.set_result(found)

            def look_up() -> None:
                found = _addresses_of(host, port)
                with suppress(RuntimeError):  # the loop has ended meanwhile
                    loop.call_soon_threadsafe(give, found)

            Thread(target=look_up, name="lookup", daemon=True).start()
            found = await answer
        if not found:
            raise NotReached("the name has no address")
        return found


@dataclass(slots=True)
class Outbound:
    """One per process. Every request has a connection of its own, which nothing else ever uses."""

    allow: Sequence[Network] = ()  # private networks that may be reached all the same, there over http too
    authorities: Path | None = None  # a PEM bundle that is trusted beside the system's
    resolve: Resolve | None = None  # None: as the system does
    _context: ssl.SSLContext | None = None
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _lookups: Lookups = field(default_factory=Lookups)

    async def ask(
        self,
        method: str,
        url: str,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        *,
        seconds: float = SECONDS,
        most: int = MOST,
    ) -> Reply:
        """Raises NotReached. A redirect is an answer like any other: nobody follows it."""
        import httpx2

        try:
            target = httpx2.URL(url)
        except httpx2.InvalidURL:
            raise NotReached("this is no URL") from None
        async with self._room:
            clock = asyncio.get_running_loop().time
            until = clock() + seconds
            try:
                async with asyncio.timeout_at(until):
                    return await self._ask(method, target, headers, body, most, until)
            except TimeoutError:
                raise NotReached(f"no answer within {seconds:g} seconds") from None

    async def _ask(
        self, method: str, url: "httpx2.URL", headers: Iterable[tuple[str, str]], body: bytes, most: int, until: float
    ) -> Reply:
        import httpx2

        # RFC 9110 §8.4: nothing comes packed, for what is small packed may be huge.
        sent = [("host", url.netloc.decode("ascii")), ("user-agent", "mintmark"), ("accept-encoding", "identity")]
        why = "the name has no address"
        for address in await self._addresses(url):
            # The pool of one request: were it shared, a connection could serve another name at the same address.
            transport = httpx2.AsyncHTTPTransport(
                verify=self._trusted(), trust_env=False, limits=httpx2.Limits(max_connections=1)
            )
            request = httpx2.Request(
                method,
                url.copy_with(host=address),
                headers=[*sent, *headers],
                content=body,
                extensions={"sni_hostname": url.raw_host.decode("ascii")},  # whose certificate it must be
            )
            async with transport:
                try:
                    reply = await transport.handle_async_request(request)
                    return await _read(reply, most, until)
                except httpx2.ConnectError as error:
                    why = _told(error)  # another address may answer: nothing was sent
                except (httpx2.TransportError, httpx2.InvalidURL) as error:
                    raise NotReached(_told(error)) from None
        raise NotReached(why)

    async def _addresses(self, url: "httpx2.URL") -> Sequence[str]:
        """Where it leads now. One address that may not be asked spoils them all: the name is not what it says."""
        if url.scheme not in ("https", "http") or not url.host:
            raise NotAllowed("only https URLs are asked")
        host, port = url.raw_host.decode("ascii").strip("[]"), url.port or (443 if url.scheme == "https" else 80)
        try:
            ip_address(host)
            found: Sequence[str] = (host,)
        except ValueError:
            found = await (self.resolve or self._lookups.find)(host, port)
        for one in found:
            self._check(url.scheme, one)
        return found[:MOST_ADDRESSES]

    def _check(self, scheme: str, address: str) -> None:
        if networks.hold(self.allow, address):
            return
        if not is_public(address):
            raise NotAllowed(f"{address} is not a public address, and MINTMARK_OUTBOUND_ALLOW does not name it")
        if scheme != "https":
            raise NotAllowed("only https is sent to public addresses")

    def _trusted(self) -> ssl.SSLContext:
        if self._context is None:
            context = ssl.create_default_context()
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            try:
                if self.authorities is not None:
                    context.load_verify_locations(self.authorities)
            except OSError:  # ssl's own errors among them
                raise NotReached("MINTMARK_OUTBOUND_CA is no PEM file that can be read") from None
            self._context = context
        return self._context


async def _read(reply: "httpx2.Response", most: int, until: float) -> Reply:
    """As much of the body as is wanted; what the sender thinks of us stands in the status, which is there already."""
    import httpx2

    parts: list[bytes] = []
    size, is_whole = 0, False
    try:
        async with asyncio.timeout_at(until - 0.1):  # a little before the end of it all
            async for part in reply.aiter_raw():
                parts.append(part)
                size += len(part)
                if size > most:
                    break
            else:
                is_whole = True
    except (TimeoutError, httpx2.TransportError):
        is_whole = False
    return Reply(reply.status_code, reply.headers.raw, b"".join(parts)[:most], is_whole)


def _told(error: Exception) -> str:
    """In few words."""
    cause: BaseException = error
    while (inner := cause.__cause__ or cause.__context__) is not None:  # httpcore2 hides the one for the other
        cause = inner
    match cause:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {cause.verify_message}"
        case ssl.SSLError():
            return f"no TLS: {cause.reason or 'the other side speaks something else'}"
        case OSError() if cause.errno:
            return f"no connection: {os.strerror(cause.errno).lower()}"
    return f"no answer: {str(error)[:200] or type(error).__name__}"


def is_public(address: str) -> bool:
    """Whether anybody may be told of it: not this machine, not its network, not a cloud's metadata."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _inside(found)
    if inner is not None:
        return is_public(str(inner))
    if "%" in address or found.is_multicast or found.is_reserved or found.is_unspecified:
        return False
    if isinstance(found, IPv6Address) and (found in _TEREDO or found.is_site_local):
        return False
    return found.is_global


def _inside(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for."""
    if not isinstance(address, IPv6Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return IPv4Address(int(address) >> 80 & 0xFFFFFFFF) if address in _SIX_TO_FOUR else None


def _addresses_of(host: str, port: int) -> Sequence[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))
