"""Servers as processes of their own, on a database with refresh tokens in it, and clients that go on."""

import asyncio
import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from mintmark import logs
from mintmark.keys import sealing
from mintmark.protocol import refresh_token
from mintmark.settings import Settings
from mintmark.store import schema
from mintmark.store.executor import Executor, Read
from tests.databases import Database
from tests.faults import history
from tests.faults.history import Act, History, Row
from tests.faults.seeds import Chain, Seeds
from tests.faults.talking import Caller, Lost
from tests.issuer import SECRET

ROOT = Path(__file__).resolve().parent.parent.parent
READY = 30.0  # seconds for a start; on a busy machine it takes its time
_TOKENS = Read(
    select(
        schema.refresh_tokens.c.digest,
        schema.refresh_tokens.c.authorization_id,
        schema.refresh_tokens.c.spent_at,
        schema.refresh_tokens.c.heir_digest,
    )
)
_OVER = Read(select(schema.authorizations.c.id).where(schema.authorizations.c.ended_at.is_not(None)))
_FACTS = Read(select(schema.audit.c.id).where(schema.audit.c.event == "refreshed"))


def tell(fault: str, **figures: object) -> None:
    """One line of figures at the end of a run; pytest -s shows it."""
    shown = ", ".join(f"{name.replace('_', ' ')} {rounded(value)}" for name, value in figures.items())
    print(f"\n{fault}: {shown}", flush=True)


def rounded(value: object) -> object:
    return round(value, 3) if isinstance(value, float) else value


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Node:
    """One server process."""

    def __init__(self, environment: dict[str, str], folder: Path, command: Sequence[str]) -> None:
        self.port = free_port()
        self.log = folder / f"node-{self.port}.log"
        self._folder, self._command = folder, command
        self._environment = {**environment, "MINTMARK_PORT": str(self.port)}
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self, **more: str) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._command],
                cwd=self._folder,
                env={**self._environment, **more},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    async def start(self, **more: str) -> float:
        """Seconds until it was ready."""
        began = time.monotonic()
        self.launch(**more)
        await self.ready()
        return time.monotonic() - began

    async def ready(self) -> None:
        caller = Caller(self.port, patience=READY)
        end = time.monotonic() + READY
        while time.monotonic() < end:
            assert self.code is None, f"the server ended with {self.code}: {self.tail()}"
            try:
                if 200 == (await caller.get("/health/ready")).status:
                    caller.close()
                    return
            except Lost:
                pass
            await asyncio.sleep(0.02)
        raise AssertionError(f"not ready: {self.tail()}")

    @property
    def code(self) -> int | None:
        return None if self._process is None else self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """As the machine's out-of-memory killer would: no goodbye."""
        if self._process is not None and self.code is None:
            self._process.kill()
            self._process.wait()

    async def ended(self, seconds: float = 40) -> int:
        """Its exit code."""
        async with asyncio.timeout(seconds):
            while self.code is None:
                await asyncio.sleep(0.01)
        return self.code

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]


@dataclass
class Stand:
    """A database with what the experiment needs in it, and the servers that were started on it."""

    database: Database
    folder: Path
    environment: dict[str, str]
    seeds: Seeds = field(repr=False)
    history: History = field(default_factory=History, repr=False)
    nodes: list[Node] = field(default_factory=list)

    @classmethod
    async def make(cls, database: Database, folder: Path, *, chains: int, **environment: str) -> "Stand":
        environment = settings_for(database, **environment)
        seeds = await Seeds.sow(Settings.load(environment), chains=chains)
        return cls(database, folder, environment, seeds)

    @property
    def settings(self) -> Settings:
        return Settings.load(self.environment)

    def node(self, *command: str, url: str | None = None) -> Node:
        """A server that was not started yet. url: another way to the same database."""
        environment = {**inherited(), **self.environment, **({} if url is None else {"MINTMARK_DATABASE_URL": url})}
        found = Node(environment, self.folder, command or ("-m", "mintmark", "serve"))
        self.nodes.append(found)
        return found

    async def started(self, count: int = 1) -> list[Node]:
        nodes = [self.node() for _ in range(count)]
        for node in nodes:
            node.launch()
        await asyncio.gather(*[node.ready() for node in nodes])
        return nodes

    def close(self) -> None:
        for node in self.nodes:
            node.kill()

    async def refresh(self, chain: Chain, caller: Caller, token: str | None = None) -> Act:
        """The chain's newest token, or another; the chain goes on where it was answered."""
        given = chain.token if token is None else token
        form = {"grant_type": "refresh_token", "refresh_token": given}
        act = await self.history.ask("refresh", chain.id, given, caller, "/token", form, auth=(chain.client_id, SECRET))
        if act.outcome == "done" and token is None:
            chain.token, chain.access_token = act.got["refresh_token"], act.got["access_token"]
        return act

    async def introspect(self, chain: Chain, caller: Caller) -> Act:
        form = {"token": chain.access_token}
        return await self.history.ask(
            "introspect", chain.id, chain.access_token, caller, "/introspect", form, auth=("api-server", SECRET)
        )

    async def go_on(self, chain: Chain, ports: Sequence[int], is_over: Callable[[], bool], pause: float) -> None:
        """A client: it refreshes again and again, and tries again what was not answered, wherever it is answered."""
        callers = [Caller(port) for port in ports]
        turn = hash(chain.id)
        while not is_over():
            act = await self.refresh(chain, callers[turn % len(callers)])
            if act.outcome == "refused":
                break
            turn += act.outcome == "unknown"
            await asyncio.sleep(pause if act.outcome == "done" else 0.25)
        for caller in callers:
            caller.close()

    async def all_go_on(
        self, ports: Sequence[int], disturb: Callable[[], Awaitable[None]], *, pause: float = 0.2
    ) -> None:
        """Every client at once, until the disturbance is over; then each must be answered once more."""
        over = False
        clients = [asyncio.create_task(self.go_on(chain, ports, lambda: over, pause)) for chain in self.seeds.chains]
        try:
            await disturb()
        finally:
            over = True
            await asyncio.gather(*clients)
        await self.last_words(ports[0])

    async def last_words(self, port: int) -> None:
        """Each refreshes once more, and its newest access token is active; and everybody is still signed in."""
        caller = Caller(port)
        for chain in self.seeds.chains:
            await self.refresh(chain, caller)
            assert (await self.introspect(chain, caller)).got.get("active"), f"I3 {chain.id} holds a dead token"
        for browser in self.seeds.browsers:
            page = await caller.get("/account", Cookie=browser)
            assert 200 == page.status, f"I4 signed out: {page.status} {page.headers.get('location')}"
        caller.close()

    async def check(self) -> None:
        """I1 to I7, by what clients were told and by what is stored."""
        acts = self.history.acts
        store = await self.database.connect()
        rows = await stored(store)
        facts, over = await store.fetch(_FACTS), await store.fetch(_OVER)
        await store.close()
        owners = {chain.id: (chain.person_id, chain.client_id) for chain in self.seeds.chains}
        faults = [
            *history.single_use(acts),
            *history.nobody_was_refused(acts),
            *history.no_faults(acts),
            *history.everybody_went_on(acts),
            *history.nothing_after_an_end(acts),
            *history.nobody_is_mixed_up(acts, owners),
            *history.chains(rows.values()),
            *history.acknowledged(acts, rows, refresh_token.digest),
            *(f"I4 {row[0]} was ended" for row in over),
        ]

        assert not faults, "\n".join(faults[:20])
        assert sum(row.is_spent for row in rows.values()) == len(facts), "I11: a refresh without its audit row"


async def stored(store: Executor) -> dict[bytes, Row]:
    found = [Row(bytes(digest), id, spent is not None, heir) for digest, id, spent, heir in await store.fetch(_TOKENS)]
    return {row.digest: row for row in found}


def inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("MINTMARK_")} | {
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"  # this tree's, whatever else is installed
    }


def settings_for(database: Database, **more: str) -> dict[str, str]:
    """The issuer is no address: the nodes of one issuer are reached at their ports."""
    return {
        "MINTMARK_ISSUER": "http://localhost:8000",
        "MINTMARK_DATABASE_URL": database.url,
        "MINTMARK_SEALING_KEYS": sealing.generate(),
        "MINTMARK_LOG_FORMAT": "json",
        "MINTMARK_HOST": "127.0.0.1",
        "MINTMARK_PASSWORD_HASH_MEMORY": "19456",
        "MINTMARK_PASSWORD_HASH_TIME_COST": "2",
        **more,
    }


def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers in process tell their log to nobody: stdout is for figures."""
    monkeypatch.setattr(logs, "logger", partial(logs.logger, to=io.StringIO()))


def full(*values: Any) -> Any:
    """A size for `make faults` alone."""
    return pytest.param(*values, marks=[pytest.mark.faults])
