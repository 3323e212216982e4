import asyncio
import concurrent.futures
import stat
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import column, select, table

from mintmark.store import migrate
from mintmark.store.changes import Run
from mintmark.store.connect import connect
from mintmark.store.executor import Read
from mintmark.store.migrate import Unmigrated
from mintmark.store.schema import configuration, spelled
from tests.databases import named, run_sql


async def test_a_new_database_has_its_configuration(store):
    assert [(1, 1, 0, 0, None, None)] == await store.fetch(Read(select(configuration)))


def test_tables_and_migrations_do_not_drift_apart(database):
    def compare(connection):
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), spelled())

    async def compare_postgresql():
        engine = migrate.postgresql_engine(database.url)
        async with engine.connect() as connection:
            found = await connection.run_sync(compare)
        await engine.dispose()
        return found

    if database.dialect == "postgresql":
        assert [] == asyncio.run(compare_postgresql())
    else:
        with migrate.sqlite_engine(database.url).connect() as connection:
            assert [] == compare(connection)


def test_head_is_the_newest_revision():
    assert migrate.HEAD == ScriptDirectory(str(migrate.folder())).get_current_head()


def test_a_start_does_not_import_alembic():
    code = "import sys; from mintmark.store import connect, migrate, sqlite; print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "False" == done.stdout.strip()


def test_migrating_makes_a_private_file_in_a_private_folder(tmp_path):
    url = f"sqlite:///{tmp_path}/var/new/mintmark.db"
    planned = migrate.pending(url)
    assert not (tmp_path / "var").exists()
    assert planned == migrate.migrate(url)

    assert [migrate.HEAD] == [revision.split()[0] for revision in planned][-1:]
    assert [] == migrate.pending(url) == migrate.migrate(url)
    assert 0o700 == stat.S_IMODE((tmp_path / "var" / "new").stat().st_mode)
    assert 0o600 == stat.S_IMODE((tmp_path / "var" / "new" / "mintmark.db").stat().st_mode)


async def test_a_database_without_tables_is_refused_with_the_command_that_mends_it(tmp_path):
    (tmp_path / "empty.db").touch()
    store = await connect(f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(Unmigrated, match="mintmark migrate") as refused:
        await migrate.require_migrated(store)
    await store.close()

    assert "mintmark migrate" == refused.value.command


@pytest.fixture
def empty_postgresql(postgresql_server, fresh):
    name = f"mintmark_empty_{fresh.worker}"
    run_sql(postgresql_server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
    yield named(postgresql_server, name)
    run_sql(postgresql_server, f"DROP DATABASE {name} WITH (FORCE)")


async def test_a_postgresql_without_tables_is_refused_too(empty_postgresql):
    store = await connect(empty_postgresql)
    with pytest.raises(Unmigrated, match="mintmark migrate"):
        await migrate.require_migrated(store)
    await store.close()


def test_nodes_that_start_together_migrate_once(empty_postgresql, tmp_path):
    for url in (empty_postgresql, f"sqlite:///{tmp_path}/mintmark.db"):
        with concurrent.futures.ProcessPoolExecutor(4) as nodes:
            list(nodes.map(migrate.migrate, [url] * 4))

        assert [] == migrate.pending(url)


async def test_a_migrated_database_is_accepted_and_another_revision_is_not(store):
    await migrate.require_migrated(store)
    version = table("alembic_version", column("version_num"))
    for revision, command in [("0000", "mintmark migrate"), ("9999", None)]:
        await store.commit([Run(version.update().values(version_num=revision), {})])
        with pytest.raises(Unmigrated, match=revision) as refused:
            await migrate.require_migrated(store)

        assert command == refused.value.command


def test_a_newer_database_is_not_migrated(sqlite_database):
    with migrate.sqlite_engine(sqlite_database.url).begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    for act in (migrate.pending, migrate.migrate):
        with pytest.raises(Unmigrated, match="9999"):
            act(sqlite_database.url)
