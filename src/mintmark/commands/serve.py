"""`mintmark serve`: one process by uvicorn, or several on PostgreSQL that share the listening socket."""

import os
import signal
import socket
import ssl
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Annotated, Any

import typer
import uvicorn
from uvicorn.supervisors import Multiprocess

from mintmark.commands import opening
from mintmark.settings import Settings

GRACE = 25  # seconds for what is in flight at SIGTERM; orchestrators kill after 30
KEEP_ALIVE = 75  # seconds; longer than the 60 of common proxies, so that they close first
BACKLOG = 2048
# Forward secrecy and authenticated encryption (RFC 9325 §4.2); TLS 1.3 has nothing else.
SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes; SQLite allows one.")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Serve an example with clients and a person, on loopback.")] = False,
) -> None:
    """Serve."""
    environ = opening.environment(host=host, port=port, workers=workers)
    if demo:
        from mintmark.commands import demo as demos

        settings, greeting = demos.prepare(environ)
    else:
        settings = opening.load_from(environ)
        opening.run(_must_open(settings))
        greeting = f"Mintmark serves {settings.issuer}"
    if settings.workers > 1:
        os.environ.update({name: value for name, value in environ.items() if name.startswith("MINTMARK_")})
    run(settings, listen(settings, both=demo), greeting)


async def _must_open(settings: Settings) -> None:
    """Everything that a person can mend is refused here, in words; the application would show a trace."""
    async with opening.opened(settings, changing=False):
        pass


def application() -> Any:  # Any: uvicorn takes any ASGI application
    """What a worker serves: it reads the settings from the environment again."""
    from mintmark import app

    return app.build(Settings.load(os.environ))


def listen(settings: Settings, *, both: bool) -> list[socket.socket]:
    """The sockets, bound before anything else is done. both: the demo is `localhost`, whichever address that is."""
    hosts: Sequence[str] = (settings.host,)
    if settings.host == "localhost" or (both and settings.host == "127.0.0.1"):
        hosts = ("127.0.0.1", "::1")
    found: list[socket.socket] = []
    for number, host in enumerate(hosts):
        try:
            found.append(_bound(host, settings.port))
        except OSError as error:
            if number == 0 or error.errno not in _NO_IPV6:
                raise opening.Refused(f"cannot listen on {host} port {settings.port}: {error.strerror}") from None
    return found


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # "::" means every address; a name or another address means itself.
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
        made.bind(address)
        made.listen(BACKLOG)
    except OSError:
        made.close()
        raise
    made.set_inheritable(True)
    return made
