"""A PostgreSQL that crashes and comes back (faults.md F-06, F-08), on a server of its own."""

import asyncio
import inspect
import os
import signal
import subprocess
import uuid
from pathlib import Path

import pytest
from sqlalchemy import func, select

from mintmark.store import migrate, postgresql
from mintmark.store.changes import Unavailable
from mintmark.store.connect import connect
from mintmark.store.executor import Read
from tests.databases import embedded
from tests.store import rows
from tests.store.rows import counted, throttle


class Crashing:
    """A server that can be stopped as by a power cut."""

    def __init__(self):
        self._server = embedded(uuid.uuid4().hex)
        self.folder = self._server.pgdata
        self.url = str(self._server.get_uri())

    def do(self, *arguments):
        program = Path(inspect.getfile(type(self._server))).parent / "pginstall" / "bin" / "pg_ctl"
        command = [str(program), "-D", str(self.folder), "-w", "-o", f"-h '' -k {self.folder}", *arguments]
        subprocess.run(command, check=True, user=self._server.system_user, stdout=subprocess.DEVNULL, timeout=60)


@pytest.fixture
def crashing():
    server = Crashing()
    migrate.migrate(server.url)
    return server


async def test_the_pool_heals_after_the_server_crashed_and_nothing_acknowledged_is_lost(crashing):
    store = await connect(crashing.url)
    await store.commit([throttle("a")])
    for n in range(3):
        crashing.do("stop", "-m", "immediate")
        async with asyncio.timeout(2):  # with a server that refuses, everybody hears so at once
            failed = await asyncio.gather(
                *[store.commit([counted("a", n, n + 1)]) for _ in range(50)],
                *[store.fetch(rows.COUNTED)],
                return_exceptions=True,
            )
        crashing.do("start", "-l", str(crashing.folder / "log"))
        async with asyncio.timeout(10):
            while True:
                try:
                    await store.commit([counted("a", n, n + 1)])
                    break
                except Unavailable:
                    await asyncio.sleep(0)

        assert all(isinstance(outcome, Unavailable) for outcome in failed)
        assert [("a", n + 1)] == await store.fetch(rows.COUNTED)
    await store.close()


async def test_a_server_that_falls_silent_is_given_up_and_asked_again(crashing, monkeypatch):
    monkeypatch.setattr(postgresql, "ANSWER", 0.2)
    store = await connect(crashing.url, connections=2)
    await store.commit([throttle("a")])
    ((pid,),) = await store.fetch(Read(select(func.pg_backend_pid())))
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(Unavailable):
            await store.commit([counted("a", 0, 1)])

        assert [("a", 0)] == await store.fetch(rows.COUNTED)
    finally:
        os.kill(pid, signal.SIGCONT)
    await store.close()
