from pathlib import Path

import pytest

from mintmark.store.changes import Unavailable
from mintmark.store.connect import BadDatabaseUrl, connect, is_sqlite, sqlite_path


def test_a_path_is_relative_or_absolute_by_the_number_of_slashes():
    assert Path("var/mintmark.db") == sqlite_path("sqlite:///var/mintmark.db")
    assert Path("/var/mintmark.db") == sqlite_path("sqlite:////var/mintmark.db")


@pytest.mark.parametrize(
    "url", ["", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///a?b=c", "mysql://h/n", "postgresql://h"]
)
def test_what_names_no_database_is_refused(url):
    with pytest.raises(BadDatabaseUrl):
        is_sqlite(url)


def test_the_two_databases_are_told_apart():
    assert is_sqlite("sqlite:///a.db")
    assert not is_sqlite("postgresql://h/n")


async def test_a_server_that_does_not_answer_is_unavailable():
    with pytest.raises(Unavailable):
        await connect("postgresql://127.0.0.1:1/name")
