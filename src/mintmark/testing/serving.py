"""The real server, in a thread with a loop of its own, on a real port and a database of its own."""

import asyncio
import secrets
import shutil
import socket
import tempfile
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
import uvloop

from mintmark import app
from mintmark.server import Server
from mintmark.settings import Settings
from mintmark.store import migrate
from mintmark.testing.clock import Clock
from mintmark.testing.faults import Faulty
from mintmark.testing.inside import Inside, Transport, is_here

T = TypeVar("T")

PATIENCE = 30.0  # seconds for a start, or for one thing that is asked of it
# Cheap hashes, and no throttle that failed sign-ins of other tests could fill.
CHEAP = {
    "MINTMARK_LOG_FORMAT": "json",
    "MINTMARK_PASSWORD_HASH_MEMORY": "64",
    "MINTMARK_PASSWORD_HASH_TIME_COST": "1",
    "MINTMARK_THROTTLE_CLIENT_AUTH": "off",
}


class Lines:
    """The log, as a list: each line is its event and its fields."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []  # Any: whatever a line tells

    def info(self, event: str, **fields: Any) -> None:
        self.heard.append({"event": event, **fields})

    warning = info

    def flush(self) -> None:
        pass


class Running:
    """A server that runs until `stop`. `url` is its issuer; `address` where it listens, which an `issuer=` may hide."""

    def __init__(self, settings: Settings, listening: socket.socket, folder: Path) -> None:
        self.settings = settings
        self.clock = Clock()
        self.lines = Lines()
        self._folder, self._listening = folder, listening
        self._loop = uvloop.new_event_loop()
        self._application = app.build(settings, clock=self.clock.now)
        self.faults = Faulty(self._application)
        self.asgi = Inside(self.faults, self)
        self._uvicorn = _uvicorn(self.faults, self._is_up)
        self._fault: BaseException | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mintmark", daemon=True)

    @property
    def url(self) -> str:
        return self.settings.issuer

    @property
    def address(self) -> str:
        host, port = self._listening.getsockname()[:2]
        return f"http://{host}:{port}"

    @property
    def server(self) -> Server:
        found: Server = self._application.app.state.server  # type: ignore[attr-defined]  # it is the FastAPI behind
        return found

    def transport(self) -> Transport:
        """For clients of httpx2 that want no connection."""
        return Transport(self.asgi, self)

    def do(self, work: Coroutine[Any, Any, T]) -> T:  # Any: nothing is sent into it
        """In the server's loop, for a caller outside it."""
        if is_here(self._loop):
            work.close()
            raise RuntimeError("this would wait for itself: it was called from within the server")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def soon(self, work: Coroutine[Any, Any, T]) -> Awaitable[T]:
        """The same for a caller that awaits, in whatever loop."""
        if is_here(self._loop):
            return work
        return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def start(self) -> None:
        """Raises whatever kept it from starting."""
        self._thread.start()
        self._started.wait(PATIENCE)
        if self._fault is not None:
            raise self._fault
        if not self._started.is_set():
            raise TimeoutError("the server under test did not start")

    def stop(self) -> None:
        self._uvicorn.should_exit = True
        self._thread.join(PATIENCE)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self) -> None:
        try:
            migrate.migrate(self.settings.database_url.get_secret_value())
            self._loop.run_until_complete(self._serve())
        except BaseException as error:  # noqa: BLE001  it is raised again where somebody waits for it
            self._fault = error
        finally:
            self._started.set()
            self._loop.close()

    async def _serve(self) -> None:
        await self._uvicorn.serve([self._listening])
        if not self._started.is_set():
            raise RuntimeError("the server under test could not start")

    def _is_up(self) -> None:
        self.server.journal.log = self.lines
        self._started.set()


class Listening(uvicorn.Server):
    """Says when it is ready."""

    def __init__(self, config: uvicorn.Config, is_up: Callable[[], None]) -> None:
        super().__init__(config)
        self._is_up = is_up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._is_up()


def _uvicorn(application: Faulty, is_up: Callable[[], None]) -> uvicorn.Server:
    return Listening(
        uvicorn.Config(
            application,
            http="httptools",
            ws="none",
            lifespan="on",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        ),
        is_up,
    )


@contextmanager
def running(**settings: str) -> Iterator[Running]:
    """A server with these settings (`access_log="…"`, by the names without MINTMARK_) until the block ends.

    Raises SettingsRefused. Without an `issuer` it is at http://127.0.0.1 and a free port.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    folder = Path(tempfile.mkdtemp(prefix="mintmark-"))
    given = {f"MINTMARK_{name.upper()}": value for name, value in settings.items()}
    made = {
        "MINTMARK_ISSUER": f"http://127.0.0.1:{listening.getsockname()[1]}",
        "MINTMARK_DATABASE_URL": f"sqlite:///{folder / 'mintmark.db'}",
        "MINTMARK_SEALING_KEYS": secrets.token_urlsafe(32),
    }
    try:
        found = Running(Settings.load({**CHEAP, **made, **given}, None), listening, folder)
        found.start()
    except BaseException:
        listening.close()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    try:
        yield found
    finally:
        found.stop()
