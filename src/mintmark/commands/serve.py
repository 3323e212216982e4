"""`mintmark serve`: one process by uvicorn, or several on PostgreSQL that share the listening socket."""

import asyncio
import errno
import gc
import os
import shutil
import signal
import socket
import ssl
import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from mintmark.commands import opening
from mintmark.commands.apart import apart
from mintmark.settings import Settings, SettingsRefused

if TYPE_CHECKING:
    from mintmark.server import Leaving

GRACE = 25  # seconds for what is in flight at SIGTERM; orchestrators kill after 30
KEEP_ALIVE = 75  # seconds; longer than the 60 of common proxies, so that they close first
BACKLOG = 2048
# Forward secrecy and authenticated encryption (RFC 9325 §4.2); TLS 1.3 has nothing else.
SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"
GARBAGE = (10_000, 20, 20)  # new objects until the collector looks; a thirtieth of a request's time with Python's own
WORKERS = "_MINTMARK_WORKERS"  # tells the workers in which folder they leave what they count
_NO_IPV6 = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes; SQLite allows one.")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Serve an example, to this machine alone.")] = False,
) -> None:
    """Serve."""
    gc.disable()  # until `_settle`
    environ = opening.environment(host=host, port=port, workers=workers)
    if demo:
        from mintmark.commands import demo as demos

        settings = demos.settings(environ)
        sockets = listen(settings, both=True)
        # Migrations and the rows of the example take a quarter of the memory of a server, and never again.
        greeting = apart(partial(demos.prepare, settings), partial(import_module, "mintmark.app"))
    else:
        settings = opening.load_from(environ)
        sockets = listen(settings, both=False)
        opening.run(_must_open(settings))
        greeting = f"Mintmark serves {settings.issuer}"
    if settings.workers > 1:
        os.environ.update(environ)  # where the workers find the command's own options
        _run_several(settings, sockets, greeting)
    else:
        _run_one(settings, sockets, greeting)


async def _must_open(settings: Settings) -> None:
    """What a person can mend is refused here, in words; the application would show a trace."""
    from mintmark import proving
    from mintmark.commands import operators
    from mintmark.endpoints import registering
    from mintmark.store import epochs

    faults = [*registering.wrong(settings), *proving.wrong(settings)]
    if faults:
        raise SettingsRefused(faults)
    async with opening.opened(settings, changing=False) as opened:
        await epochs.require_begun(opened.store)
        await operators.hint(opened)


def listen(settings: Settings, *, both: bool) -> list[socket.socket]:
    """The sockets. both: the demo is served at `localhost`, whichever of the two addresses that is."""
    hosts: Sequence[str] = (settings.host,)
    if settings.host == "localhost" or (both and settings.host == "127.0.0.1"):
        hosts = ("127.0.0.1", "::1")
    found: list[socket.socket] = []
    for number, host in enumerate(hosts):
        try:
            found.append(_listening(host, settings.port))
        except OSError as error:
            if number == 0 or error.errno not in _NO_IPV6:
                raise opening.Refused(f"cannot listen on {host} port {settings.port}: {error.strerror}") from None
    return found


def _listening(host: str, port: int) -> socket.socket:
    """Listens already: who comes early waits a moment instead of being sent away."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))  # "::": every address there is
        made.bind(address)
        made.listen(BACKLOG)
    except OSError:
        made.close()
        raise
    return made


class OneProcess(uvicorn.Server):
    """Says when it is ready; ends with 0 at SIGTERM after what was in flight, and at once at a second signal."""

    def __init__(self, config: uvicorn.Config, greeting: str) -> None:
        super().__init__(config)
        self._greeting = greeting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        opening.print_line(self._greeting)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True


def _run_one(settings: Settings, sockets: list[socket.socket], greeting: str) -> None:
    try:
        OneProcess(_config(_application(settings, None), settings), greeting).run(sockets)
    except SystemExit:
        raise opening.Refused("the server could not start") from None


def _run_several(settings: Settings, sockets: list[socket.socket], greeting: str) -> None:
    """uvicorn's supervisor starts a worker anew that died or hangs; each reads the settings for itself."""
    config = _config("mintmark.commands.serve:application", settings)
    if settings.tls_certificate:
        tls(config)  # a worker could only die of it
    supervisor = Multiprocess(config, sockets)
    opening.print_line(greeting)
    os.environ[WORKERS] = folder = tempfile.mkdtemp(prefix="mintmark-")
    try:
        supervisor.run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise opening.Refused("a worker could not start")


def application() -> Any:  # Any: whatever uvicorn takes for an application
    """What a worker serves."""
    gc.disable()
    folder = os.environ.get(WORKERS)
    return _application(Settings.load(os.environ), Path(folder) if folder else None)


def _application(settings: Settings, workers: Path | None) -> Any:  # Any: as above
    from mintmark import app, traced
    from mintmark.server import Leaving

    leaving = Leaving()
    try:
        tracing = traced.configured(os.environ)
    except traced.NotTraced as why:
        opening.say(f"warning: {why}")
        tracing = None
    started = partial(_started, leaving, settings, alone=workers is None)
    return app.build(settings, started=started, workers=workers, leaving=leaving, tracing=tracing)


def _started(leaving: "Leaving", settings: Settings, *, alone: bool) -> None:
    _settle()
    if signal.getsignal(signal.SIGTERM) not in (signal.SIG_DFL, signal.SIG_IGN, None):  # uvicorn's, which ends it
        leave_slowly(leaving, settings.shutdown_delay or timedelta(0), heeds_a_second=alone)


def leave_slowly(leaving: "Leaving", delay: timedelta, *, heeds_a_second: bool) -> None:
    """At SIGTERM: not ready from now on, and after the delay what SIGTERM did before.

    A second one does that at once. A worker does not heed it: systemd tells the whole group, and then the supervisor
    tells its workers.
    """
    loop, before = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)
    assert callable(before)  # noqa: S101  asked for above
    done: list[int] = []

    def end(number: int) -> None:
        if not done:
            done.append(number)
            before(number, None)

    def leave(number: int, frame: FrameType | None) -> None:
        again, leaving.begun = leaving.begun, True
        if not again and delay:
            loop.call_soon_threadsafe(loop.call_later, delay.total_seconds(), end, number)
        elif not delay or heeds_a_second:
            done.append(number)
            before(number, frame)

    signal.signal(signal.SIGTERM, leave)


def _settle() -> None:
    """What was made before it serves stays: nobody looks through it for garbage, before or after.

    Nearly all that a request makes is gone when it is answered, so it is looked through seldom too.
    """
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    gc.enable()


def _config(application: Any, settings: Settings) -> uvicorn.Config:  # Any: as above
    return uvicorn.Config(
        application,
        factory=isinstance(application, str),
        workers=settings.workers,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the doors believe the proxies that the settings name, and nobody else
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
        ssl_context_factory=tls if settings.tls_certificate else None,
    )


def tls(config: uvicorn.Config, default: Callable[[], ssl.SSLContext] | None = None) -> ssl.SSLContext:
    """TLS 1.2 or newer, with suites that have forward secrecy and authenticate what they encrypt."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(SUITES)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(str(config.ssl_certfile), str(config.ssl_keyfile))
    except OSError as error:  # ssl's own errors among them
        why = error.strerror or str(error)
        raise opening.Refused(f"MINTMARK_TLS_CERTIFICATE and MINTMARK_TLS_KEY do not open together: {why}") from None
    return context
