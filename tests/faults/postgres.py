"""A PostgreSQL of its own for experiments that stop it, and the ways to it."""

import inspect
import subprocess
import uuid
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from mintmark.store import migrate
from tests.databases import Database, embedded
from tests.faults.proxy import Proxy, to_port, to_socket


class Crashing:
    """A server that can be stopped as by a power cut."""

    def __init__(self) -> None:
        self._server = embedded(uuid.uuid4().hex)
        self.folder = Path(self._server.pgdata)
        self.database = Database("postgresql", str(self._server.get_uri()))
        migrate.migrate(self.database.url)

    def stop(self) -> None:
        self._do("stop", "-m", "immediate")

    def start(self) -> None:
        self._do("start", "-l", str(self.folder / "log"))

    def _do(self, *arguments: str) -> None:
        program = Path(inspect.getfile(type(self._server))).parent / "pginstall" / "bin" / "pg_ctl"
        command = [str(program), "-D", str(self.folder), "-w", "-o", f"-h '' -k {self.folder}", *arguments]
        subprocess.run(command, check=True, user=self._server.system_user, stdout=subprocess.DEVNULL, timeout=60)


async def proxied(url: str) -> tuple[Proxy, str]:
    """A proxy before the server, started, and the same database's URL through it."""
    parts = urlsplit(url)
    port = parts.port or 5432
    folders = parse_qs(parts.query).get("host", [])  # a server of Debian's listens on TCP, and has no folder here
    there = to_socket(f"{unquote(folders[0])}/.s.PGSQL.{port}") if folders else to_port(port)
    proxy = await Proxy(there).start()
    user = parts.username or "postgres"
    secret = f":{parts.password}" if parts.password else ""
    return proxy, f"postgresql://{user}{secret}@127.0.0.1:{proxy.port}{parts.path}"
