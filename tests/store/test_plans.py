"""Every statement that reads finds its rows by an index: what reads through a whole table is slow on the day that the
table is full, and on no other."""

import importlib
import pkgutil
from pathlib import Path

import pytest

import mintmark.store
from mintmark.store import driver, migrate, schema, sqlite_reads
from mintmark.store.executor import Read

# Few rows, all of them wanted, and read when something was configured only.
SMALL = {
    "resources", "policies", "signing_keys", "secrets", "clients", "configuration", "webhooks", "claim_rules",
    "external_factors",
}  # fmt: skip


def reads() -> list[tuple[str, Read]]:
    """Every Read that stands at the top of a module of the store."""
    found = []
    for module in pkgutil.iter_modules(mintmark.store.__path__, "mintmark.store."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, Read):
                found.append((f"{module.name.rpartition('.')[2]}.{name}", value))
    return found


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plans") / "mintmark.db"
    migrate.migrate(f"sqlite:///{path}")
    return path


# Asked by the upkeep, every five minutes at most; or when a backup is restored.
SELDOM = {"people._HASHES", "refusals._NEWEST_TOO_MANY", "epochs._NEWEST"}


@pytest.mark.parametrize("read", [pytest.param(read, id=name) for name, read in reads() if name not in SELDOM])
def test_no_read_goes_through_a_whole_table(read: Read, database: Path) -> None:
    compiled = sqlite_reads.compiled(read).statement
    connection = driver.sqlite().connect(str(database))
    plan = [
        row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", [1] * len(compiled.names)).fetchall()
    ]
    connection.close()

    scanned = {words[1] for words in map(str.split, plan) if words[0] == "SCAN"}
    assert not {name for name in scanned if name in schema.metadata.tables} - SMALL, plan
    assert not [step for step in plan if step.startswith("MATERIALIZE")], plan


def test_the_reads_are_found() -> None:
    assert len(reads()) > 20
