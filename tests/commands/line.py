"""A command line in process: `from tests.commands.line import *` brings `line`, which types a command."""

import asyncio
import io
import json
import shlex
import sys
from dataclasses import dataclass, field

import pytest

from mintmark import cli
from mintmark.commands import leases
from mintmark.keys import sealing
from tests.databases import Database, database, fresh, postgresql_database, postgresql_server, sqlite_database

__all__ = ["both_lines", "database", "fresh", "line", "postgresql_database", "postgresql_server", "sqlite_database"]


@dataclass
class Typed:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def items(self):
        return self.json["items"]


@dataclass
class Line:
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    database: Database
    waited: list[str] = field(default_factory=list)  # for the leases of nodes

    def __call__(self, command, *more, stdin=""):
        """The command as a shell would take it apart; `more` is one argument each."""
        self.capsys.readouterr()
        self.monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        with pytest.raises(SystemExit) as ended:
            cli.main([*shlex.split(command), *more])
        code = ended.value.code
        return Typed(code if isinstance(code, int) else 0 if code is None else 1, *self.capsys.readouterr())

    def ok(self, command, *more, **given):
        """The answer as JSON, of a command that must succeed."""
        done = self(f"{command} --json", *more, **given)
        assert 0 == done.code, done.err
        return done.json

    def fetch(self, read, **parameters):
        async def ask():
            store = await self.database.connect()
            try:
                return await store.fetch(read, **parameters)
            finally:
                await store.close()

        return asyncio.run(ask())


def _line(monkeypatch, capsys, database):
    for name, value in {
        "ISSUER": "https://id.example",
        "DATABASE_URL": database.url,
        "SEALING_KEYS": sealing.generate(),
        "PASSWORD_HASH_MEMORY": "19456",
        "PASSWORD_HASH_TIME_COST": "2",
    }.items():
        monkeypatch.setenv(f"MINTMARK_{name}", value)
    found = Line(monkeypatch, capsys, database)

    async def no_wait():
        found.waited.append("lease")

    monkeypatch.setattr(leases, "run_out", no_wait)
    return found


@pytest.fixture
def line(monkeypatch, capsys, sqlite_database):
    return _line(monkeypatch, capsys, sqlite_database)


@pytest.fixture
def both_lines(monkeypatch, capsys, database):
    return _line(monkeypatch, capsys, database)
