"""Pages of the outbox cost the same however much lies in it: each finds its rows by an index."""

import pytest

from mintmark.store import driver, listed_outbox, migrate
from mintmark.store.sql import statement
from mintmark.store.sqlite_steps import DIALECT


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ((False, None), "PRIMARY KEY"),
        ((False, "waiting"), "ix_outbox_waiting"),
        ((False, "done"), "ix_outbox_done"),
        ((False, "given_up"), "ix_outbox_given_up"),
        ((True, None), "ix_outbox_receiver"),
    ],
)
def test_a_page_finds_its_rows_by_an_index_and_sorts_nothing(asked, index, tmp_path):
    migrate.migrate(f"sqlite:///{tmp_path / 'mintmark.db'}")
    compiled = statement(listed_outbox._PAGES[asked].statement, DIALECT)
    connection = driver.sqlite().connect(str(tmp_path / "mintmark.db"))
    plan = connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", [1] * len(compiled.names)).fetchall()
    connection.close()
    [(*_, step)] = plan

    assert index in step
